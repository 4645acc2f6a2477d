"""The files that came with a ticket's reports."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router

from server_stub.api import examples
from server_stub.api.access import needs, scope_of
from server_stub.api.paging import TicketNumber
from server_stub.api.strict_requests import FILE
from server_stub.contacts.download import download
from server_stub.desk.rights import Right
from server_stub.tickets import queries

router = Router(tags=["tickets"])
_SAVED = {
    "description": "The file's bytes.",
    "content": {FILE: {"schema": {"type": "string"}, "example": examples.FILE}},
    "headers": {
        "Content-Disposition": {
            "description": "What the sender called it; a name to save it under, nothing to trust.",
            "schema": {"type": "string"},
            "example": 'attachment; filename="screen.png"',
        }
    },
}


@router.get(
    "/{int:number}/attachments/{int:attachment}",
    summary="A file, to be saved",
    openapi_extra={"responses": {200: _SAVED}},
)
@needs(Right.READ)
def get_attachment(
    request: HttpRequest,
    number: TicketNumber,
    attachment: Annotated[int, Path(description="The id of a kept attachment of the ticket.")],
) -> HttpResponse:
    """Return the bytes of a kept file, whatever it is; a picture is a PNG drawn anew."""
    scope = scope_of(request)
    queries.ticket(scope, number)
    return download(scope, number, attachment)
