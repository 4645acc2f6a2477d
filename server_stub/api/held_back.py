"""What opened no ticket although it would have: because of maintenance or of an outage."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import needs, scope_of
from server_stub.api.paging import (
    Identifier,
    Limit,
    Number,
    Page,
    Words,
    client_number,
    next_address,
)
from server_stub.desk.rights import Right
from server_stub.quiet import queries
from server_stub.quiet.models import Because, HeldBack

router = Router(tags=["maintenance"])

_HELD = {
    "id": 9,
    "client": "Harbour Dental",
    "device": "0193a1f0-5c1e-7b6a-9a53-2f6f0d9f4c11",
    "device_name": "FRONTDESK-03",
    "fingerprint": "service-spooler:spooler",
    "title": "The service spooler is stopped",
    "evaluation": "critical",
    "priority": "high",
    "because": "maintenance",
    "window": 4,
    "reason": "Patch night",
    "parent": None,
    "who": "ana.sousa@desk.example",
    "at": "2026-11-24T22:10:00Z",
    "last_at": "2026-11-24T22:40:00Z",
    "times": 2,
    "released_at": "2026-11-25T02:00:40Z",
    "released": "gone",
    "ticket": None,
}


class HeldShown(Schema):
    """An alert that would have opened a ticket and did not."""

    model_config = examples.answered(_HELD)

    id: int
    client: str
    device: str = Field(description="a device's id")
    device_name: str
    fingerprint: str
    title: str
    evaluation: str
    priority: str
    because: Because
    window: int | None = Field(description="number of the maintenance window")
    reason: str = Field(description="of the maintenance window")
    parent: int | None = Field(description="number of the outage's ticket")
    who: str = Field(description="who planned the window, or monitor")
    at: datetime
    last_at: datetime
    times: int = Field(description="how many events came meanwhile")
    released_at: datetime | None
    released: str = Field(description="opened (a ticket), gone (by then), empty while held back")
    ticket: int | None


class HeldFilter(Schema):
    """What to list; members that are left out do not narrow the list."""

    client: Words | None = Field(None, description="number or name of a client")
    device: Identifier | None = Field(None, description="id of a device")
    because: Because | None = None
    window: Number | None = Field(None, description="number of a maintenance window")
    parent: Number | None = Field(None, description="number of an outage's ticket")
    waiting: bool | None = Field(None, description="true: only what is held back now")
    after: Number | None = Field(None, description="only rows with lower ids")


@router.get("", response=Page[HeldShown], summary="What was held back, and why")
@needs(Right.READ)
def list_held_back(
    request: HttpRequest, only: Annotated[HeldFilter, Query()], limit: Limit = 50
) -> dict[str, Any]:
    """Return what opened no ticket although it would have, the newest first."""
    scope = scope_of(request)
    rows = queries.held_back(scope)
    if only.client:
        rows = rows.filter(client=client_number(scope, only.client))
    given = {
        "device": only.device,
        "because": only.because,
        "window": only.window,
        "parent": only.parent,
        "id__lt": only.after,
        "released_at__isnull": only.waiting,
    }
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    found = list(rows[: limit + 1])
    return {
        "items": [_held(row) for row in found[:limit]],
        "next": next_address(request, found[limit - 1].id) if len(found) > limit else None,
    }


def _held(row: HeldBack) -> dict[str, Any]:
    named = ("id", "fingerprint", "title", "evaluation", "priority", "because", "parent", "who")
    times = ("at", "last_at", "times", "released_at", "released")
    return {name: getattr(row, name) for name in (*named, *times)} | {
        "client": row.client.name,
        "device": row.device_id,
        "device_name": row.device.name,
        "window": row.window_id,
        "reason": row.window.reason if row.window else "",
        "ticket": row.ticket_number,
    }
