"""The queue: unresolved tickets, the next due first, refreshing itself while it is open.

Searched for words it shows tickets of any status instead, the newest first.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse

from server_stub.clients.queries import clients
from server_stub.sla.models import Clock, ClockState
from server_stub.staff.access import Viewer, show, staff_page
from server_stub.staff.filters import QueueFilters, read_filters
from server_stub.staff.times import urgency
from server_stub.tickets.models import Ticket
from server_stub.tickets.queries import PAGE, QueuePlace, clocks_of, queue, tickets, unresolved
from server_stub.tickets.search import search

REFRESH_S = 5
COUNTED = 1000
"""Tickets are counted this far: a queue beyond it is told as ``more than 1000``."""
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A ticket with the clock that is due next: its name, its instant, how pressing it is."""

    ticket: Ticket
    clock: str
    due_at: datetime | None
    urgency: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets wait, and how many of them are overdue; each counted up to a limit."""

    open: int
    overdue: int

    @property
    def open_words(self) -> str:
        """Return the number of unresolved tickets in words."""
        return _number(self.open)

    @property
    def overdue_words(self) -> str:
        """Return the number of overdue tickets in words."""
        return _number(self.overdue)


@staff_page
def queue_page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the queue; a refresh gets only what changes, and nothing when nothing did (204)."""
    filters = read_filters(request.GET, list(clients(viewer.scope)))
    refreshes = bool(request.headers.get("HX-Request"))
    if filters.number and not refreshes and _is_there(viewer, filters.number):
        return HttpResponseRedirect(reverse("ticket", args=[filters.number]))
    if filters.words:
        context = _found(viewer, filters, _whole_number(request.GET.get("before", "")))
    else:
        context = _rows(viewer, filters, read_place(request.GET.get("after", "")))
    if refreshes:
        return _refresh(request, viewer, filters, context)
    context["newest"] = _newest(viewer)
    context |= {"page": "queue", "refresh_s": REFRESH_S}
    return show(request, viewer, "staff/queue.html", context, 400 if filters.problems else 200)


def _rows(viewer: Viewer, filters: QueueFilters, after: QueuePlace | None) -> dict[str, Any]:
    page = queue(viewer.scope, only=filters.only, after=after)
    clocks = clocks_of(viewer.scope, page.tickets)
    rows = [queue_row(ticket, clocks[ticket.id], viewer.now) for ticket in page.tickets]
    waiting = unresolved(viewer.scope, filters.only).order_by()
    overdue = waiting.filter(next_due_at__lte=viewer.now)
    counts = Counts(waiting[: COUNTED + 1].count(), overdue[: COUNTED + 1].count())
    context = {
        "filters": filters,
        "rows": rows,
        "counts": counts,
        "after": after,
        "first_page": _address(filters, None),
        "older": _address(filters, page.next) if page.next else "",
    }
    context["seen"] = _digest(viewer, rows, counts)
    return context


def _found(viewer: Viewer, filters: QueueFilters, before: int) -> dict[str, Any]:
    """Return a page of what a search finds, tickets of any status, the newest first."""
    found = search(viewer.scope, filters.wanted, before or None, PAGE)
    clocks = clocks_of(viewer.scope, found.tickets)
    rows = [queue_row(ticket, clocks[ticket.id], viewer.now) for ticket in found.tickets]
    counts = Counts(len(rows), sum(row.urgency == "late" for row in rows))
    return {
        "filters": filters,
        "rows": rows,
        "counts": counts,
        "after": before,
        "first_page": _address(filters, None),
        "older": f"{_address(filters, None)}&before={found.next}" if found.next else "",
        "seen": _digest(viewer, rows, counts),
    }


def _is_there(viewer: Viewer, number: int) -> bool:
    return tickets(viewer.scope).filter(id=number).exists()


def _refresh(
    request: HttpRequest, viewer: Viewer, filters: QueueFilters, context: dict[str, Any]
) -> HttpResponse:
    newest = _whole_number(request.GET.get("newest", ""))
    context["arrived"] = 0 if filters.words else _arrived(viewer, filters, newest)
    context["newest"] = _newest(viewer)
    if not context["arrived"] and request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    context["viewer"] = viewer
    return HttpResponse(render_to_string("staff/queue_refresh.html", context))


def queue_row(ticket: Ticket, clocks: Sequence[Clock], now: datetime) -> QueueRow:
    """Return the row of a ticket: which of its clocks is due next, and how pressing that is."""
    running = [c for c in clocks if c.state == ClockState.RUNNING and c.due_at is not None]
    due_at = ticket.due_at
    names = [clock.name for clock in running if clock.due_at == due_at]
    return QueueRow(ticket, names[0] if names else "", due_at, urgency(due_at, now))


def _newest(viewer: Viewer) -> int:
    """Return the newest ticket's number, 0 when there is none."""
    return tickets(viewer.scope).values_list("id", flat=True).first() or 0


def _arrived(viewer: Viewer, filters: QueueFilters, newest: int) -> int:
    """Return how many tickets of this list have come since the one numbered ``newest``."""
    came = tickets(viewer.scope).filter(id__gt=newest)
    wanted = (filters.only.status, filters.only.priority, filters.only.client)
    columns = came.values_list("resolved_at", "status", "priority", "client_id")[:COUNTED]
    return sum(
        resolved_at is None
        and all(one in {None, is_} for one, is_ in zip(wanted, told, strict=True))
        for resolved_at, *told in columns
    )


def _digest(viewer: Viewer, rows: Sequence[QueueRow], counts: Counts) -> str:
    """Return what tells this list from another one as a viewer would: to the minute of time."""
    minute = viewer.now.replace(second=0, microsecond=0)
    shown = [
        (r.ticket.id, r.ticket.updated_at, r.ticket.status, r.ticket.priority, r.due_at, r.urgency)
        for r in rows
    ]
    told = repr((minute, counts, shown, [r.ticket.title for r in rows]))
    return hashlib.sha256(told.encode(errors="replace")).hexdigest()[:16]


def place_text(place: QueuePlace) -> str:
    """Return a place in the queue as it is written into an address."""
    return f"{(place.next_due_at - _EPOCH) // _MICROSECOND}-{place.number}"


def read_place(text: str) -> QueuePlace | None:
    """Return the place that an address names; None, the first page, when it names none."""
    due, _, number = text.partition("-")
    if not due or not number:
        return None
    try:
        return QueuePlace(_EPOCH + _whole_number(due) * _MICROSECOND, _whole_number(number))
    except OverflowError:
        return None


def _whole_number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0  # noqa: PLR2004 - 64 bits
    return min(number, _LARGEST)


def _address(filters: QueueFilters, place: QueuePlace | None) -> str:
    query = filters.query | ({"after": place_text(place)} if place else {})
    return f"{reverse('queue')}?{urlencode(query)}" if query else reverse("queue")


def _number(count: int) -> str:
    return str(count) if count <= COUNTED else f"more than {COUNTED}"
