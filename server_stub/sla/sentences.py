"""How a clock stands and why, in the plain sentences that people read."""

from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING

from server_stub.sla.promise import said
from server_stub.sla.spans import State, Why
from server_stub.sla.terms import ClockName, Kind, Mode
from server_stub.sla.wording import length, moment, stretch, working

if TYPE_CHECKING:
    from server_stub.sla.account import ClockLedger

_DONE = {
    ClockName.RESPONSE: "given",
    ClockName.REVIEW: "done",
    ClockName.RESOLUTION: "reached",
    ClockName.PROGRESS: "ended",
    ClockName.DWELL: "ended",
}


def sentence(ledger: "ClockLedger", wall: tzinfo) -> str:
    """Return how a clock stands.

    Such as ``Response: due Monday 09:30 (in 2 working hours); 30 min of 1 h used; stands still
    until Monday 09:00 (weekend).``
    """
    used = _used(ledger)
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


def _used(ledger: "ClockLedger") -> str:
    if ledger.within is None:
        return f"no date is set yet by the {ledger.target.set_by}"
    return f"{length(ledger.elapsed)} of {length(ledger.within)} used"


def promised(ledger: "ClockLedger") -> str:
    """Return what is promised: ``4 h of the calendar office``."""
    within = "" if ledger.within is None else f"{length(ledger.within)} of {_time_of(ledger)}"
    if ledger.target.kind is Kind.TIME:
        aim = f", aimed at {length(ledger.target.aim)}" if ledger.target.aim else ""
        return within + aim
    return f"{said(ledger.target)}{f' ({within})' if within else ''}"


def explain(ledger: "ClockLedger", wall: tzinfo) -> list[str]:
    """Return the account line by line: the promise, each interval and why, the sum."""
    policy = f"“{ledger.policy.title}” ({ledger.policy.hash[:8]})"
    lines = [f"Promised: {promised(ledger)}, by {ledger.row} of {policy}."]
    basis = ""
    told = 1
    for piece in ledger.intervals:
        if piece.round != told:
            told = piece.round
            lines.append(f"{moment(piece.start, ledger.at, wall)}: it begins anew.")
        counted = length(piece.end - piece.start, exact=True)
        verdict = f"{counted} counted" if piece.counted else "not counted"
        change = f"; {piece.row}" if piece.row != basis else ""
        basis = piece.row
        when = stretch(piece.start, piece.end, wall)
        lines.append(f"{when}: {verdict} ({piece.why}{change}).")
    total = length(ledger.elapsed, exact=True)
    of = "" if ledger.within is None else f" of {length(ledger.within)}"
    return [*lines, f"Sum{' since it began anew' if told > 1 else ''}: {total}{of}."]


def _running(ledger: "ClockLedger", wall: tzinfo, used: str) -> str:
    if ledger.due_at is None:
        return used
    if ledger.due_at == ledger.at:
        return f"due now; {used}"
    due = moment(ledger.due_at, ledger.at, wall)
    left = _left(ledger)
    return f"due {due} (in {left}); {used}{_standing(ledger, wall)}"


def _breached(ledger: "ClockLedger", wall: tzinfo, used: str) -> str:
    over = f" (by {_left(ledger)})" if ledger.remaining else ""
    return f"{_overdue(ledger, wall)}{over}; {used}{_standing(ledger, wall)}"


def _paused(ledger: "ClockLedger", wall: tzinfo, used: str) -> str:
    assert ledger.stage is not None  # noqa: S101 - it pauses in one
    if ledger.spans and ledger.spans[-1].why is Why.UNANSWERED:
        return f"begins with the first answer; then {promised(ledger)}"
    since = f"{moment(ledger.since, ledger.at, wall)} (status {ledger.stage.title})"
    if ledger.is_late:
        return f"{_overdue(ledger, wall)}, paused since {since}; {used}"
    if ledger.within is None:
        return f"paused since {since}; {used}"
    return f"paused since {since}; {used}, {_left(ledger)} left"


def _stopped(ledger: "ClockLedger", wall: tzinfo, used: str) -> str:
    assert ledger.stopped_at is not None  # noqa: S101 - this is what stopped means
    done = _done(ledger, moment(ledger.stopped_at, ledger.at, wall))
    if not ledger.is_late:
        return f"{done}, in time; {used}"
    assert ledger.due_at is not None  # noqa: S101 - late by a due time
    late = ledger.calendar.between(ledger.due_at, ledger.stopped_at)
    by = f"{working(late, plain=_is_plain(ledger))} late" if late else "late"
    return f"{done}, {by} (due {moment(ledger.due_at, ledger.at, wall)}); {used}"


def _done(ledger: "ClockLedger", when: str) -> str:
    ends_by_act = ledger.name in (ClockName.RESPONSE, ClockName.REVIEW)
    if ends_by_act and ledger.stage and ledger.stage.modes[ledger.name] is Mode.STOPPED:
        return f"not needed since {when} (status {ledger.stage.title})"
    return f"{_DONE[ledger.name]} {when}"


def _left(ledger: "ClockLedger") -> str:
    return working(ledger.remaining or timedelta(), plain=_is_plain(ledger))


def _overdue(ledger: "ClockLedger", wall: tzinfo) -> str:
    assert ledger.due_at is not None  # noqa: S101 - late by a due time
    return f"overdue since {moment(ledger.due_at, ledger.at, wall)}"


def _standing(ledger: "ClockLedger", wall: tzinfo) -> str:
    """Return until when a running clock stands still for want of working time, and why."""
    opens = ledger.calendar.opens_at(ledger.at)
    if opens == ledger.at:
        return ""
    why = ledger.calendar.why_closed(ledger.at, opens)
    return f"; stands still until {moment(opens, ledger.at, wall)} ({why})"


def _time_of(ledger: "ClockLedger") -> str:
    return "clock time" if _is_plain(ledger) else f"the calendar {ledger.target.calendar}"


def _is_plain(ledger: "ClockLedger") -> bool:
    return ledger.calendar.hours.is_always
