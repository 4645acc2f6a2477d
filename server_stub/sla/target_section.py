"""The section ``targets`` of a policy file."""

from collections.abc import Mapping
from datetime import timedelta

from agent.protocol.words import Priority, Source
from server_stub.sla.calendar import LONGEST_YEARS, ROUND_THE_CLOCK, WorkingHours
from server_stub.sla.document import Document, Length, Node, is_mapping, is_word, place
from server_stub.sla.targets import CONDITIONS
from server_stub.sla.terms import ClockName, Row, StoppedBy, Target

_CLOSED_WORDS = {"source": tuple(Source), "priority": tuple(Priority)}


class TargetTable:
    """Reads the table of targets, given the calendars and the switch it refers to."""

    def __init__(
        self, document: Document, calendars: Mapping[str, WorkingHours], stopped_by: StoppedBy
    ) -> None:
        """Take the calendars by name and what stops a response clock when a row says nothing."""
        self.document = document
        self.calendars = {**calendars, ROUND_THE_CLOCK.name: ROUND_THE_CLOCK}
        self.stopped_by = stopped_by

    def read(self, node: Node) -> tuple[Row, ...]:
        """Return the rows in order; what is wrong with them is noted in the document."""
        return tuple(self._row(n, item) for n, item in enumerate(self.document.items(node), 1))

    def _row(self, number: int, node: Node) -> Row:
        needed = (ClockName.RESPONSE, ClockName.RESOLUTION)
        parts = self.document.members(node, ("when", "calendar", *ClockName), needed)
        calendar = self._calendar(parts.get("calendar"))
        when = self._when(parts["when"]) if "when" in parts else {}
        targets = {}
        for clock in ClockName:
            if clock in parts and (target := self._target(clock, parts[clock], calendar)):
                targets[clock.value] = target
        return Row(number, when, targets, *place(node))

    def _when(self, node: Node) -> dict[str, tuple[str, ...]]:
        """Return the words of each condition; source and priority are closed lists."""
        when = {}
        for name, value in self.document.members(node, CONDITIONS).items():
            known = _CLOSED_WORDS.get(name)
            words = [
                self.document.word(item, known) if known else self.document.text(item)
                for item in self.document.items(value)
            ]
            if not words:
                self.document.problem(value, "an empty list matches nothing: leave the line out")
            when[name] = tuple(word for word in words if word)
        return when

    def _target(self, clock: ClockName, node: Node, calendar: str | None) -> Target | None:
        """Return a promise, written as a duration, a mapping or ``none``."""
        if is_word(node, "none"):
            return None
        value: Node | None = node
        stopped_by = self.stopped_by
        if is_mapping(node):
            switch = ("stopped_by",) if clock is ClockName.RESPONSE else ()
            parts = self.document.members(node, ("within", "calendar", *switch), ("within",))
            value = parts.get("within")
            calendar = self._calendar(parts.get("calendar")) or calendar
            if "stopped_by" in parts:
                word = self.document.word(parts["stopped_by"], tuple(StoppedBy))
                stopped_by = StoppedBy(word or stopped_by)
        length = self.document.length(value) if value is not None else None
        if value is None or length is None:
            return None
        if calendar is None:
            self.document.problem(node, "which calendar? write calendar: NAME in this row")
            return None
        within = self._within(value, length, self.calendars[calendar])
        return Target(within, calendar, stopped_by) if within else None

    def _within(self, node: Node, length: Length, hours: WorkingHours) -> timedelta | None:
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

    def _calendar(self, node: Node | None) -> str | None:
        return self.document.word(node, tuple(self.calendars)) if node is not None else None
