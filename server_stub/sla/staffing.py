"""Whether somebody's hours stand behind what a policy promises."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from agent.protocol.words import Priority
from server_stub.sla.document import Problem
from server_stub.sla.terms import ClockName, Kind, Level, Policy, Row, Target
from server_stub.sla.wording import clock_time, length
from server_stub.sla.working_hours import ROUND_THE_CLOCK, WEEKDAYS, Segments, WorkingHours

_DAY = timedelta(days=1)


def hours_problems(policy: Policy) -> Iterator[Problem]:
    """Yield promises for hours in which nobody works, and hours that may not be meant so."""
    yield from _nobody(policy)
    yield from _unreachable(policy)
    yield from _days_off(policy)
    yield from _first_contact(policy)
    yield from _long_hours(policy)


def _hours(policy: Policy, name: str) -> WorkingHours:
    return ROUND_THE_CLOCK if name == ROUND_THE_CLOCK.name else policy.calendars[name]


def _is_always(policy: Policy, name: str) -> bool:
    return bool(name) and _hours(policy, name).is_always


def _pressing(policy: Policy, row: Row) -> list[str]:
    """Return the clocks of a row that may be due in any night."""
    return [
        clock
        for clock, target in row.targets.items()
        if target.kind is Kind.TIME and target.within < _DAY and _is_always(policy, target.calendar)
    ]


def _nobody(policy: Policy) -> Iterator[Problem]:
    for row in policy.rows:
        clocks = _pressing(policy, row)
        if clocks and not any(_takes(policy, level, row) for level in policy.levels.values()):
            told = f"{row} promises {', '.join(clocks)} round the clock, and no level"
            yield Problem(row.line, row.column, f"{told} that takes such tickets works then")


def _takes(policy: Policy, level: Level, row: Row) -> bool:
    return _is_always(policy, level.calendar) and _overlap(level.takes, row.when)


def _overlap(one: Mapping[str, tuple[str, ...]], other: Mapping[str, tuple[str, ...]]) -> bool:
    return all(set(one[name]) & set(other[name]) for name in one.keys() & other.keys())


def _unreachable(policy: Policy) -> Iterator[Problem]:
    """Yield promises round the clock to people whose way to the desk is closed at night."""
    shut = {c: name for c, name in policy.channels.items() if not _is_always(policy, name)}
    for row in policy.rows:
        if ClockName.RESPONSE in _pressing(policy, row):
            for channel, name in shut.items():
                if _overlap({"source": (channel,)}, row.when):
                    told = f"{row} promises a response round the clock, {channel} has the hours of"
                    yield Problem(row.line, row.column, f"{told} {name}")


def _days_off(policy: Policy) -> Iterator[Problem]:
    """Yield days on which what presses less is worked on and what presses more is not."""
    for level in policy.levels.values():
        for other in policy.levels.values():
            more, less = _first(level), _first(other)
            if more is None or less is None or more >= less:
                continue
            if not (level.calendar and other.calendar):
                continue
            week, theirs = (_hours(policy, each.calendar).week for each in (level, other))
            days = [d for d, a, b in zip(WEEKDAYS, week, theirs, strict=True) if b and not a]
            if days:
                words = list(Priority)
                told = (
                    f"{level.name} takes {words[more]} and does not work on {' and '.join(days)}, "
                    f"when {other.name} works on {words[less]} tickets"
                )
                yield Problem(level.line, level.column, told)


def _first(level: Level) -> int | None:
    """Return how pressing the most pressing priority is that a level takes; 0 is the most."""
    words = level.takes.get("priority", ())
    return min((list(Priority).index(Priority(word)) for word in words), default=None)


def _first_contact(policy: Policy) -> Iterator[Problem]:
    first = policy.levels.get(policy.procedure.first_contact)
    if first is None or not first.calendar:
        return
    ours = _hours(policy, first.calendar).week
    for level in policy.levels.values():
        if level is first or not level.takes or not level.calendar:
            continue
        theirs = _hours(policy, level.calendar).week
        shut = [
            (day, *span)
            for day, a, b in zip(WEEKDAYS, ours, theirs, strict=True)
            if (span := _uncovered(b, a))
        ]
        if shut:
            day, start, end = shut[len(shut) > 1]
            told = (
                f"{level.name} works when {first.name}, who make the first contact, do not: "
                f"{day} {clock_time(start)}–{clock_time(end)}, for example, nobody may answer"
            )
            yield Problem(level.line, level.column, told)


def _uncovered(segments: Segments, by: Segments) -> tuple[int, int] | None:
    """Return the first span of minutes that is in ``segments`` and not ``by``."""
    for start, end in segments:
        at = start
        for opens, closes in by:
            if opens > at:
                return at, min(end, opens)
            at = max(at, closes)
            if at >= end:
                break
        if at < end:
            return at, end
    return None


def _long_hours(policy: Policy) -> Iterator[Problem]:
    """Yield targets in hours that are longer than a working day."""
    for row in policy.rows:
        for clock, target in row.targets.items():
            if day := _longer_than(policy, target):
                days, rest = divmod(target.within, day)
                more = f" and {length(rest)}" if rest else ""
                told = (
                    f"{row}: {target.written} of {target.calendar} for {clock} is {days} "
                    f"working day{'s' if days > 1 else ''}{more}: if hours by the clock are meant, "
                    "write calendar: clock; if days, days"
                )
                yield Problem(row.line, row.column, told)


def _longer_than(policy: Policy, target: Target) -> timedelta | None:
    """Return the day that a target in hours is longer than; None when it is not."""
    hours = _hours(policy, target.calendar)
    day = hours.day_length
    if target.kind is not Kind.TIME or hours.is_always or "d" in target.written or not day:
        return None
    return day if target.within > day else None
