"""What this process itself uses of the computer."""

import os

import psutil


def processor_s() -> float:
    """Return the processor time so far in seconds; off Windows with that of ended children."""
    return sum(os.times()[:4])


def memory_bytes() -> int:
    """Return the memory that would be free if this process ended."""
    return int(psutil.Process().memory_full_info().uss)
