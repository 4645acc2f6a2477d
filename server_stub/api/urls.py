"""The paths below ``/api/v1/`` that Django answers.

None of them looks at a cookie, so none asks for a form's token either: a stranger's POST is told
what the path takes, as by any other tool.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from server_stub.api.docs import docs_page
from server_stub.api.document import document_view
from server_stub.api.interface import api


def root(_request: HttpRequest) -> HttpResponse:
    """Answer that there is nothing at the prefix itself."""
    raise Http404


urlpatterns = [
    path("", csrf_exempt(root), name="api-root"),  # before ninja's own, which wants a token
    path("openapi.json", csrf_exempt(document_view), name="openapi"),
    path("docs", csrf_exempt(docs_page), name="api-docs"),
    path("", api.urls),
]
