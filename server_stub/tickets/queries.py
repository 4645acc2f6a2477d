"""Reading tickets and what belongs to them: the only way to them, always within a scope."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import QuerySet

from server_stub.clients.scope import Scope
from server_stub.errors import NotFoundError
from server_stub.sla.models import Clock
from server_stub.tickets.models import Ticket, TimelineEntry

PAGE = 50
"""Rows of one page of a list."""


@dataclass(frozen=True, slots=True)
class Only:
    """What narrows the queue; members that are None do not."""

    status: str | None = None
    priority: str | None = None
    client: int | None = None


EVERY = Only()


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where a page of the queue begins: just after this ticket."""

    next_due_at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A piece of the queue and where the next one begins, None at the end."""

    tickets: Sequence[Ticket]
    next: QueuePlace | None


def tickets(scope: Scope) -> QuerySet[Ticket]:
    """Return the tickets that may be seen, newest first, with what a list shows of them."""
    rows = Ticket.objects.select_related("client", "site", "assignee").order_by("-id")
    return scope.filter(rows.select_related("device").defer("device__facts", "device__heartbeat"))


def unresolved(scope: Scope, only: Only = EVERY) -> QuerySet[Ticket]:
    """Return the unresolved tickets that may be seen, by next due instant, the dueless last."""
    wanted = {name: value for name, value in asdict(only).items() if value is not None}
    rows = tickets(scope).filter(resolved_at__isnull=True, **wanted)
    return rows.order_by("next_due_at", "id")


def queue(
    scope: Scope, *, only: Only = EVERY, after: QueuePlace | None = None, limit: int = PAGE
) -> QueuePage:
    """Return a page of the unresolved tickets by next due instant, those without one last.

    Reads ``limit + 1`` rows in the order of an index, wherever the page begins: the cost does
    not depend on how many tickets there are.
    """
    rows = unresolved(scope, only)
    if after is not None:
        # Not (a > x or (a = x and b > y)): a disjunction keeps SQLite from the index.
        rows = rows.filter(next_due_at__gte=after.next_due_at).exclude(
            next_due_at=after.next_due_at, id__lte=after.number
        )
    found = list(rows[: limit + 1])
    shown = found[:limit]
    more = len(found) > limit
    return QueuePage(shown, QueuePlace(shown[-1].next_due_at, shown[-1].id) if more else None)


def ticket(scope: Scope, number: int) -> Ticket:
    """Return one ticket with client, site, device (whole) and assignee; raises NotFoundError."""
    rows = Ticket.objects.select_related("client", "site", "device", "assignee")
    row = scope.filter(rows).filter(id=number).first()
    if row is None:
        raise NotFoundError("ticket", number)
    return row


def locked(scope: Scope, number: int) -> Ticket:
    """Return one ticket that nobody else can change before the caller's transaction ends.

    With client and site. Raises NotFoundError.
    """
    rows = Ticket.objects.select_for_update(of=("self",)).select_related("client", "site")
    row = scope.filter(rows).filter(id=number).first()
    if row is None:
        raise NotFoundError("ticket", number)
    return row


def timeline(scope: Scope, number: int) -> QuerySet[TimelineEntry]:
    """Return what happened to a ticket, oldest first; nothing when it may not be seen."""
    rows = TimelineEntry.objects.filter(ticket=number).order_by("id")
    return scope.filter(rows, "ticket__client")


def clocks(scope: Scope, number: int) -> QuerySet[Clock]:
    """Return a ticket's clocks with their policy versions; nothing when it may not be seen."""
    rows = Clock.objects.select_related("policy_version").filter(ticket=number).order_by("id")
    return scope.filter(rows, "ticket__client")


def clocks_of(scope: Scope, shown: Sequence[Ticket]) -> dict[int, list[Clock]]:
    """Return the clocks of many tickets by ticket number, in one query."""
    rows = Clock.objects.filter(ticket__in=[ticket.id for ticket in shown]).order_by("id")
    found: dict[int, list[Clock]] = {ticket.id: [] for ticket in shown}
    for clock in scope.filter(rows, "ticket__client"):
        found[clock.ticket_id].append(clock)
    return found
