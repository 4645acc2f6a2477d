"""What this process itself uses of the computer."""

import os

import psutil


def processor_s() -> float:
    """Return the processor time so far in seconds; off Windows with that of ended children."""
    return sum(os.times()[:4])


def memory_bytes() -> int:
    """Return the memory that would be free if this process ended; all it has, if that is untold."""
    process = psutil.Process()
    try:
        return int(process.memory_full_info().uss)
    except (psutil.Error, OSError):  # seen under Wine
        return int(process.memory_info().rss)
