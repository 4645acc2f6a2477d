"""Maintenance windows: planned quiet by the device's own wall clock. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY: Final = 1440
WEEKS: Final = ("1", "2", "3", "4", "5", "last")


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A recurring span of local time. ``days`` counts from Monday = 0.

    It starts at minute ``from_minute`` of each of its days and ends before ``to_minute``
    (1440: the day's end). When that is not later, it ends on the following day. ``weeks`` are
    those of ``WEEKS`` it is in: the second tuesday of a month; empty means all. ``rules`` names
    the rules that are quiet; empty means all.
    """

    name: str
    days: tuple[int, ...]
    from_minute: int
    to_minute: int
    weeks: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def covers(self, local: datetime) -> bool:
        """Tell whether ``local``, a wall-clock time of the device, lies within.

        Wall clock only: when clocks are set forward or back within a window, it is an hour
        shorter or longer, as the people who planned it see it.
        """
        minute = local.hour * 60 + local.minute
        if self.from_minute < self.to_minute:
            return self.from_minute <= minute < self.to_minute and self._starts_on(local)
        begun = minute >= self.from_minute and self._starts_on(local)
        return begun or (minute < self.to_minute and self._starts_on(local - timedelta(days=1)))

    def _starts_on(self, local: datetime) -> bool:
        if local.weekday() not in self.days:
            return False
        if not self.weeks:
            return True
        last = (local + timedelta(days=7)).month != local.month
        return str((local.day + 6) // 7) in self.weeks or (last and "last" in self.weeks)


def in_maintenance(
    windows: Iterable[MaintenanceWindow], local: datetime, rule: str
) -> MaintenanceWindow | None:
    """Return the first window of this rule that covers ``local``, the device's wall clock."""
    ours = (window for window in windows if not window.rules or rule in window.rules)
    return next((window for window in ours if window.covers(local)), None)
