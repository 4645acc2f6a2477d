"""A file that came with a report, to be saved: never shown in a page, never run by a browser."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from server_stub.clients.scope import Scope
from server_stub.contacts.attachments import path_of
from server_stub.contacts.models import AttachmentState
from server_stub.contacts.queries import attachments
from server_stub.errors import NotFoundError


def download(scope: Scope, number: int, attachment: int) -> HttpResponse:
    """Return a file of a ticket as an answer.

    Raises NotFoundError for one that is foreign, missing, refused or still arriving: the same.
    """
    row = attachments(scope, number).filter(id=attachment).first()
    if row is None or row.state != AttachmentState.KEPT:
        raise NotFoundError("attachment", attachment)
    try:
        content = path_of(row.stored).read_bytes()
    except OSError as error:
        raise NotFoundError("attachment", attachment) from error
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
