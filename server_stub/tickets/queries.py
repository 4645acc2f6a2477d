"""Reading tickets and what belongs to them: the only way to them, always within a scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from django.db.models import Q, QuerySet

from agent.protocol.words import Priority
from server_stub.clients.scope import Scope
from server_stub.errors import NotFoundError
from server_stub.sla.models import Clock
from server_stub.tickets.models import UNRESOLVED, Link, Notice, Participant, Ticket, TimelineEntry
from server_stub.tickets.words import words_of

PAGE = 50
"""Rows of one page of a list."""
_STATUSES = [word.value for word in UNRESOLVED]
_PRIORITIES = [word.value for word in Priority]


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
    rows = tickets(scope).filter(resolved_at__isnull=True).order_by("next_due_at", "id")
    if only.client is not None:
        rows = rows.filter(client=only.client)
        # Of one client there are few: its index serves, and ``iexact`` keeps from the other one.
        given = {"status__iexact": only.status, "priority__iexact": only.priority}
        return rows.filter(**{name: word for name, word in given.items() if word is not None})
    if only.status is None and only.priority is None:
        return rows
    return rows.filter(
        status__in=[only.status] if only.status else _STATUSES,
        priority__in=[only.priority] if only.priority else _PRIORITIES,
    )


def queue(
    scope: Scope, *, only: Only = EVERY, after: QueuePlace | None = None, limit: int = PAGE
) -> QueuePage:
    """Return a page of the unresolved tickets by next due instant, those without one last.

    Reads ``limit + 1`` rows in the order of an index, wherever the page begins: the cost does
    not depend on how many tickets there are. Narrowed to a status or a priority these are the
    first of each pair of both, in at most four statements more.
    """
    rows = unresolved(scope, only)
    if after is not None:
        # Not (a > x or (a = x and b > y)): a disjunction keeps SQLite from the index.
        rows = rows.filter(next_due_at__gte=after.next_due_at).exclude(
            next_due_at=after.next_due_at, id__lte=after.number
        )
    if only.client is None and (only.status or only.priority):
        # By number alone: told the conditions again, SQLite takes their index and reads them all.
        first = _first(rows, only, limit + 1)
        rows = tickets(scope).filter(id__in=first).order_by("next_due_at", "id")
    found = list(rows[: limit + 1])
    shown = found[:limit]
    more = len(found) > limit
    return QueuePage(shown, QueuePlace(shown[-1].next_due_at, shown[-1].id) if more else None)


def _first(rows: QuerySet[Ticket], only: Only, limit: int) -> list[int]:
    """Return the numbers of the first of these tickets, from the order of each status and priority.

    One statement over several of them would have to sort all their tickets.
    """
    pairs = product(
        [only.status] if only.status else _STATUSES,
        [only.priority] if only.priority else _PRIORITIES,
    )
    places = [
        place
        for status, priority in pairs
        for place in rows.filter(status=status, priority=priority).values_list("next_due_at", "id")[
            :limit
        ]
    ]
    return [number for _, number in sorted(places)[:limit]]


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


def links(scope: Scope, number: int) -> QuerySet[Link]:
    """Return what a ticket is to others, and others to it, oldest first."""
    rows = Link.objects.filter(Q(ticket=number) | Q(other=number)).order_by("id")
    return scope.filter(rows.select_related("ticket", "other"), "ticket__client")


def participants(scope: Scope, number: int) -> QuerySet[Participant]:
    """Return who takes part in a ticket and who watches it, oldest first."""
    rows = Participant.objects.filter(ticket=number).order_by("id")
    return scope.filter(rows, "ticket__client")


def notices(scope: Scope, number: int) -> QuerySet[Notice]:
    """Return what was, and is to be, told to whom about a ticket, oldest first."""
    rows = Notice.objects.filter(ticket=number).order_by("id")
    return scope.filter(rows, "ticket__client")


def acceptances(scope: Scope) -> QuerySet[Ticket]:
    """Return the tickets whose condition is accepted as it is, those that end first first."""
    rows = Ticket.objects.select_related("client", "site", "device", "assignee")
    accepted = rows.filter(accepted_until__isnull=False).order_by("accepted_until", "id")
    return scope.filter(accepted.defer("device__facts", "device__heartbeat"))


def like(scope: Scope, number: int, limit: int = 5) -> list[Ticket]:
    """Return unresolved tickets that may be the same matter as this one, the likeliest first.

    Those of the same client about the same device and condition, then those whose titles share
    words: at least half of the fewer, and two.
    """
    row = ticket(scope, number)
    rows = tickets(scope).filter(client=row.client_id, resolved_at__isnull=True).exclude(id=number)
    words = set(words_of(row.title))
    ranked = []
    for other in rows[:_LOOKED_THROUGH]:
        same = bool(row.fingerprint) and other.fingerprint == row.fingerprint
        theirs = set(words_of(other.title))
        shared = len(words & theirs)
        if not same and not (shared >= _ALIKE and 2 * shared >= min(len(words), len(theirs))):
            continue
        near = row.device_id is not None and other.device_id == row.device_id
        ranked.append((same and near, same, near, shared, other))
    ranked.sort(key=lambda each: (*each[:4], each[4].id), reverse=True)
    return [each[-1] for each in ranked[:limit]]


_ALIKE = 2
_LOOKED_THROUGH = 500
"""Of a client's unresolved tickets the newest so many are compared."""
