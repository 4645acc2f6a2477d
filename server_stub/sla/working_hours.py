"""Working hours as a policy writes them: weekly hours, holidays, days off, on any wall's clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from server_stub.sla import public_holidays

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_MINUTES = 24 * 60

Segments = tuple[tuple[int, int], ...]
"""Minutes of the day [start, end), ascending, apart from each other."""

_WHOLE_DAY: Segments = ((0, DAY_MINUTES),)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When work is done, before it is known where: what a policy calls a calendar.

    ``week`` holds the segments of Monday to Sunday; ``zone`` is empty when the site's own zone
    counts; ``holidays`` are (country, region) pairs; ``days_off`` names further free dates.
    """

    name: str
    week: tuple[Segments, ...]
    zone: str = ""
    holidays: tuple[tuple[str, str], ...] = ()
    days_off: Mapping[date, str] = field(default_factory=dict)

    def closed(self, day: date) -> str | None:
        """Return the name of the holiday or day off on this date, None on any other."""
        if name := self.days_off.get(day):
            return name
        for country, region in self.holidays:
            if name := public_holidays.days(country, region, day.year).get(day):
                return name
        return None

    def segments_on(self, day: date) -> Segments:
        """Return the segments of this date; none on a holiday or day off."""
        hours = self.week[day.weekday()]
        return () if hours and self.closed(day) else hours

    @property
    def is_always(self) -> bool:
        """Tell whether this is round the clock, every day of the week."""
        return all(day == _WHOLE_DAY for day in self.week)

    @property
    def day_length(self) -> timedelta | None:
        """Return the working time of one day; None when the days of the week differ."""
        lengths = {sum(end - start for start, end in day) for day in self.week if day}
        return timedelta(minutes=lengths.pop()) if len(lengths) == 1 else None


ROUND_THE_CLOCK = WorkingHours("clock", (_WHOLE_DAY,) * 7, "UTC")
"""Plain clock time."""
