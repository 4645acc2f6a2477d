"""What this process itself uses of the computer."""

import os
import sys

from agent.host import procfs


def processor_s() -> float:
    """Return the processor time so far in seconds; off Windows with that of ended children."""
    return sum(os.times()[:4])


if sys.platform == "linux":

    def memory_bytes() -> int:
        """Return the memory that would be free if this process ended; 0 where that is untold."""
        told = procfs.text("/proc/self/smaps_rollup").splitlines()
        return 1024 * sum(int(line.split()[1]) for line in told if line.startswith("Private_"))

else:

    def memory_bytes() -> int:
        """Return the memory that would be free if this process ended; all it has, if untold."""
        import psutil  # noqa: PLC0415 - 0.8 MB (measured), for who asks

        process = psutil.Process()
        try:
            return int(process.memory_full_info().uss)
        except (psutil.Error, OSError):  # seen under Wine
            return int(process.memory_info().rss)
