"""The paths below ``/api/v1/`` that Django answers."""

from django.urls import path

from server_stub.api.docs import docs_page
from server_stub.api.document import api, document_view

urlpatterns = [
    path("openapi.json", document_view, name="openapi"),
    path("docs", docs_page, name="api-docs"),
    path("", api.urls),
]
