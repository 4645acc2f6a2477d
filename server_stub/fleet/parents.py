"""The one ticket that tells of an outage: opened, told how things go, resolved at the end."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from agent.protocol.ids import uuid7
from agent.protocol.words import Evaluation, Priority, Source, Status
from server_stub.clients.models import Site
from server_stub.tickets.clocks import settle
from server_stub.tickets.models import NOT_DUE, EntryKind, Link, LinkKind, Ticket, TimelineEntry
from server_stub.tickets.routing import begin
from server_stub.tickets.standing import standing_at

OUTAGE = "site-outage"
"""Fingerprint of the tickets of outages."""
_ACTOR = "monitor"
_MOST_NAMES = 20
_ADVICE = (
    "These devices fell silent within minutes of each other, so one cause is likely: power, the "
    "site's router or its line. Each device is released from this ticket as soon as it is heard "
    "again."
)


def open_parent(
    site: Site,
    names: Sequence[str],
    expected: int,
    *,
    priority: Priority,
    reopen_within: timedelta,
    now: datetime,
) -> Ticket:
    """Return the ticket of a new outage: the one resolved a short while ago, else a new one.

    ``names`` are the devices', ``expected`` counts all that should be heard at the site.
    """
    body = f"{len(names)} of {expected} devices fell silent together: {listed(names)}"
    ticket = _resolved_lately(site, now - reopen_within)
    if ticket is None:
        return _opened(site, body, priority, now)
    rise(ticket, body, now)
    return ticket


def rise(ticket: Ticket, body: str, now: datetime) -> None:
    """Let a parent tell of another outage of its site: it is open again, and counted."""
    ticket.status = Status.OPEN.value
    ticket.stage = Status.OPEN.value
    ticket.resolved_at = None
    ticket.occurrences += 1
    ticket.evaluation = Evaluation.CRITICAL.value
    tell(ticket, EntryKind.REOPENED, body, now, evaluation={"to": Evaluation.CRITICAL.value})


def tell(ticket: Ticket, kind: EntryKind, body: str, now: datetime, **payload: object) -> None:
    """Add an entry to a parent's timeline and bring its clocks up to date; the ticket is saved."""
    TimelineEntry.objects.create(
        ticket=ticket,
        at=now,
        kind=kind.value,
        actor=_ACTOR,
        channel=Source.MONITOR.value,
        body=body,
        payload=json.dumps(payload, ensure_ascii=False) if payload else "",
    )
    ticket.updated_at = now
    settle(ticket, now)
    ticket.save(update_fields=_WRITTEN)


def resolve_parent(ticket: Ticket, body: str, now: datetime) -> None:
    """Resolve a parent at the end of its outage, unless a person touched it or resolved it."""
    ticket.evaluation = Evaluation.OK.value
    told = {"evaluation": {"from": Evaluation.CRITICAL.value, "to": Evaluation.OK.value}}
    if ticket.resolved_at is None and not ticket.touched:
        ticket.status = ticket.stage = Status.RESOLVED.value
        ticket.resolved_at = now
        tell(ticket, EntryKind.RESOLVED, body, now, **told)
    else:
        stays = "" if ticket.resolved_at else " It stays open because a person works on it."
        tell(ticket, EntryKind.CHANGED, body + stays, now, **told)


def link(child: Ticket, parent: Ticket, now: datetime) -> None:
    """Make a device's own ticket a child of its outage's, of the latest one alone.

    A person's link to another ticket stays.
    """
    before = Link.objects.filter(ticket=child, kind=LinkKind.CHILD.value).select_related("other")
    for one in before:
        if one.other_id == parent.id or one.actor != _ACTOR:
            return
        one.delete()
    Link.objects.create(ticket=child, other=parent, kind=LinkKind.CHILD.value, at=now, actor=_ACTOR)
    TimelineEntry.objects.create(
        ticket=child,
        at=now,
        kind=EntryKind.LINKED.value,
        actor=_ACTOR,
        channel=Source.MONITOR.value,
        body=f"Part of the outage that #{parent.id} tells of.",
        payload=json.dumps({"kind": LinkKind.CHILD.value, "other": parent.id}),
    )


def listed(names: Sequence[str]) -> str:
    """Return names by commas, the first twenty of many."""
    more = len(names) - _MOST_NAMES
    shown = ", ".join(sorted(names)[:_MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown


_WRITTEN = (
    *("status", "stage", "resolved_at", "occurrences", "evaluation", "updated_at"),
    *("next_due_at", "policy_version"),
)


def _alert_key(site: Site) -> str:
    return f"site-{site.id}:{OUTAGE}"


def _resolved_lately(site: Site, since: datetime) -> Ticket | None:
    """Return the site's unresolved parent, or the one resolved after ``since``; locked."""
    rows = Ticket.objects.select_for_update(of=("self",)).filter(
        client=site.client_id, alert_key=_alert_key(site)
    )
    last = rows.order_by("-id").first()
    if last is None or last.status == Status.CLOSED:
        return None
    return last if last.resolved_at is None or last.resolved_at >= since else None


def _opened(site: Site, body: str, priority: Priority, now: datetime) -> Ticket:
    words = standing_at(site.client, site, None, now)
    first = begin(site.client, "", priority, Source.MONITOR, words)
    ticket = Ticket(
        client_id=site.client_id,
        site=site,
        title=f"Site outage: {site.name}"[:300],
        status=Status.NEW.value,
        stage=Status.NEW.value,
        priority=priority.value,
        type=first.type,
        level=first.level,
        source=Source.MONITOR.value,
        fingerprint=OUTAGE,
        alert_key=_alert_key(site),
        alert_id=uuid7(),
        sequence=1,
        evaluation=Evaluation.CRITICAL.value,
        occurrences=1,
        created_at=now,
        updated_at=now,
        next_due_at=NOT_DUE,
    )
    ticket.save()
    told: dict[str, object] = {
        "priority": priority.value,
        "evaluation": {"to": Evaluation.CRITICAL.value},
    }
    told |= words.told | first.told
    tell(ticket, EntryKind.OPENED, body, now, rule=OUTAGE, advice=_ADVICE, **told)
    return ticket
