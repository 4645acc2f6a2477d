"""Working time: pure reckoning in aware UTC, exact over summer time both ways.

An instant is working time when a clock on the wall of the zone shows a time inside one of the
day's segments (start included, end not) and that date is no holiday and no day off. Nothing
else is needed for the two nights a year: an hour the wall skips is never worked, an hour it
shows twice is worked twice.

The *end* of a segment still belongs to its day: what becomes due there is due there, not on the
next morning. ``add`` returns the first instant at which the time has been worked.

Reckoning is by a table of segments per UTC year, made when a year is first needed (1–2 ms) and
then searched by bisection (1–2 µs). Inside, instants are whole microseconds since 1970.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from server_stub.sla.working_hours import WEEKDAYS, WorkingHours

LONGEST_YEARS = 30
"""``add`` gives up after so many years without enough working time."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_US = timedelta(microseconds=1)
_SECOND_US = 1_000_000
_DAY_S = 86_400


class EndlessError(ValueError):
    """So much working time is not reached within ``LONGEST_YEARS``."""


class _Year:
    """The working segments of one UTC year, ready to be searched.

    ``after[i]`` is the working time from the beginning of the year to the end of segment i.
    """

    __slots__ = ("after", "ends", "starts", "total")

    def __init__(self, segments: Iterator[tuple[int, int]]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.after: list[int] = []
        total = 0
        for start, end in segments:
            total += end - start
            if self.ends and self.ends[-1] == start:
                self.ends[-1], self.after[-1] = end, total
            else:
                self.starts.append(start)
                self.ends.append(end)
                self.after.append(total)
        self.total = total

    def worked(self, instant: int) -> int:
        """Return the working time of the year before ``instant``."""
        i = bisect_right(self.starts, instant) - 1
        if i < 0:
            return 0
        left = self.ends[i] - instant
        return self.after[i] - left if left > 0 else self.after[i]

    def reached(self, worked: int) -> int:
        """Return the first instant before which ``worked`` (0 < worked ≤ total) was worked."""
        i = bisect_left(self.after, worked)
        return self.ends[i] - (self.after[i] - worked)


class Calendar:
    """Working hours in one time zone. Instants are aware, answers are UTC; never changes."""

    __slots__ = ("_years", "hours", "zone")

    def __init__(self, hours: WorkingHours, zone: tzinfo) -> None:
        """Take the hours and the zone on whose walls they are read."""
        self.hours = hours
        self.zone = zone
        self._years: dict[int, _Year] = {}

    def add(self, start: datetime, working: timedelta) -> datetime:
        """Return the first instant from ``start`` on at which ``working`` has been worked.

        Nothing to work is reached at ``start`` itself, also outside working time. Raises
        ValueError when ``working`` is negative, EndlessError when it is never reached.
        """
        instant, year = _number(start)
        left = working // _US
        if left <= 0:
            if left < 0:
                raise ValueError("working time cannot be taken back")
            return start.astimezone(UTC)
        last = year + LONGEST_YEARS
        table = self._year(year)
        left += table.worked(instant)
        while left > table.total:
            if year == last:
                raise EndlessError(
                    f"{working} of {self.hours.name} is not reached within {LONGEST_YEARS} years"
                )
            left -= table.total
            year += 1
            table = self._year(year)
        return _EPOCH + timedelta(microseconds=table.reached(left))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time from ``start`` to ``end``, negative when end is earlier."""
        first, year = _number(start)
        last, last_year = _number(end)
        if last_year == year:
            table = self._year(year)
            return timedelta(microseconds=table.worked(last) - table.worked(first))
        if last_year < year:
            return -self.between(end, start)
        worked = self._year(last_year).worked(last) - self._year(year).worked(first)
        for whole in range(year, last_year):
            worked += self._year(whole).total
        return timedelta(microseconds=worked)

    def segments(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return the working segments from ``start`` to ``end``, cut at both, in order."""
        first, year = _number(start)
        last, last_year = _number(end)
        found: list[tuple[int, int]] = []
        for number in range(year, last_year + 1):
            table = self._year(number)
            at = bisect_right(table.ends, first)
            until = bisect_left(table.starts, last)
            for opens, closes in zip(table.starts[at:until], table.ends[at:until], strict=True):
                cut = (max(opens, first), min(closes, last))
                if found and found[-1][1] == cut[0]:
                    cut = (found.pop()[0], cut[1])
                found.append(cut)
        return [(_instant(opens), _instant(closes)) for opens, closes in found]

    def is_working(self, instant: datetime) -> bool:
        """Tell whether this instant is working time (a segment's end is not)."""
        number, year = _number(instant)
        table = self._year(year)
        i = bisect_right(table.starts, number) - 1
        return i >= 0 and number < table.ends[i]

    def opens_at(self, instant: datetime) -> datetime:
        """Return when working time begins or goes on, ``instant`` itself inside working time."""
        return instant if self.is_working(instant) else self.add(instant, _US) - _US

    def end_of_day(self, start: datetime, days: int = 0) -> datetime:
        """Return when work ends on the business day of ``start``, or ``days`` business days later.

        Once work has ended (or where there is none) the next business day counts as the first.
        """
        at = self.opens_at(start)
        for _ in range(days):
            at = self.opens_at(end_of_date(at, self.zone))
        return self.segments(at, end_of_date(at, self.zone))[-1][1]

    def why_closed(self, start: datetime, end: datetime) -> str:
        """Return in words why nothing is worked from ``start`` to ``end``: ``weekend``, ….

        Whole free dates tell most, so they are named where there are any.
        """
        day = start.astimezone(self.zone).date()
        last = (end.astimezone(UTC) - _US).astimezone(self.zone).date()
        names: dict[str, None] = {}  # keeps the order
        while day <= last:
            weekday = day.weekday()
            if not self.hours.week[weekday]:
                names["weekend" if weekday >= 5 else f"closed on {WEEKDAYS[weekday]}s"] = None  # noqa: PLR2004 - Saturday
            elif name := self.hours.closed(day):
                names[name] = None
            day += timedelta(days=1)
        return ", ".join(names) or "outside working hours"

    def _year(self, year: int) -> _Year:
        table = self._years.get(year)
        if table is None:
            table = self._years[year] = _Year(self._worked_in(year))
        return table

    def _worked_in(self, year: int) -> Iterator[tuple[int, int]]:
        """Yield the segments of a UTC year, UTC day by UTC day.

        By UTC days and not by local ones: where the wall goes back over midnight, local days
        overlap.
        """
        first = (date(year, 1, 1).toordinal() - _EPOCH_DAY) * _DAY_S
        last = (date(year + 1, 1, 1).toordinal() - _EPOCH_DAY) * _DAY_S
        offset = self._offset_s(first)
        for start in range(first, last, _DAY_S):
            at, end = start, start + _DAY_S
            after = self._offset_s(end)
            while offset != after:
                turn = self._turn(at, end, offset)
                yield from self._worked_at(at, turn, offset)
                at, offset = turn, self._offset_s(turn)
            yield from self._worked_at(at, end, offset)

    def _worked_at(self, start: int, end: int, offset: int) -> Iterator[tuple[int, int]]:
        """Yield the segments from ``start`` to ``end``, seconds at one offset from UTC."""
        first, last = (start + offset) // _DAY_S, (end + offset - 1) // _DAY_S
        for number in range(first, last + 1):
            midnight = number * _DAY_S - offset
            for opens, closes in self.hours.segments_on(date.fromordinal(number + _EPOCH_DAY)):
                a, b = max(start, midnight + opens * 60), min(end, midnight + closes * 60)
                if a < b:
                    yield a * _SECOND_US, b * _SECOND_US

    def _turn(self, start: int, end: int, offset: int) -> int:
        """Return the second after ``start`` at which the zone leaves ``offset``.

        Bisection is enough: no zone has turned twice within two days since 1970.
        """
        while end - start > 1:
            middle = (start + end) // 2
            if self._offset_s(middle) == offset:
                start = middle
            else:
                end = middle
        return end

    def _offset_s(self, second: int) -> int:
        offset = datetime.fromtimestamp(second, self.zone).utcoffset()
        return 0 if offset is None else offset // timedelta(seconds=1)


def end_of_date(instant: datetime, zone: tzinfo, days: int = 0) -> datetime:
    """Return when the local date of an instant is over for good, or the date ``days`` later.

    A wall that goes back over midnight shows the date once more; one that skips midnight ends
    it earlier.
    """
    after = instant.astimezone(zone).date() + timedelta(days=days + 1)
    midnight = datetime.combine(after, time(), zone)
    first, last = sorted(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    is_last = first != last and (last - _US).astimezone(zone).date() < after
    return last if is_last else first


def _number(instant: datetime) -> tuple[int, int]:
    """Return an aware instant's microseconds since 1970 and its UTC year."""
    if instant.tzinfo is not UTC:
        if instant.tzinfo is None:
            raise ValueError(f"{instant} has no time zone")
        instant = instant.astimezone(UTC)
    return (instant - _EPOCH) // _US, instant.year


def _instant(number: int) -> datetime:
    return _EPOCH + timedelta(microseconds=number)
