"""One clock while the stretches of a ticket's life are told to it; the rules are ``ledger``'s."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from server_stub.sla.calendar import Calendar
from server_stub.sla.events import Act, Stretch
from server_stub.sla.promise import amount
from server_stub.sla.spans import Span, State, Why
from server_stub.sla.terms import (
    ClockName,
    Kind,
    Mode,
    Policy,
    RestartedBy,
    Row,
    Stage,
    Starts,
    StoppedBy,
    Target,
)

_ANSWERS = frozenset({Act.ANSWER, Act.REVIEW})
_TOLD = _ANSWERS | {Act.UPDATE}
_ACCEPTED = {
    StoppedBy.PERSON: _ANSWERS,
    StoppedBy.TOUCH: _ANSWERS | {Act.TOUCH, Act.CONSULTATION},
    StoppedBy.ACKNOWLEDGEMENT: _ANSWERS | {Act.ACKNOWLEDGEMENT},
    StoppedBy.REVIEW: frozenset({Act.REVIEW}),
}
_END_BY_ACT = frozenset({ClockName.RESPONSE, ClockName.REVIEW})
_BEGIN_ANEW = frozenset({ClockName.PROGRESS, ClockName.DWELL})
_NOTHING = timedelta()
# Bound once: Python 3.11 takes 0.17 µs to find an enum's member, and these are asked all the time.
_RUNNING, _PAUSED, _STOPPED = Mode.RUNNING, Mode.PAUSED, Mode.STOPPED
_PROGRESS, _DWELL = ClockName.PROGRESS, ClockName.DWELL
_TIME, _SET = Kind.TIME, Kind.SET
_BY_ITSELF, _STAGE = Act.SYSTEM, Why.STAGE

_Told = tuple[Mode, Calendar | None, Stage, Row | None, Policy, int, Why]
"""A span but for its time."""


class Broken(NamedTuple):
    """One promise that was not kept: when it was due, and which it was."""

    name: ClockName
    at: datetime
    target: Target
    row: Row
    policy: Policy
    round: int


@dataclass(slots=True)
class Count:
    """One clock while its stretches are told in order; the rules are the module's.

    ``began_at`` is the beginning of the round, ``key`` tells one promise from another;
    ``ahead``: it is due when so much of a calendar is worked from an instant on;
    ``counts_back``: a reopening makes the time since ``stopped_at`` count.
    """

    name: ClockName
    zone: str
    opened_at: datetime
    since: datetime
    began_at: datetime
    stage: Stage | None = None
    level: str = ""
    target: Target | None = None
    row: Row | None = None
    policy: Policy | None = None
    key: tuple[object, ...] | None = None
    within: timedelta | None = None
    mode: Mode = Mode.RUNNING
    elapsed: timedelta = _NOTHING
    due_at: datetime | None = None
    ahead: tuple[Calendar, datetime, timedelta] | None = None
    breached_at: datetime | None = None
    broken: list[Broken] = field(default_factory=list)
    stopped_at: datetime | None = None
    is_late: bool = False
    is_answered: bool = False
    counts_back: bool = False
    round: int = 1
    spans: list[Span] = field(default_factory=list)

    def take(self, piece: Stretch) -> bool:
        """Count one stretch; False when the clock stopped for good at its beginning."""
        target = piece.row.targets.get(self.name) if piece.row else None
        by_somebody = piece.act is not _BY_ITSELF
        if by_somebody and piece.act in _ANSWERS:
            self.is_answered = True
        if by_somebody and self.name in _END_BY_ACT and self._ends(piece, target):
            if not self.target:
                self._promise(piece, target)
            self.stopped_at = self.stopped_at or piece.start
            return False
        mode = piece.stage.modes[self.name]
        is_progress = self.name is _PROGRESS
        waits = is_progress and mode is _RUNNING and self._waits(target)
        self._enter(piece, target, _PAUSED if waits else mode)
        calendar = piece.policy.calendar(target.calendar, self.zone) if target else None
        if calendar is not None and self.mode is _RUNNING:
            self._run(piece.start, piece.end, calendar, piece.worked(calendar))
        elif self.mode is _PAUSED and not self.is_late:
            self._forget_due()
        if piece.start != piece.end:
            known = (piece.stage, piece.row, piece.policy)
            why = Why.UNANSWERED if waits else _STAGE
            self._note(piece.start, piece.end, (self.mode, calendar, *known, self.round, why))
        return True

    def _enter(self, piece: Stretch, target: Target | None, mode: Mode) -> None:
        """Stop, pause or go on, anew or not, by what holds from here on."""
        if mode is not _STOPPED:
            if self.stopped_at:
                self._reopen(piece.start)
            if self.name in _BEGIN_ANEW and self._restarts(piece, target):
                self._restart(piece.start)
            self.level = piece.level
        if mode is not self.mode or (piece.stage is not self.stage and piece.stage != self.stage):
            self.mode, self.stage, self.since = mode, piece.stage, piece.start
        if mode is not _STOPPED or not self.target:
            self._promise(piece, target)
        elif self.stopped_at is None and self.policy:
            self.counts_back = self.name is ClockName.RESOLUTION and self.policy.resolved_counts
        self.stopped_at = (self.stopped_at or piece.start) if mode is _STOPPED else None

    def _ends(self, piece: Stretch, target: Target | None) -> bool:
        """Tell whether an act stops a clock that acts stop."""
        switch = StoppedBy.REVIEW if self.name is ClockName.REVIEW else piece.policy.stopped_by
        return piece.act in _ACCEPTED[target.stopped_by if target else switch]

    def _waits(self, target: Target | None) -> bool:
        """Tell whether a progress clock has not begun, for want of a first answer."""
        answered = target is None or target.starts is Starts.OPENED or self.is_answered
        return not answered

    def _restarts(self, piece: Stretch, target: Target | None) -> bool:
        if self.name is _PROGRESS:
            return piece.act in _TOLD
        if self.name is not _DWELL:
            return False
        if self.level != piece.level:
            return True
        by_act = target is not None and target.restarted_by is RestartedBy.CONSULTATION
        return by_act and piece.act is Act.CONSULTATION

    def _restart(self, at: datetime) -> None:
        if self.elapsed or self.is_late:
            self.round += 1
        self.began_at, self.elapsed, self.key = at, _NOTHING, None
        self.within = None
        self._forget_due()

    def _reopen(self, at: datetime) -> None:
        """Count the time since a resolution that did not last, where the policy says so."""
        stopped, self.stopped_at = self.stopped_at, None
        counts_back, self.counts_back = self.counts_back, False
        if not (counts_back and stopped and self.stage and self.target and self.policy):
            return
        while self.spans and self.spans[-1].end > stopped:
            last = self.spans.pop()
            if last.start < stopped:  # told alike before it stopped anew, so one span
                self.spans.append(last._replace(end=stopped))
        calendar = self.policy.calendar(self.target.calendar, self.zone)
        self._run(stopped, at, calendar, calendar.between(stopped, at))
        if stopped != at:
            known = (self.stage, self.row, self.policy, self.round)
            self._note(stopped, at, (_RUNNING, calendar, *known, Why.REOPENED))

    def _promise(self, piece: Stretch, target: Target | None) -> None:
        """Take up the promise in force; another one is judged anew, what was counted stays."""
        is_kept = self.key is not None and target is self.target and piece.policy is self.policy
        self.target, self.row, self.policy = target, piece.row, piece.policy
        if is_kept and target and target.kind is not _SET:
            return
        within, key = self._judged_by(target, piece)
        if key == self.key:
            return
        self.key, self.within = key, within
        self._forget_due()

    def _judged_by(
        self, target: Target | None, piece: Stretch
    ) -> tuple[timedelta | None, tuple[object, ...] | None]:
        """Return how much time a target is, and what tells it from another promise."""
        if target is None:
            return None, None
        if target.kind is _TIME:
            return target.within, (target.within, target.calendar)
        if target.kind is not _SET:
            within = amount(piece.policy, target, self.began_at, self.zone)
            return within, (within, target.calendar)
        date = piece.dates.get(self.name)
        left = None if date is None else self.elapsed + max(_NOTHING, date - piece.start)
        return left, (_SET, date)

    def _run(self, start: datetime, end: datetime, calendar: Calendar, counted: timedelta) -> None:
        """Count what was worked; when it is due is reckoned at the end, unless that is over."""
        if self.within is not None and not self.is_late:
            left = self.within - self.elapsed
            if left > counted:
                self.due_at, self.ahead = None, (calendar, start, left)
            else:
                self.ahead = None
                self.due_at = calendar.add(start, left) if left > _NOTHING else start
                if end > self.due_at:
                    self.is_late = True
                    self.breached_at = self.breached_at or self.due_at
                    self._break(self.due_at)
        self.elapsed += counted

    def _break(self, at: datetime) -> None:
        if self.target and self.row and self.policy:
            promise = (self.target, self.row, self.policy, self.round)
            self.broken.append(Broken(self.name, at, *promise))

    def _forget_due(self) -> None:
        self.due_at, self.ahead, self.is_late = None, None, False

    def due(self) -> datetime | None:
        """Return when it is due after all that was told; None when nothing can become due."""
        if self.ahead is None:
            return self.due_at
        calendar, start, left = self.ahead
        return calendar.add(start, left)

    def _note(self, start: datetime, end: datetime, told: _Told) -> None:
        """Add a span; one that is told like the last one prolongs it."""
        spans = self.spans
        if spans and spans[-1][2:] == told:
            start = spans.pop().start
        mode, calendar, stage, row, policy, number, why = told
        spans.append(Span(start, end, mode, calendar, stage, row, policy, number, why))

    def state(self) -> State:
        """Return what the clock does after all that was told."""
        if self.stopped_at:
            return State.STOPPED
        if self.mode is _PAUSED:
            return State.PAUSED
        return State.BREACHED if self.is_late else State.RUNNING
