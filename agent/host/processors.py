"""The processors: how many, how much work waits for them, how much time they worked."""

import os
import sys
from typing import NamedTuple


class ProcessorTime(NamedTuple):
    """Seconds that all processors together have spent since boot, and spent idle."""

    total_s: float
    idle_s: float


def count() -> int:
    """Return the number of processors that work."""
    return os.cpu_count() or 1


def load() -> float | None:
    """Return how many processes wanted to run, on average of 5 minutes; None if not told."""
    if sys.platform == "win32":
        return None
    try:
        return os.getloadavg()[1]
    except OSError:
        return None


if sys.platform == "linux":
    from agent.host import procfs

    _TICKS_PER_S = os.sysconf("SC_CLK_TCK")

    def spent() -> ProcessorTime:
        """Return the time spent since boot; raises OSError.

        Waiting for a disk is idle; time that a virtual machine's host took away is not.
        """
        ticks = [int(word) for word in procfs.read("/proc/stat").split(b"\n", 1)[0].split()[1:9]]
        return ProcessorTime(sum(ticks) / _TICKS_PER_S, sum(ticks[3:5]) / _TICKS_PER_S)

else:
    import psutil

    def spent() -> ProcessorTime:
        """Return the time spent since boot; raises OSError."""
        times = psutil.cpu_times()
        worked = times.user + times.system + getattr(times, "nice", 0.0)
        return ProcessorTime(worked + times.idle, times.idle)
