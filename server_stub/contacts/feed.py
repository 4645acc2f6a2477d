"""What a device fetches for its trays: the tickets its people filed, and those of its alerts.

The agent keeps it and shows each account its own alone. It is always the whole of it, within
bounds: no difference to be put together, and nothing lost with an answer.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from agent.protocol.words import Source, Status
from server_stub.contacts.filing import ACTOR
from server_stub.contacts.models import Report
from server_stub.desk.models import Technician
from server_stub.tickets.models import EntryKind, Ticket, TimelineEntry

MOST_REPORTS = 200
MOST_ALERTS = 100
MOST_ENTRIES = 20
LONGEST_TEXT = 2_000
MOST_TEXT = 200_000
"""Of all texts together; the oldest tickets go without."""
REMEMBERED = timedelta(days=30)
"""Settled tickets are told so long after their last change."""
LOOKED_WITHIN = timedelta(days=1)
"""So long a device is asked to look again at what people say is over."""
RATED_WITHIN = timedelta(days=14)
_SHOWN = (
    *(EntryKind.REPLY, EntryKind.RESOLVED, EntryKind.REOPENED, EntryKind.CONFIRMED),
    EntryKind.APPEAL,
)


def tickets_of(device_id: str, now: datetime) -> dict[str, Any]:
    """Return the tickets that reports of this device went to, and its alerts' unresolved ones.

    Everything is found by the device that asks; of others it learns nothing.
    """
    reports = list(
        Report.objects.filter(contact__device=device_id)
        .select_related("ticket", "contact")
        .order_by("-id")[:MOST_REPORTS]
    )
    told = [one for one in reports if _is_told(one.ticket, now)]
    entries = _entries({one.ticket_id for one in told})
    names = _names(entry for found in entries.values() for entry in found)
    room = MOST_TEXT
    trees = []
    for one in told:
        shown = [
            _entry(entry, names)
            for entry in entries.get(one.ticket_id, ())
            if _is_for(one.contact.account, entry)
        ][-MOST_ENTRIES:]
        room -= sum(len(entry["text"]) for entry in shown)
        trees.append(_ticket(one, shown if room > 0 else [], now))
    return {
        "tickets": trees,
        "alerts": _alerts(device_id),
        "look_again": _look_again(device_id, now),
    }


def _is_told(ticket: Ticket, now: datetime) -> bool:
    return not ticket.is_resolved or now - ticket.updated_at < REMEMBERED


def _entries(numbers: set[int]) -> dict[int, list[TimelineEntry]]:
    rows = TimelineEntry.objects.filter(
        ticket__in=sorted(numbers), kind__in=[kind.value for kind in _SHOWN]
    ).order_by("id")
    found: dict[int, list[TimelineEntry]] = {}
    for entry in rows:
        found.setdefault(entry.ticket_id, []).append(entry)
    return found


def _names(entries: Iterable[TimelineEntry]) -> dict[str, str]:
    addresses = {entry.actor for entry in entries if "@" in entry.actor}
    found = Technician.objects.filter(email__in=sorted(addresses)).only("email", "name")
    return {one.email: one.name for one in found}


def _is_for(account: str, entry: TimelineEntry) -> bool:
    """Tell whether an account may read an entry: what another one wrote is not its business.

    Nor what the desk noted of an appeal that it passed on.
    """
    if entry.actor != ACTOR:
        return entry.kind != EntryKind.APPEAL
    return entry.tree.get("account") == account


def _entry(entry: TimelineEntry, names: dict[str, str]) -> dict[str, Any]:
    """Return an entry; staff without a name of their own are the desk's, never an address."""
    by = str(entry.tree.get("name", "")) if entry.actor == ACTOR else names.get(entry.actor, "")
    return {
        "id": str(entry.id),
        "at": _label(entry.at),
        "kind": entry.kind,
        "by": by,
        "own": entry.actor == ACTOR,
        "text": entry.body[:LONGEST_TEXT],
    }


def _ticket(report: Report, entries: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any]:
    ticket = report.ticket
    due_at = ticket.due_at
    return {
        "account": report.contact.account,
        "report": report.envelope_id,
        "number": ticket.id,
        "title": ticket.title,
        "status": ticket.status,
        "priority": ticket.priority,
        "created_at": _label(report.at),
        "due_at": _label(due_at) if due_at else None,
        "entries": list(entries),
        "asks": _asks(report, ticket, now),
    }


def _asks(report: Report, ticket: Ticket, now: datetime) -> str | None:
    """Return what the contact is asked: whether it works, then how content; None for nothing."""
    if not ticket.is_resolved or now - ticket.updated_at > RATED_WITHIN:
        return None
    if report.confirmed is not True and ticket.status == Status.RESOLVED:
        return "confirm"
    return "rate" if report.stars is None else None


def _alerts(device_id: str) -> list[dict[str, Any]]:
    rows = Ticket.objects.filter(
        device=device_id, source=Source.MONITOR.value, resolved_at__isnull=True
    ).order_by("-id")
    return [
        {"fingerprint": t.fingerprint, "number": t.id, "status": t.status, "title": t.title}
        for t in rows[:MOST_ALERTS]
    ]


def _look_again(device_id: str, now: datetime) -> list[dict[str, Any]]:
    """Return the alerts that people say are over, as the device told of them last.

    It looks by its own rule, and tells of those that still hold and of which it told no more.
    """
    tickets = Ticket.objects.filter(
        device=device_id, source=Source.MONITOR.value, resolved_at__gt=now - LOOKED_WITHIN
    ).order_by("-id")
    told = {ticket.id: ticket.fingerprint for ticket in tickets[:MOST_ALERTS]}
    rows = TimelineEntry.objects.filter(
        ticket__in=sorted(told), kind__in=[EntryKind.RESOLVED.value, EntryKind.STATUS.value]
    ).order_by("id")
    looks = {row.ticket_id: look for row in rows if (look := row.tree.get("look"))}
    return [{"fingerprint": told[number], **look} for number, look in looks.items()]


def _label(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
