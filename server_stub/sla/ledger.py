"""What each clock of a ticket shows and why: computed from the timeline, never counted.

A ledger is a pure function of the ticket's events, the policy and ``now``. The rules:

1. A clock counts while the ticket's status lets it run **and** the calendar has working time.
2. A change of priority, type or policy makes another promise from then on: what was counted
   stays counted, as it was counted then, pauses included; only the target and the calendar of
   the time to come are new. A promise cannot have been broken before it was made: when the new
   target is used up already, it is due at the change.
3. A response clock stops for good at the first act that its target accepts; any clock stops
   while the status says so and goes on when the ticket is reopened. A stopped clock keeps the
   promise under which it stopped.
4. It is due at the first instant at which the target is used up; work at that very instant is
   in time. Once passed, a due time stays where it is, whatever the status does.
5. ``breached_at`` is the first due time that passed, kept when a later promise is wider.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from agent.protocol.words import Status
from server_stub.sla.account import ClockLedger, Interval, Span, State
from server_stub.sla.calendar import Calendar
from server_stub.sla.terms import ClockName, Mode, Policy, Row, StoppedBy, Target, Traits

__all__ = ["Act", "ClockLedger", "Event", "Interval", "State", "ledger"]


class Act(StrEnum):
    """What an event means to a client who waits for an answer.

    ``SYSTEM``: done by the server, the monitor or the client. ``ACKNOWLEDGEMENT``: the
    automatic confirmation went out. ``TOUCH``: a technician did something to the ticket.
    ``ANSWER``: a technician replied or called.
    """

    SYSTEM = "system"
    ACKNOWLEDGEMENT = "acknowledgement"
    TOUCH = "touch"
    ANSWER = "answer"


_ACCEPTED = {
    StoppedBy.PERSON: frozenset({Act.ANSWER}),
    StoppedBy.TOUCH: frozenset({Act.ANSWER, Act.TOUCH}),
    StoppedBy.ACKNOWLEDGEMENT: frozenset({Act.ANSWER, Act.ACKNOWLEDGEMENT}),
}
_NOTHING = timedelta()


class Event(NamedTuple):
    """One entry of a timeline, as far as clocks care. Empty words change nothing.

    The first event opens the ticket. ``policy`` is the version that holds from then on.
    """

    at: datetime
    act: Act = Act.SYSTEM
    status: str = ""
    priority: str = ""
    type: str = ""
    level: str = ""
    policy: Policy | None = None


class _Stretch(NamedTuple):
    """Time from one event to the next: what held of the ticket. ``act`` is the first event's."""

    start: datetime
    end: datetime
    act: Act
    status: str
    row: Row | None
    policy: Policy


def ledger(
    policy: Policy, opened: Traits, events: Iterable[Event], now: datetime, zone: str = "UTC"
) -> list[ClockLedger]:
    """Return the account of each clock of a ticket at ``now``.

    ``opened`` is what the ticket was when it was opened, ``events`` its timeline in the order
    written (later ones than ``now`` are left out), ``zone`` its site's time zone. Clocks for
    which the ticket has no target are left out. Raises ZoneError for a zone that does not exist.
    """
    known = sorted((event for event in events if event.at <= now), key=lambda event: event.at)
    stretches = list(_stretches(policy, opened, known, now))
    accounts = (_account(name, stretches, zone, now) for name in ClockName)
    return [account for account in accounts if account]


def _stretches(
    policy: Policy, traits: Traits, events: list[Event], now: datetime
) -> Iterator[_Stretch]:
    status: str = Status.NEW
    row = policy.row(traits)
    for number, event in enumerate(events, 1):
        status = event.status or status
        if event.policy or event.priority or event.type or event.level:
            policy = event.policy or policy
            traits = traits._replace(
                priority=event.priority or traits.priority,
                type=event.type or traits.type,
                level=event.level or traits.level,
            )
            row = policy.row(traits)
        end = events[number].at if number < len(events) else now
        yield _Stretch(event.at, end, event.act, status, row, policy)


@dataclass(slots=True)
class _Count:
    """One clock while its stretches are told in order; the rules are the module's."""

    name: ClockName
    zone: str
    since: datetime
    status: str = ""
    target: Target | None = None
    row: Row | None = None
    policy: Policy | None = None
    mode: Mode = Mode.RUNNING
    elapsed: timedelta = _NOTHING
    due_at: datetime | None = None
    breached_at: datetime | None = None
    stopped_at: datetime | None = None
    is_late: bool = False
    spans: list[Span] = field(default_factory=list)

    def take(self, piece: _Stretch) -> bool:
        """Count one stretch; False when the clock stopped for good at its beginning."""
        target = piece.row.targets.get(self.name) if piece.row else None
        if self._is_answered(piece, target):
            if not self.target:
                self._promise(piece, target)
            self.stopped_at = self.stopped_at or piece.start
            return False
        mode = piece.policy.stage(piece.status).modes[self.name]
        if (mode, piece.status) != (self.mode, self.status):
            self.mode, self.status, self.since = mode, piece.status, piece.start
        if mode is not Mode.STOPPED or not self.target:
            self._promise(piece, target)
        self.stopped_at = (self.stopped_at or piece.start) if mode is Mode.STOPPED else None
        calendar = piece.policy.calendar(target.calendar, self.zone) if target else None
        if target and calendar and mode is Mode.RUNNING:
            self._run(piece, target, calendar)
        elif mode is Mode.PAUSED and not self.is_late:
            self.due_at = None
        self._note(Span(piece.start, piece.end, mode, calendar, *piece[3:]))
        return True

    def _is_answered(self, piece: _Stretch, target: Target | None) -> bool:
        if self.name is not ClockName.RESPONSE:
            return False
        return piece.act in _ACCEPTED[target.stopped_by if target else piece.policy.stopped_by]

    def _promise(self, piece: _Stretch, target: Target | None) -> None:
        """Take up the promise in force; another one is judged anew, what was counted stays."""
        before = self.target
        self.target, self.row, self.policy = target, piece.row, piece.policy
        if target is before:
            return
        if target and before and target[:2] == before[:2]:
            return
        self.due_at, self.is_late = None, False

    def _run(self, piece: _Stretch, target: Target, calendar: Calendar) -> None:
        if not self.is_late:
            left = target.within - self.elapsed
            self.due_at = calendar.add(piece.start, left) if left > _NOTHING else piece.start
        if self.due_at and piece.end > self.due_at:
            self.is_late = True
            self.breached_at = self.breached_at or self.due_at
        self.elapsed += calendar.between(piece.start, piece.end)

    def _note(self, span: Span) -> None:
        if span.start == span.end:
            return
        if self.spans and self.spans[-1][2:] == span[2:]:
            span = span._replace(start=self.spans.pop().start)
        self.spans.append(span)

    def state(self) -> State:
        """Return what the clock does after all that was told."""
        if self.stopped_at:
            return State.STOPPED
        if self.mode is Mode.PAUSED:
            return State.PAUSED
        return State.BREACHED if self.is_late else State.RUNNING


def _account(
    name: ClockName, stretches: list[_Stretch], zone: str, now: datetime
) -> ClockLedger | None:
    """Return the account of one clock; None when nothing is promised."""
    if not stretches:
        return None
    count = _Count(name, zone, stretches[0].start)
    for piece in stretches:
        if not count.take(piece):
            break
    if not (count.target and count.row and count.policy):
        return None
    end = count.stopped_at or now
    spans = tuple(s._replace(end=min(s.end, end)) for s in count.spans if s.start < end)
    return ClockLedger(
        name=name,
        at=now,
        zone=zone,
        target=count.target,
        row=count.row,
        policy=count.policy,
        calendar=count.policy.calendar(count.target.calendar, zone),
        state=count.state(),
        status=count.status,
        since=count.since,
        started_at=stretches[0].start,
        stopped_at=count.stopped_at,
        due_at=count.due_at,
        breached_at=count.breached_at,
        is_late=count.is_late,
        elapsed=count.elapsed,
        spans=spans,
    )
