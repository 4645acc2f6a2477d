"""Maintenance windows: planned quiet by the device's own wall clock. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY: Final = 1440


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A recurring span of local time. ``days`` counts from Monday = 0.

    It starts at minute ``from_minute`` of each of its days and ends before ``to_minute``
    (1440: the day's end). When that is not later, it ends on the following day.
    """

    name: str
    days: tuple[int, ...]
    from_minute: int
    to_minute: int

    def covers(self, local: datetime) -> bool:
        """Tell whether ``local``, a wall-clock time of the device, lies within.

        Wall clock only: when clocks are set forward or back within a window, it is an hour
        shorter or longer, as the people who planned it see it.
        """
        day = local.weekday()
        minute = local.hour * 60 + local.minute
        if self.from_minute < self.to_minute:
            return day in self.days and self.from_minute <= minute < self.to_minute
        begun = day in self.days and minute >= self.from_minute
        return begun or ((day - 1) % 7 in self.days and minute < self.to_minute)


def in_maintenance(
    windows: Iterable[MaintenanceWindow], local: datetime
) -> MaintenanceWindow | None:
    """Return the first window that covers ``local``, the device's wall-clock time, or None."""
    return next((window for window in windows if window.covers(local)), None)
