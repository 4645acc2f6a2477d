"""Which processes take the most memory or processor time just now. For a short-lived child.

Command lines are never read: they hold passwords.
"""

import time
from typing import Literal, NamedTuple

import psutil

LOOK_S = 1.0
"""Processor time is what was used between two looks this far apart."""

By = Literal["memory", "processor"]


class Process(NamedTuple):
    """One process; ``share`` is of one processor (percent), ``began_s`` Unix seconds.

    ``user`` is empty where the system does not tell.
    """

    pid: int
    name: str
    user: str
    bytes: int
    share: float
    began_s: float


def top(by: By, most: int) -> list[Process]:
    """Return those that take the most, the first of all first."""
    before = {pid: used for pid, (_, used) in _times().items()} if by == "processor" else {}
    if before:
        time.sleep(LOOK_S)
    found = [
        _read(process, (used - before.get(process.pid, used)) / LOOK_S)
        for process, used in _times().values()
    ]
    told = [process for process in found if process is not None]
    told.sort(key=lambda one: one.bytes if by == "memory" else one.share, reverse=True)
    return [one for one in told[:most] if one.bytes or one.share]


def _times() -> dict[int, tuple[psutil.Process, float]]:
    found = {}
    for process in psutil.process_iter():
        try:
            used = process.cpu_times()
            found[process.pid] = process, used.user + used.system
        except (psutil.Error, OSError):  # OSError: seen under Wine
            continue
    return found


def _read(process: psutil.Process, share: float) -> Process | None:
    try:
        with process.oneshot():
            return Process(
                process.pid,
                process.name(),
                _user(process),
                process.memory_info().rss,
                100.0 * share,
                process.create_time(),
            )
    except (psutil.Error, OSError):
        return None


def _user(process: psutil.Process) -> str:
    try:
        return process.username()
    except (psutil.Error, KeyError, OSError):
        return ""
