"""A file that came with a report, to be saved."""

from django.http import Http404, HttpRequest, HttpResponse

from server_stub.contacts.download import download
from server_stub.errors import NotFoundError
from server_stub.staff.access import Viewer, staff_page


@staff_page
def attachment_page(
    request: HttpRequest, viewer: Viewer, number: int, attachment: int
) -> HttpResponse:
    """Give a file of a ticket within the viewer's scope; a foreign or missing one is the same."""
    del request
    try:
        return download(viewer.scope, number, attachment)
    except NotFoundError as error:
        raise Http404 from error
