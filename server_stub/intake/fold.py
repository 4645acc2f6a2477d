"""What alert events do to tickets: pure, one fingerprint at a time, in the order they came.

The agent says how things stand with an alert; that it opens a ticket, joins one, resolves or
reopens it is decided here. In short:

- news of a firing alert: update its unresolved ticket, or reopen the one resolved within the
  reopen window, or open a new one
- news that it resolved: resolve the ticket if no person touched it, else say so on its timeline
- news that the monitor cannot tell any more (``unknown``): everything stays as it was known
- anything older than what the ticket already knows (a lower sequence): timeline only
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from agent.protocol.events import AlertEvent
from agent.protocol.words import Change, Evaluation, Priority, Status
from server_stub.intake.entries import Entry, judged, of_event, reprioritised, tried
from server_stub.tickets.models import EntryKind

REOPEN_WINDOW = timedelta(hours=24)
"""A condition back within a day is the same trouble: most of what comes and goes does so with
the working day or the nightly jobs."""

_GRAVITY = {
    Evaluation.OK: 0,
    Evaluation.UNKNOWN: 1,
    Evaluation.WARNING: 1,
    Evaluation.CRITICAL: 2,
}
_URGENCY = {word: rank for rank, word in enumerate(reversed(Priority))}


@dataclass(frozen=True, slots=True)
class TicketState:
    """What folding needs to know of a ticket, and all it may change.

    ``number`` is 0 until the ticket is stored. ``evaluation``, ``alert_id`` and ``sequence``
    are of the latest event that was news. ``accepted_until`` is set while people accept the
    condition as it is, no graver than ``accepted``.
    """

    number: int
    status: Status
    priority: Priority
    title: str
    evaluation: Evaluation
    alert_id: str
    sequence: int
    occurrences: int
    touched: bool
    facts_hash: str
    created_at: datetime
    resolved_at: datetime | None
    accepted_until: datetime | None = None
    accepted: str = ""


@dataclass(slots=True)
class TicketChange:
    """What is to be written of one ticket: its row when new or changed, and entries in order."""

    before: TicketState | None
    after: TicketState
    entries: list[Entry]


@dataclass(slots=True)
class Folded:
    """The tickets an alert's events touched; for each event the one it went to, if any."""

    changes: list[TicketChange]
    ticket_of_event: list[TicketChange | None]


@dataclass(frozen=True, slots=True)
class _Step:
    """What one event does: the state after it (None: no ticket) and what the timeline tells."""

    after: TicketState | None
    entries: tuple[Entry, ...] = ()
    opens: bool = False


def fold(
    ticket: TicketState | None,
    events: Iterable[AlertEvent],
    now: datetime,
    reopen_window: timedelta = REOPEN_WINDOW,
) -> Folded:
    """Fold the events of one fingerprint, in order, into its ticket.

    ``ticket`` is the unresolved one, else the latest one, else None. ``now`` is the server's
    clock, aware.
    """
    folded = Folded([], [])
    current = TicketChange(ticket, ticket, []) if ticket else None
    for event in events:
        step = _step(current.after if current else None, event, now, reopen_window)
        if step.after is None:
            folded.ticket_of_event.append(None)
            continue
        if current is None or step.opens:
            current = TicketChange(None, step.after, [])
        if not current.entries:
            folded.changes.append(current)
        current.after = step.after
        current.entries.extend(step.entries)
        if event.tried:
            current.entries.append(tried(event))
        folded.ticket_of_event.append(current)
    return folded


def _step(
    ticket: TicketState | None, event: AlertEvent, now: datetime, reopen_window: timedelta
) -> _Step:
    firing = event.change is not Change.RESOLVED and event.evaluation is not Evaluation.OK
    if ticket is None:
        return _opened(event, now) if firing else _Step(None)
    if not _is_news(ticket, event, firing=firing):
        return _Step(ticket, (of_event(EntryKind.CHANGED, event, _LATE, late=True),))
    if firing:
        return _fires(ticket, event, now, reopen_window)
    return _cleared(ticket, event, now)


_LATE = "Received late: the ticket already knows of newer events."
_IS_ACCEPTED = "The monitor finds it; the condition is accepted as it is."
_IS_GRAVER = "It is graver than what was accepted: the acceptance has ended."
_CANNOT_TELL = "The monitor cannot tell any more whether it is there."
_NOT_WATCHED = "Resolved, for the monitor does not watch it any longer."
_STAYS_RESOLVED = "Still there according to the monitor; the ticket was resolved by a person."


def _is_news(ticket: TicketState, event: AlertEvent, *, firing: bool) -> bool:
    """Tell whether the event is later than what the ticket knows.

    Of one opening the sequence tells. Between openings their ids do (they hold the time), except
    that a first event always opens: the device's clock may have jumped back. On a resolved
    ticket anything that fires counts: better a ticket too many than an alert nobody sees.
    """
    if event.alert_id == ticket.alert_id:
        return event.sequence > ticket.sequence
    return (
        event.sequence == 1
        or event.alert_id > ticket.alert_id
        or (firing and ticket.resolved_at is not None)
    )


def _opened(event: AlertEvent, now: datetime, follows: int = 0) -> _Step:
    opened = TicketState(
        number=0,
        status=Status.NEW,
        priority=event.priority,
        title=event.title,
        evaluation=event.evaluation,
        alert_id=event.alert_id,
        sequence=event.sequence,
        occurrences=event.occurrences,
        touched=False,
        facts_hash=event.facts_hash,
        created_at=now,
        resolved_at=None,
    )
    members: dict[str, Any] = {
        "evaluation": {"to": event.evaluation},
        "priority": event.priority,
    }
    if follows:
        members["follows"] = follows
    entry = of_event(EntryKind.OPENED, event, event.title, **members)
    return _Step(opened, (entry,), opens=True)


def _fires(
    ticket: TicketState, event: AlertEvent, now: datetime, reopen_window: timedelta
) -> _Step:
    if ticket.resolved_at is None:
        return _followed(EntryKind.CHANGED, ticket, event)
    if ticket.accepted_until and now < ticket.accepted_until:
        return _accepted(ticket, event)
    if event.alert_id == ticket.alert_id and not _graver(ticket, event):
        after = _told(ticket, event)
        body = _CANNOT_TELL if event.evaluation is Evaluation.UNKNOWN else _STAYS_RESOLVED
        return _Step(after, (judged(EntryKind.CHANGED, ticket.evaluation, event, body),))
    if ticket.status is Status.CLOSED or now - ticket.resolved_at > reopen_window:
        return _opened(event, now, follows=ticket.number)
    reopened = replace(ticket, status=Status.OPEN, resolved_at=None)
    return _followed(EntryKind.REOPENED, reopened, event)


def _accepted(ticket: TicketState, event: AlertEvent) -> _Step:
    """Let an alert join the ticket that accepts it; one that got graver ends the acceptance."""
    if _GRAVITY[event.evaluation] <= _GRAVITY[Evaluation(ticket.accepted or Evaluation.CRITICAL)]:
        entry = judged(EntryKind.CHANGED, ticket.evaluation, event, _IS_ACCEPTED)
        return _Step(_told(ticket, event), (entry,))
    ended = replace(ticket, status=Status.OPEN, resolved_at=None, accepted_until=None, accepted="")
    reopened = _followed(EntryKind.REOPENED, ended, event)
    told = Entry(
        EntryKind.ACCEPTED, event.at, _IS_GRAVER, {"ended": True, "reason": "it got graver"}
    )
    return _Step(reopened.after, (told, *reopened.entries))


def _followed(kind: EntryKind, before: TicketState, event: AlertEvent) -> _Step:
    """Let the ticket follow the alert as far as a person has not taken it over."""
    if _is_frozen(before, event):
        return _Step(_told(before, event), (judged(kind, before.evaluation, event, _CANNOT_TELL),))
    same_opening = event.alert_id == before.alert_id
    after = replace(
        _told(before, event),
        priority=_priority(before, event),
        title=before.title if before.touched else event.title,
        occurrences=max(before.occurrences, event.occurrences)
        if same_opening
        else before.occurrences + event.occurrences,
        facts_hash=before.facts_hash or event.facts_hash,
    )
    entries = [judged(kind, before.evaluation, event, event.title)]
    if after.priority is not before.priority:
        entries.append(reprioritised(before.priority, after.priority, event))
    return _Step(after, tuple(entries))


def _cleared(ticket: TicketState, event: AlertEvent, now: datetime) -> _Step:
    after = _told(ticket, event)
    if ticket.resolved_at is None and event.change is Change.RESOLVED and not ticket.touched:
        after = replace(after, status=Status.RESOLVED, resolved_at=now)
        unwatched = event.evaluation is Evaluation.UNKNOWN
        body = _NOT_WATCHED if unwatched else "Resolved by the monitor."
        entry = judged(EntryKind.RESOLVED, ticket.evaluation, event, body)
        return _Step(after, (entry,))
    if ticket.resolved_at is not None:
        body = "The monitor reports it resolved, too."
    elif event.change is Change.RESOLVED:
        body = "The monitor reports it resolved; it stays open because a person works on it."
    else:
        body = "The monitor finds nothing wrong just now."
    return _Step(after, (judged(EntryKind.CHANGED, ticket.evaluation, event, body),))


def _told(ticket: TicketState, event: AlertEvent) -> TicketState:
    """Return the ticket knowing of the event, nothing else changed."""
    return replace(
        ticket,
        evaluation=ticket.evaluation if _is_frozen(ticket, event) else event.evaluation,
        alert_id=event.alert_id,
        sequence=event.sequence,
    )


def _is_frozen(ticket: TicketState, event: AlertEvent) -> bool:
    """Tell whether the ticket keeps what was known, for the monitor cannot tell any more."""
    return (
        event.evaluation is Evaluation.UNKNOWN
        and event.change is not Change.RESOLVED
        and event.alert_id == ticket.alert_id
        and ticket.evaluation is not Evaluation.OK
    )


def _priority(before: TicketState, event: AlertEvent) -> Priority:
    """Return the ticket's priority after the event.

    The monitor's as long as no person touched the ticket; afterwards it only rises, and only
    when the evaluation got graver: what a person set is not undone by a repetition.
    """
    if not before.touched:
        return event.priority
    raises = _graver(before, event) and _URGENCY[event.priority] > _URGENCY[before.priority]
    return event.priority if raises else before.priority


def _graver(before: TicketState, event: AlertEvent) -> bool:
    """Tell whether the event is news of something worse; not to know is not worse."""
    if event.evaluation is Evaluation.UNKNOWN:
        return False
    return _GRAVITY[event.evaluation] > _GRAVITY[before.evaluation]
