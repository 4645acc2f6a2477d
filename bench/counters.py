"""What the kernel counted of a process: processor time, wake-ups, memory. Linux.

Nothing is sampled: processor time is the process's own clock in nanoseconds (threads that ended
included) and that of the children it has buried, to ten milliseconds.
"""

import os
import time
from pathlib import Path
from typing import NamedTuple

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PROCESS_CLOCK = 2  # of the clock's three lowest bits: the scheduler's count of a whole process


class Spent(NamedTuple):
    """What a process has used since its start; subtract an earlier one.

    ``own_ms`` and ``children_ms`` are processor time; ``wakeups`` are the voluntary context
    switches of the threads that live now.
    """

    at_s: float
    own_ms: float
    children_ms: float
    wakeups: int

    def since(self, before: "Spent") -> "Spent":
        """Return what was used between the two; ``at_s`` becomes the seconds between."""
        return Spent(
            self.at_s - before.at_s,
            self.own_ms - before.own_ms,
            self.children_ms - before.children_ms,
            self.wakeups - before.wakeups,
        )


class Memory(NamedTuple):
    """Kilobytes: anonymous; the proportional share; the same as if no other Python ran."""

    anonymous: int
    pss: int
    pss_alone: int


def spent(pid: int) -> Spent:
    """Return what the process has used until now."""
    fields = _stat(pid)
    return Spent(
        time.monotonic(),
        time.clock_gettime_ns(~pid << 3 | _PROCESS_CLOCK) / 1e6,
        (int(fields[13]) + int(fields[14])) * 1000 / _TICKS_PER_S,
        sum(_switches(task) for task in Path(f"/proc/{pid}/task").iterdir()),
    )


def memory(pid: int) -> Memory:
    """Return the process's memory.

    Other Python processes, this one too, share the interpreter's file with it and so take a
    part of the blame. ``pss_alone`` counts the interpreter's files in full.
    """
    anonymous = pss = alone = 0
    shared_with_us = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if "-" in name:
            shared_with_us = "python" in rest
        elif name == "Anonymous:":
            anonymous += _kilobytes(rest)
        elif name in {"Pss:", "Rss:"}:
            pss += _kilobytes(rest) if name == "Pss:" else 0
            alone += _kilobytes(rest) if (name == "Rss:") == shared_with_us else 0
    return Memory(anonymous, pss, alone)


def children(pid: int) -> list[int]:
    """Return the processes whose parent it is, and theirs."""
    parents = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - names are all that is needed
        if entry.isdigit():
            try:
                parents[int(entry)] = int(_stat(int(entry))[1])
            except OSError:
                continue  # it ended meanwhile
    found = [child for child, parent in parents.items() if parent == pid]
    return found + [grandchild for child in found for grandchild in children(child)]


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _switches(task: Path) -> int:
    try:
        status = (task / "status").read_text()
    except OSError:
        return 0
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split(None, 1)[0])


def _kilobytes(rest: str) -> int:
    return int(rest.split(maxsplit=1)[0])
