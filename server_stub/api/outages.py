"""The devices that a ticket of an outage tells of."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import needs, scope_of
from server_stub.api.paging import Limit, Number, Page, TicketNumber, next_address
from server_stub.desk.rights import Right
from server_stub.fleet.queries import members
from server_stub.tickets import queries

router = Router(tags=["tickets"])

_EXAMPLE = {
    "id": 31,
    "device": "0193a1f0-5c1e-7b6a-9a53-2f6f0d9f4c11",
    "device_name": "FRONTDESK-03",
    "kind": "workstation",
    "missing_since": "2026-11-19T10:02:00Z",
    "joined_at": "2026-11-19T10:15:00Z",
    "released_at": "2026-11-19T11:40:00Z",
    "heard": True,
    "own_ticket": None,
}


class MemberShown(Schema):
    """A device that fell silent with others of its site."""

    model_config = examples.answered(_EXAMPLE)

    id: int
    device: str = Field(description="a device's id")
    device_name: str
    kind: str
    missing_since: datetime = Field(description="when it was last heard")
    joined_at: datetime
    released_at: datetime | None = Field(description="null while it is missing")
    heard: bool = Field(description="released because it was heard; else the outage was over")
    own_ticket: int | None = Field(description="the ticket it had before, now a child of this one")


@router.get("/{int:number}/members", response=Page[MemberShown], summary="Devices of an outage")
@needs(Right.READ)
def list_members(
    request: HttpRequest, number: TicketNumber, after: Number = 0, limit: Limit = 100
) -> dict[str, Any]:
    """Return the devices a site outage's ticket tells of, in the order they joined."""
    scope = scope_of(request)
    queries.ticket(scope, number)
    rows = list(members(scope, number).filter(id__gt=after)[: limit + 1])
    named = ("id", "missing_since", "joined_at", "released_at", "heard", "own_ticket")
    return {
        "items": [
            {name: getattr(row, name) for name in named}
            | {
                "device": row.device_id,
                "device_name": row.device.name,
                "kind": row.device.kind,
            }
            for row in rows[:limit]
        ],
        "next": next_address(request, rows[limit - 1].id) if len(rows) > limit else None,
    }
