"""When a maintenance window is: one stretch of time, or the same hours on certain days. Pure.

A recurring window begins when the wall clock of its zone first shows ``opens`` and ends after the
last minute before ``closes``: where the wall clock goes back, an hour of the window that comes
twice belongs to it both times; where it leaps over either, the leap is the beginning or the end.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from server_stub.sla.zones import ZoneError, zone_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_A_DAY = timedelta(days=1)
_A_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From ``starts_at`` to ``ends_at`` (None: until somebody ends it), both aware.

    With ``days`` (0 is Monday) only from ``opens`` to ``closes`` of those days in ``zone``; a
    window that closes no later than it opens lasts over midnight.
    """

    starts_at: datetime
    ends_at: datetime | None
    days: frozenset[int] = frozenset()
    opens: time = time(0)
    closes: time = time(0)
    zone: str = "UTC"

    def quiet_until(self, at: datetime) -> datetime | None:
        """Return until when it is quiet at ``at``; None when it is not.

        A window without an end and without days is quiet until the end of time. One whose zone
        this computer does not know is never: rather a ticket too many than none.
        """
        if at < self.starts_at or (self.ends_at is not None and at >= self.ends_at):
            return None
        last = self.ends_at or _NEVER
        if not self.days:
            return last
        try:
            zone = zone_of(self.zone)
        except ZoneError:
            return None
        today = at.astimezone(zone).date()
        for day in (today - _A_DAY, today):
            begins, ends = self._stretch(day, zone)
            if day.weekday() in self.days and begins <= at < ends:
                return min(ends, last)
        return None

    def _stretch(self, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return the beginning and the end of a day's window."""
        over_midnight = self.closes <= self.opens
        begins, _ = _shown(datetime.combine(day, self.opens), zone)
        closing = day + _A_DAY if over_midnight else day
        leap, last = _shown(datetime.combine(closing, self.closes) - _A_MINUTE, zone)
        return begins, leap if last is None else last + _A_MINUTE


_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def _shown(wall: datetime, zone: tzinfo) -> tuple[datetime, datetime | None]:
    """Return when the wall clock first and last shows ``wall``; if it leaps over it, when, None."""
    one, other = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if one <= other:
        return one, other
    before, after = other, one  # the clock leaps over it somewhere between these
    while after - before > _SECOND:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).replace(tzinfo=None) >= wall:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0), None
