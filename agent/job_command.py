"""``watchdesk-agent job NAME -- COMMAND``: run a job as it is, and report how it went.

The job comes first: what keeps it from being reported is said, and it runs all the same.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType

from agent import jobs
from agent.host.boot import boot_id
from agent.jobs import Report, Running

_NOT_FOUND, _NOT_STARTED, _BY_SIGNAL = 127, 126, 128
_PASSED_ON = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")


def run(
    path: Path, command: Sequence[str], now: Callable[[], datetime], say: Callable[[str], None]
) -> int:
    """Run the command with our own input, output and environment; return its exit status.

    Reports to the file at ``path``. A command that cannot be started ends as a shell would say
    it, with 127 or 126.
    """
    report = _reported(path, say)
    before: dict[int, object] = {}
    child: subprocess.Popen[bytes] | None = None
    wanted: list[int] = []
    number: int

    def pass_on(number: int, _frame: FrameType | None) -> None:
        wanted.append(number)
        if child is not None:
            child.send_signal(number)

    for number in _signals():
        before[number] = signal.signal(number, pass_on)
    try:
        started_at = now().timestamp()
        report = report.started(Running(started_at, os.getpid(), boot_id()))
        _write(path, report, say)
        try:
            child = subprocess.Popen(list(command))
        except OSError as error:
            say(f"{command[0]} cannot be started: {error.strerror or error}")
            code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_STARTED
        else:
            for number in wanted:  # one that came before there was anybody to tell
                child.send_signal(number)
            code = child.wait()
    finally:
        for number, was in before.items():
            signal.signal(number, was)  # type: ignore[arg-type] # what signal() itself returned
    code = _BY_SIGNAL - code if code < 0 else code
    _write(path, report.ended(now().timestamp(), code), say)
    return code


def _signals() -> list[signal.Signals]:
    if sys.platform == "win32":
        return [signal.SIGINT]  # the console tells the child by itself
    return [signal.Signals[name] for name in _PASSED_ON]


def _reported(path: Path, say: Callable[[str], None]) -> Report:
    try:
        return jobs.read(path)
    except (OSError, ValueError) as error:
        say(f"what was reported before cannot be read, it begins anew: {error}")
        return Report()


def _write(path: Path, report: Report, say: Callable[[str], None]) -> None:
    try:
        jobs.write(path, report)
    except OSError as error:
        say(f"{path.stem} is not reported: {path}: {error.strerror or error}; it runs all the same")
