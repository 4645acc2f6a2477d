"""A file that came with a report, to be saved: never shown in the page, never run by a browser."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from server_stub.contacts.attachments import path_of
from server_stub.contacts.models import AttachmentState
from server_stub.contacts.queries import attachments
from server_stub.staff.access import Viewer, staff_page


@staff_page
def attachment_page(
    request: HttpRequest, viewer: Viewer, number: int, attachment: int
) -> HttpResponse:
    """Give a file of a ticket within the viewer's scope; a foreign or missing one is the same."""
    del request
    row = attachments(viewer.scope, number).filter(id=attachment).first()
    if row is None or row.state != AttachmentState.KEPT:
        raise Http404
    try:
        content = path_of(row.stored).read_bytes()
    except OSError as error:
        raise Http404 from error
    name = row.name
    if row.media_type == "image/png" and not name.lower().endswith(".png"):
        name += ".png"  # whatever it was, it was drawn anew
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=name),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )
