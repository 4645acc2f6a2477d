"""Jobs that must report: what a run leaves behind, and how a job stands by it.

``watchdesk-agent job NAME -- COMMAND`` writes a small file for each job into the state folder; the
check reads it. Files, so that a job is reported while no agent runs, and only by whom the state
folder belongs to: anybody else could report that all is well.
"""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from agent import clock
from agent.device import Job
from agent.settings import default_state_dir

STATES = ("ok", "missing", "late", "failed", "too_long")
FOLDER = "jobs"

_LONGEST = 4_096


class Running(NamedTuple):
    """A run under way: since when (Unix seconds), by which process, in which boot."""

    started_at: float
    pid: int
    boot: str


class Finished(NamedTuple):
    """A run that ended; ``code`` is its exit status, 128 and the signal's number for a signal."""

    started_at: float
    ended_at: float
    code: int


class Report(NamedTuple):
    """All that a job's file says; ``ok_at``: when a run last ended well."""

    running: Running | None = None
    last: Finished | None = None
    ok_at: float | None = None

    def started(self, running: Running) -> "Report":
        """Return the report once a run has begun."""
        return self._replace(running=running)

    def ended(self, ended_at: float, code: int) -> "Report":
        """Return the report once the run under way has ended."""
        started_at = self.running.started_at if self.running else ended_at
        ok_at = self.ok_at if code else ended_at
        return Report(None, Finished(started_at, ended_at, code), ok_at)


class _Here:
    folder: Path | None = None


def folder() -> Path:
    """Return where the running agent looks for reports."""
    return _Here.folder or default_state_dir() / FOLDER


def settle(state_dir: Path) -> None:
    """Take another state folder than this system's usual one."""
    _Here.folder = state_dir / FOLDER


def state(
    job: Job,
    report: Report,
    now: float,
    *,
    alive: bool,
    local: Callable[[float], datetime] = clock.local,
) -> str:
    """Return how a job stands; ``alive`` tells whether the process of its running run lives.

    ``now`` is in Unix seconds, of which ``local`` gives the computer's wall clock.

    What the last run left holds until the next one has ended: one that failed every night must not
    be well each time it begins.
    """
    running, last = report.running, report.last
    if running and not alive:
        return "failed"
    if running and now - running.started_at > job.within_s:
        return "too_long"
    if last is None:
        return "ok" if running else "missing"
    if last.code:
        return "failed"
    if not running and _between(last.started_at, now, local) > job.every_s:
        return "late"
    return "too_long" if last.ended_at - last.started_at > job.within_s else "ok"


def _between(started_at: float, now: float, local: Callable[[float], datetime]) -> float:
    """Return the seconds between two runs' beginnings, or by the wall clock when that is less.

    A job of 02:00 begins 25 hours after the last one when the clocks were set back in between.
    """
    passed = now - started_at
    try:
        return min(passed, (local(now) - local(started_at)).total_seconds())
    except (OSError, OverflowError, ValueError):  # no instant of this computer's calendar
        return passed


def write(path: Path, report: Report) -> None:
    """Write a job's file as a whole or not at all; raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    begun = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with begun.open("w", encoding="utf-8") as file:
            json.dump([report.running, report.last, report.ok_at], file)
            file.flush()
            os.fsync(file.fileno())
        begun.replace(path)
    finally:
        begun.unlink(missing_ok=True)


def read(path: Path) -> Report:
    """Return what a job's file says; nothing without one. Raises OSError, ValueError."""
    try:
        with path.open("rb") as file:
            return parse(file.read(_LONGEST))
    except FileNotFoundError:
        return Report()


def parse(content: bytes) -> Report:
    """Return what is written in a job's file; raises ValueError."""
    try:
        running, last, ok_at = json.loads(content)
        return Report(
            Running(float(running[0]), int(running[1]), str(running[2])) if running else None,
            Finished(float(last[0]), float(last[1]), int(last[2])) if last else None,
            None if ok_at is None else float(ok_at),
        )
    except (TypeError, KeyError, IndexError, RecursionError) as error:
        raise ValueError("it is no report of a job") from error


def path_of(name: str, inside: Path) -> Path:
    """Return a job's file in this folder."""
    return inside / f"{name}.json"
