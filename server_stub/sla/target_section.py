"""The sections ``clocks`` and ``targets`` of a policy file."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from agent.protocol.words import Priority, Source
from server_stub.sla.calendar import LONGEST_YEARS
from server_stub.sla.document import Document, Length, Node, is_mapping, is_word, place
from server_stub.sla.procedure import ClockName
from server_stub.sla.targets import (
    CONDITIONS,
    IMPORTANCES,
    Kind,
    RestartedBy,
    Row,
    Starts,
    StoppedBy,
    Target,
)
from server_stub.sla.working_hours import ROUND_THE_CLOCK, WorkingHours

_NEEDED = (ClockName.RESPONSE, ClockName.RESOLUTION)
_SWITCHES = {
    ClockName.RESPONSE: ("stopped_by", (StoppedBy.PERSON, StoppedBy.TOUCH,
                                        StoppedBy.ACKNOWLEDGEMENT)),
    ClockName.REVIEW: ("stopped_by", (StoppedBy.REVIEW, StoppedBy.PERSON, StoppedBy.TOUCH)),
    ClockName.RESOLUTION: ("resolved_time", ("stands", "counts")),
    ClockName.PROGRESS: ("starts", tuple(Starts)),
    ClockName.DWELL: ("restarted_by", tuple(RestartedBy)),
}  # fmt: skip
"""What can be said of each clock, for all targets or for one; of the resolution for all only."""
_USUAL = {
    ClockName.RESPONSE: "person",
    ClockName.REVIEW: "review",
    ClockName.RESOLUTION: "stands",
    ClockName.PROGRESS: "opened",
    ClockName.DWELL: "consultation",
}
_KINDS = ("within", "end_of_day", "calendar_days", "set_by")
_MOST_DAYS = 366


def read_switches(document: Document, node: Node | None) -> dict[ClockName, str]:
    """Return what the section ``clocks`` says of each clock, or what holds without it."""
    found = dict(_USUAL)
    parts = document.members(node, tuple(ClockName)) if node is not None else {}
    for clock, value in parts.items():
        key, words = _SWITCHES[ClockName(clock)]
        switch = document.members(value, (key,), (key,)).get(key)
        word = document.word(switch, words) if switch is not None else None
        found[ClockName(clock)] = word or found[ClockName(clock)]
    return found


class Named(NamedTuple):
    """What a table of targets may refer to: calendars, switches, types, and levels' numbers."""

    calendars: Mapping[str, WorkingHours]
    switches: Mapping[ClockName, str]
    types: tuple[str, ...] = ()
    levels: Mapping[str, str] = {}


class TargetTable:
    """Reads the table of targets, given what it refers to."""

    def __init__(self, document: Document, named: Named) -> None:
        """Take the calendars by name and what else the file says."""
        self.document = document
        self.named = named
        self.calendars = {**named.calendars, ROUND_THE_CLOCK.name: ROUND_THE_CLOCK}

    def read(self, node: Node) -> tuple[Row, ...]:
        """Return the rows in order; what is wrong with them is noted in the document."""
        return tuple(self._row(n, item) for n, item in enumerate(self.document.items(node), 1))

    def _row(self, number: int, node: Node) -> Row:
        parts = self.document.members(node, ("when", "calendar", *ClockName), _NEEDED)
        calendar = self.calendar(parts.get("calendar"))
        when = self.when(parts["when"]) if "when" in parts else {}
        targets = {}
        for clock in ClockName:
            if clock in parts and (target := self.target(clock, parts[clock], calendar)):
                targets[clock.value] = target
        return Row(number, when, targets, *place(node))

    def when(self, node: Node) -> dict[str, tuple[str, ...]]:
        """Return the words of each condition; those of closed lists are looked at."""
        when = {}
        for name, value in self.document.members(node, CONDITIONS).items():
            known = self._known(name)
            words = [
                self.document.word(item, known) if known else self.document.text(item)
                for item in self.document.items(value)
            ]
            if not words:
                self.document.problem(value, "an empty list matches nothing: leave the line out")
            levels = self.named.levels if name == "level" else {}
            when[name] = tuple(levels.get(word, word) for word in words if word)
        return when

    def _known(self, name: str) -> tuple[str, ...]:
        if name in {"during", "outside"}:
            return tuple(self.named.calendars)
        if name == "level" and self.named.levels:
            return (*self.named.levels, *self.named.levels.values())
        closed = {
            "source": tuple(Source),
            "priority": tuple(Priority),
            "importance": IMPORTANCES,
            "type": self.named.types,
        }
        return closed.get(name, ())

    def target(self, clock: ClockName, node: Node, calendar: str | None) -> Target | None:
        """Return a promise, written as a duration, a mapping, ``end_of_day`` or ``none``."""
        if is_word(node, "none"):
            return None
        parts: dict[str, Node] = {}
        if is_mapping(node):
            parts = self.document.members(node, self._members(clock))
            calendar = self.calendar(parts.get("calendar")) or calendar
        elif not is_word(node, Kind.END_OF_DAY):
            parts = {"within": node}
        kinds = [kind for kind in _KINDS if kind in parts]
        if is_mapping(node) and len(kinds) != 1:
            told = "one of " + ", ".join(_KINDS) + " belongs here"
            missing = "'within' is missing: " if not kinds else ""
            self.document.problem(node, missing + told)
            return None
        base = self._switched(clock, parts, Target(timedelta(), calendar or ""))
        if not kinds:
            return self._end_of_day(node, base)
        read = {"within": self._within, "end_of_day": self._end_of_day,
                "calendar_days": self._calendar_days, "set_by": self._set_by}  # fmt: skip
        found = read[kinds[0]](parts[kinds[0]], base)
        return self._aimed(parts["aim"], found) if "aim" in parts and found else found

    @staticmethod
    def _members(clock: ClockName) -> tuple[str, ...]:
        switch = () if clock is ClockName.RESOLUTION else (_SWITCHES[clock][0],)
        return (*_KINDS, "calendar", "aim", *switch)

    def _switched(self, clock: ClockName, parts: Mapping[str, Node], base: Target) -> Target:
        """Return a target with what ends it or begins it anew."""
        key, words = _SWITCHES[clock]
        said = self.document.word(parts[key], words) if key in parts else None
        word = said or self.named.switches[clock]
        if clock in {ClockName.RESPONSE, ClockName.REVIEW}:
            return base._replace(stopped_by=StoppedBy(word))
        if clock is ClockName.PROGRESS:
            return base._replace(starts=Starts(word))
        if clock is ClockName.DWELL:
            return base._replace(restarted_by=RestartedBy(word))
        return base

    def _end_of_day(self, node: Node, base: Target) -> Target | None:
        days = 0 if is_word(node, Kind.END_OF_DAY) else self.document.number(node, 0, _MOST_DAYS)
        if not self._has_calendar(node, base) or days is None:
            return None
        return base._replace(kind=Kind.END_OF_DAY, days=days)

    def _calendar_days(self, node: Node, base: Target) -> Target | None:
        days = self.document.number(node, 0, _MOST_DAYS)
        plain = base._replace(kind=Kind.CALENDAR_DAYS, calendar=ROUND_THE_CLOCK.name)
        return None if days is None else plain._replace(days=days)

    def _set_by(self, node: Node, base: Target) -> Target | None:
        role = self.document.text(node)
        plain = base._replace(kind=Kind.SET, calendar=ROUND_THE_CLOCK.name)
        return plain._replace(set_by=role) if role else None

    def _within(self, node: Node, base: Target) -> Target | None:
        length = self.document.length(node)
        if length is None or not self._has_calendar(node, base):
            return None
        within = self._time(node, length, self.calendars[base.calendar])
        written = self.document.text(node) or ""
        return base._replace(within=within, written=written) if within else None

    def _aimed(self, node: Node, target: Target) -> Target | None:
        length = self.document.length(node)
        if target.kind is not Kind.TIME:
            self.document.problem(node, "an aim belongs to a target that is an amount of time")
        elif length and (aim := self._time(node, length, self.calendars[target.calendar])):
            if aim >= target.within:
                self.document.problem(node, "the aim is not before what is promised")
            return target._replace(aim=aim)
        return target

    def _has_calendar(self, node: Node, base: Target) -> bool:
        if not base.calendar:
            self.document.problem(node, "which calendar? write calendar: NAME in this row")
        return bool(base.calendar)

    def _time(self, node: Node, length: Length, hours: WorkingHours) -> timedelta | None:
        """Return the working time of a duration, its days as long as the calendar's."""
        week = timedelta(minutes=sum(b - a for segments in hours.week for a, b in segments))
        if not week:  # told already, where its hours are
            return None
        day = hours.day_length
        if length.days and day is None:
            told = f"the days of {hours.name} differ in length: write hours"
            self.document.problem(node, told)
            return None
        within = length.rest + length.days * (day or timedelta())
        if within > week * 52 * (LONGEST_YEARS // 2):
            told = f"so much time in {hours.name} takes more than {LONGEST_YEARS // 2} years"
            self.document.problem(node, told)
            return None
        return within

    def calendar(self, node: Node | None) -> str | None:
        """Return the name of a calendar, or of plain time."""
        return self.document.word(node, tuple(self.calendars)) if node is not None else None
