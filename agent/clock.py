"""The three clocks, read in one place; everything below is given ``now``.

- ``boot_s``: seconds since boot, sleep included: waiting and due times, notices a resume
- ``awake_s``: seconds since boot without sleep: what ``for`` and ``clear_for`` count
- ``wall``: what this computer believes the date to be: a label, never reckoned with
"""

import sys
import time
from datetime import UTC, datetime
from typing import NamedTuple


class Now(NamedTuple):
    """One moment on all three clocks."""

    boot_s: float
    awake_s: float
    wall: datetime

    def label(self) -> str:
        """Return the wall clock as RFC 3339 in UTC, to the millisecond."""
        return rfc3339(self.wall)


def rfc3339(instant: datetime) -> str:
    """Return an aware instant as RFC 3339 in UTC, to the millisecond."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


if sys.platform == "linux":

    def boot_s() -> float:
        """Read the first of the clocks alone."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def _awake_s() -> float:
        return time.monotonic()  # CLOCK_MONOTONIC stands still during sleep

elif sys.platform == "darwin":

    def boot_s() -> float:
        """Read the first of the clocks alone."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)  # goes on during sleep

    def _awake_s() -> float:
        return time.clock_gettime(time.CLOCK_UPTIME_RAW)

else:
    import ctypes

    def boot_s() -> float:
        """Read the first of the clocks alone."""
        return time.monotonic()  # GetTickCount64 goes on during sleep

    def _awake_s() -> float:
        ticks = ctypes.c_ulonglong()
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
        return ticks.value / 10_000_000


def local(at_s: float) -> datetime:
    """Return this computer's own wall clock, without its zone, at an instant (Unix seconds).

    What people plan by: a nightly job runs at its hour of the day, 23 or 25 hours after the
    last one when the clocks were changed.
    """
    return datetime.fromtimestamp(at_s, UTC).astimezone().replace(tzinfo=None)


def now() -> Now:
    """Read all three clocks."""
    return Now(boot_s(), _awake_s(), datetime.now(UTC))


_FIRST = now()


def set_ahead_s(at: Now) -> float:
    """Return by how much the wall clock was set ahead since this program began; back: negative."""
    return (at.wall - _FIRST.wall).total_seconds() - (at.boot_s - _FIRST.boot_s)
