"""The timeline of a ticket."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import needs, scope_of
from server_stub.api.paging import Limit, Number, Page, TicketNumber, next_address
from server_stub.desk.rights import Right
from server_stub.tickets import queries
from server_stub.tickets.models import TimelineEntry

router = Router(tags=["tickets"])


class Entry(Schema):
    """One thing that happened to a ticket; it is never changed afterwards."""

    model_config = examples.answered(examples.ENTRY)

    id: int
    at: datetime = Field(description="by the server's clock")
    device_at: datetime | None = Field(description="what the device's own clock showed")
    kind: str = Field(
        description="opened, changed, tried, reply, note, assigned, priority, status, …"
    )
    actor: str = Field(description="an email address, or monitor")
    channel: str = Field(description="the way it came, a source")
    body: str
    payload: dict[str, Any] = Field(
        description="from and to of a change and its reason; of the monitor the rule, check, "
        "target, condition, advice and readings, and where it told them about (words on the "
        "target: a drive's model and serial), series ({metric, unit, points: [[seconds before, "
        "value], …]}) and evidence ({title, lines}); of kind tried the attempts to heal, tried "
        "({action, at, outcome: healed, not_healed, failed, refused or would_have, detail})"
    )


@router.get("/{int:number}/timeline", response=Page[Entry], summary="What happened to a ticket")
@needs(Right.READ)
def list_timeline(
    request: HttpRequest, number: TicketNumber, after: Number = 0, limit: Limit = 100
) -> dict[str, Any]:
    """Return a ticket's timeline, oldest first."""
    scope = scope_of(request)
    queries.ticket(scope, number)
    rows = list(queries.timeline(scope, number).filter(id__gt=after)[: limit + 1])
    shown = rows[:limit]
    return {
        "items": [_entry(row) for row in shown],
        "next": next_address(request, shown[-1].id) if len(rows) > limit else None,
    }


def _entry(row: TimelineEntry) -> dict[str, Any]:
    named = ("id", "at", "device_at", "kind", "actor", "channel", "body")
    return {name: getattr(row, name) for name in named} | {"payload": row.tree}
