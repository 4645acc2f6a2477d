"""Tickets: list, one, its timeline, its clocks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from agent.protocol.words import Priority, Source, Status
from server_stub.api.access import scope_of
from server_stub.api.paging import Identifier, Limit, Number, Page, next_address
from server_stub.sla.models import Clock
from server_stub.tickets import queries
from server_stub.tickets.models import Ticket

router = Router(tags=["tickets"])


class ClockBrief(Schema):
    """One promise of a ticket."""

    name: str
    state: str
    due_at: datetime | None


class DeviceBrief(Schema):
    """The computer a ticket is about."""

    id: str
    name: str
    kind: str


class TicketRow(Schema):
    """A ticket as lists show it."""

    number: int
    title: str
    status: Status
    priority: Priority
    type: str
    level: int
    source: Source
    client: str
    site: str | None
    device: DeviceBrief | None
    assignee: str | None
    fingerprint: str
    evaluation: str
    occurrences: int
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    clocks: list[ClockBrief]


class TicketWhole(TicketRow):
    """A ticket with the system details that held when it was last reported."""

    facts: dict[str, Any]


class Entry(Schema):
    """One thing that happened; ``device_at`` is what the device's own clock showed."""

    id: int
    at: datetime
    device_at: datetime | None
    kind: str
    actor: str
    channel: str
    body: str
    payload: dict[str, Any]


class TicketFilter(Schema):
    """Which tickets to list; members that are left out do not narrow the list."""

    status: Status | None = None
    source: Source | None = None
    client: Number | None = None
    device: Identifier | None = None
    after: Number | None = None


@router.get("", response=Page[TicketRow], summary="Tickets, newest first")
def list_tickets(
    request: HttpRequest, only: Annotated[TicketFilter, Query()], limit: Limit = 50
) -> dict[str, Any]:
    """Return tickets by number, newest first, fifty to a page."""
    scope = scope_of(request)
    rows = queries.tickets(scope)
    wanted = only.dict(exclude_none=True)
    if (after := wanted.pop("after", None)) is not None:
        rows = rows.filter(id__lt=after)
    found = list(rows.filter(**wanted)[: limit + 1])
    shown = found[:limit]
    clocks = queries.clocks_of(scope, shown)
    return {
        "items": [_row(ticket, clocks[ticket.id]) for ticket in shown],
        "next": next_address(request, shown[-1].id) if len(found) > limit else None,
    }


@router.get("/{int:number}", response=TicketWhole, summary="One ticket")
def get_ticket(request: HttpRequest, number: int) -> dict[str, Any]:
    """Return one ticket."""
    scope = scope_of(request)
    ticket = queries.ticket(scope, number)
    row = _row(ticket, list(queries.clocks(scope, number)))
    return row | {"facts": ticket.device.facts_tree if ticket.device else {}}


@router.get("/{int:number}/timeline", response=Page[Entry], summary="What happened to a ticket")
def list_timeline(
    request: HttpRequest, number: int, after: Number = 0, limit: Limit = 100
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


def _row(ticket: Ticket, clocks: Sequence[Clock]) -> dict[str, Any]:
    named = ("title", "status", "priority", "type", "level", "source", "fingerprint", "evaluation",
             "occurrences", "created_at", "updated_at", "resolved_at")  # fmt: skip
    return {name: getattr(ticket, name) for name in named} | {
        "number": ticket.id,
        "client": ticket.client.name,
        "site": ticket.site.name if ticket.site else None,
        "device": ticket.device,
        "assignee": str(ticket.assignee) if ticket.assignee else None,
        "clocks": [{"name": c.name, "state": c.state, "due_at": c.due_at} for c in clocks],
    }


def _entry(row: Any) -> dict[str, Any]:  # noqa: ANN401
    named = ("id", "at", "device_at", "kind", "actor", "channel", "body")
    return {name: getattr(row, name) for name in named} | {"payload": row.tree}
