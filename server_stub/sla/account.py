"""The account of one clock: every interval and why it counted, and how it stands in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from server_stub.sla.calendar import Calendar
from server_stub.sla.terms import ClockName, Mode, Policy, Row, Target
from server_stub.sla.wording import length, moment, stretch, working
from server_stub.sla.zones import zone_of

_DONE = {
    ClockName.RESPONSE: "given",
    ClockName.REVIEW: "done",
    ClockName.RESOLUTION: "reached",
    ClockName.PROGRESS: "ended",
    ClockName.DWELL: "ended",
}


class State(StrEnum):
    """What a clock does at the instant of its ledger; ``breached`` is running and overdue."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    BREACHED = "breached"


class Interval(NamedTuple):
    """A piece of a clock's life: whether it counted, and why, in words.

    ``row`` (in words) and ``policy`` (its hash) are the promise that was in force.
    """

    start: datetime
    end: datetime
    counted: bool
    why: str
    status: str
    row: str
    policy: str


class Span(NamedTuple):
    """Time in which nothing changed for one clock; no ``calendar``: nothing was promised."""

    start: datetime
    end: datetime
    mode: Mode
    calendar: Calendar | None
    status: str
    row: Row | None
    policy: Policy


@dataclass(frozen=True, slots=True)
class ClockLedger:
    """The account of one clock at the instant ``at``; times of day are told in ``zone``.

    ``due_at`` is None while nothing can become due (paused and not yet overdue). ``is_late``:
    the present promise is broken; ``breached_at``: when a promise was broken first. ``elapsed``
    is the time that counted. ``status`` is the one last told to the clock, ``since`` its time.
    """

    name: ClockName
    at: datetime
    zone: str
    target: Target
    row: Row
    policy: Policy
    calendar: Calendar
    state: State
    status: str
    since: datetime
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    breached_at: datetime | None
    is_late: bool
    elapsed: timedelta
    spans: tuple[Span, ...]

    @property
    def remaining(self) -> timedelta:
        """Return what is left of the target, negative when more was used."""
        return self.target.within - self.elapsed

    @property
    def intervals(self) -> list[Interval]:
        """Return the clock's life piece by piece, without gaps, until it stopped or ``at``.

        The counted ones add up to ``elapsed`` exactly.
        """
        return [piece for span in self.spans for piece in _intervals(self.name, span)]

    def sentence(self, zone: str = "") -> str:
        """Return how the clock stands in one plain sentence, times in ``zone`` (the site's)."""
        return _sentence(self, zone_of(zone or self.zone))

    def explain(self, zone: str = "") -> list[str]:
        """Return the account line by line: the promise, each interval and why, the sum."""
        return _explain(self, zone_of(zone or self.zone))


def _intervals(name: ClockName, span: Span) -> Iterator[Interval]:
    """Yield the pieces of one span: working time counts, all else tells why not."""
    row = str(span.row) if span.row else ""
    piece = partial(Interval, status=span.status, row=row, policy=span.policy.hash)
    if span.mode is Mode.RUNNING and span.calendar:
        hours = span.calendar.hours
        counted = "clock time" if hours.is_always else f"calendar {hours.name}"
        at = span.start
        for start, end in [*span.calendar.segments(span.start, span.end), (span.end, span.end)]:
            if at < start:
                why = span.calendar.why_closed(at, start)
                yield piece(at, start, counted=False, why=why)
            if start < end:
                yield piece(start, end, counted=True, why=counted)
            at = end
        return
    if span.calendar:
        verb = "pauses" if span.mode is Mode.PAUSED else "stops"
        why = f"status {span.status} {verb} the clock"
    else:
        why = f"no {name} promised" + (f" by {row}" if row else "")
    yield piece(span.start, span.end, counted=False, why=why)


def _sentence(ledger: ClockLedger, wall: tzinfo) -> str:
    """Return how a clock stands.

    Such as ``Response: due Monday 09:30 (in 2 working hours); 30 min of 1 h used; stands still
    until Monday 09:00 (weekend).``
    """
    used = f"{length(ledger.elapsed)} of {length(ledger.target.within)} used"
    tell = {
        State.RUNNING: _running,
        State.BREACHED: _breached,
        State.PAUSED: _paused,
        State.STOPPED: _stopped,
    }[ledger.state]
    said = f"{ledger.name.capitalize()}: {tell(ledger, wall, used)}"
    if ledger.breached_at and not ledger.is_late:
        broken = moment(ledger.breached_at, ledger.at, wall)
        said += f"; overdue since {broken} by an earlier promise"
    return f"{said}."


def _explain(ledger: ClockLedger, wall: tzinfo) -> list[str]:
    within = length(ledger.target.within)
    policy = f"“{ledger.policy.title}” ({ledger.policy.hash[:8]})"
    lines = [f"Promised: {within} of {_time_of(ledger)}, by {ledger.row} of {policy}."]
    basis = ""
    for piece in ledger.intervals:
        counted = length(piece.end - piece.start, exact=True)
        verdict = f"{counted} counted" if piece.counted else "not counted"
        change = f"; {piece.row}" if piece.row != basis else ""
        basis = piece.row
        when = stretch(piece.start, piece.end, wall)
        lines.append(f"{when}: {verdict} ({piece.why}{change}).")
    total = length(ledger.elapsed, exact=True)
    return [*lines, f"Sum: {total} of {within}."]


def _running(ledger: ClockLedger, wall: tzinfo, used: str) -> str:
    assert ledger.due_at is not None  # noqa: S101 - a running clock is due some time
    if ledger.due_at == ledger.at:
        return f"due now; {used}"
    due = moment(ledger.due_at, ledger.at, wall)
    left = working(ledger.remaining, plain=_is_plain(ledger))
    return f"due {due} (in {left}); {used}{_standing(ledger, wall)}"


def _breached(ledger: ClockLedger, wall: tzinfo, used: str) -> str:
    over = f" (by {working(ledger.remaining, plain=_is_plain(ledger))})" if ledger.remaining else ""
    return f"{_overdue(ledger, wall)}{over}; {used}{_standing(ledger, wall)}"


def _paused(ledger: ClockLedger, wall: tzinfo, used: str) -> str:
    since = f"{moment(ledger.since, ledger.at, wall)} (status {ledger.status})"
    if ledger.is_late:
        return f"{_overdue(ledger, wall)}, paused since {since}; {used}"
    left = working(ledger.remaining, plain=_is_plain(ledger))
    return f"paused since {since}; {used}, {left} left"


def _stopped(ledger: ClockLedger, wall: tzinfo, used: str) -> str:
    assert ledger.stopped_at is not None  # noqa: S101 - this is what stopped means
    done = _done(ledger, moment(ledger.stopped_at, ledger.at, wall))
    if not ledger.is_late:
        return f"{done}, in time; {used}"
    assert ledger.due_at is not None  # noqa: S101 - late by a due time
    late = ledger.calendar.between(ledger.due_at, ledger.stopped_at)
    by = f"{working(late, plain=_is_plain(ledger))} late" if late else "late"
    return f"{done}, {by} (due {moment(ledger.due_at, ledger.at, wall)}); {used}"


def _done(ledger: ClockLedger, when: str) -> str:
    told = ledger.policy.stages.get(ledger.status)  # none: answered as it came
    if ledger.name is ClockName.RESPONSE and told and told.modes[ledger.name] is Mode.STOPPED:
        return f"not needed since {when} (status {ledger.status})"
    return f"{_DONE[ledger.name]} {when}"


def _overdue(ledger: ClockLedger, wall: tzinfo) -> str:
    assert ledger.due_at is not None  # noqa: S101 - late by a due time
    return f"overdue since {moment(ledger.due_at, ledger.at, wall)}"


def _standing(ledger: ClockLedger, wall: tzinfo) -> str:
    """Return until when a running clock stands still for want of working time, and why."""
    opens = ledger.calendar.opens_at(ledger.at)
    if opens == ledger.at:
        return ""
    why = ledger.calendar.why_closed(ledger.at, opens)
    return f"; stands still until {moment(opens, ledger.at, wall)} ({why})"


def _time_of(ledger: ClockLedger) -> str:
    return "clock time" if _is_plain(ledger) else f"the calendar {ledger.target.calendar}"


def _is_plain(ledger: ClockLedger) -> bool:
    return ledger.calendar.hours.is_always
