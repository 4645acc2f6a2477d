"""The audit log: what people did."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import needs, scope_of
from server_stub.api.paging import Limit, Number, Page, Words, client_number, next_address
from server_stub.audit.queries import entries
from server_stub.desk.rights import Right

router = Router(tags=["audit"])

_EXAMPLE = {
    "id": 112,
    "at": "2026-11-19T10:12:00Z",
    "who": "ana.sousa@desk.example",
    "via": "api",
    "act": "maintenance plan",
    "subject": "maintenance 4 of Quay Street",
    "client": 3,
    "detail": {"reason": "Patch night"},
}


class AuditShown(Schema):
    """One thing a person did."""

    model_config = examples.answered(_EXAMPLE)

    id: int
    at: datetime
    who: str = Field(description="an email address; of a command the computer's user")
    via: str = Field(description="page, api, command, sign-in or server")
    act: str
    subject: str
    client: int | None = Field(description="number of the client whose affair it is")
    detail: dict[str, Any]


class AuditFilter(Schema):
    """What to list; members that are left out do not narrow the list."""

    who: Words = Field("", description="an email address, as a whole")
    act: Words = Field("", description="as a whole: sign in, maintenance plan, …")
    client: Words | None = Field(None, description="number or name of a client")
    after: Number | None = Field(None, description="only entries with lower ids")


@router.get("", response=Page[AuditShown], summary="What people did, the newest first")
@needs(Right.AUDIT)
def list_audit(
    request: HttpRequest, only: Annotated[AuditFilter, Query()], limit: Limit = 50
) -> dict[str, Any]:
    """Return entries of the audit log; of no client's affairs only to who sees all clients."""
    scope = scope_of(request)
    rows = entries(scope)
    if only.client:
        rows = rows.filter(client=client_number(scope, only.client))
    given = {"who": only.who.lower(), "act": only.act, "id__lt": only.after}
    rows = rows.filter(**{name: value for name, value in given.items() if value not in ("", None)})
    found = list(rows[: limit + 1])
    named = ("id", "at", "who", "via", "act", "subject", "client")
    return {
        "items": [
            {name: getattr(row, name) for name in named} | {"detail": row.tree}
            for row in found[:limit]
        ],
        "next": next_address(request, found[limit - 1].id) if len(found) > limit else None,
    }
