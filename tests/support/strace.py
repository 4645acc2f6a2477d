"""Faults at single system calls of a real process, by strace.

strace counts calls for each thread of its own: a fault at the N-th call is exact where one thread
alone makes such calls from the moment strace looks on.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_ATTACH_S = 20
_DETACH_S = 10
_SIGSTOP, _SIGKILL = 1 << signal.SIGSTOP - 1, 1 << signal.SIGKILL - 1


def words(call: str, fault: str, when: str, paths: Sequence[Path], output: Path) -> list[str]:
    """Return the options that let ``fault`` happen at a call.

    Args:
        call: the system call's name, or several joined by commas.
        fault: ``signal=KILL`` or ``error=EIO``; empty to look on only.
        when: ``3`` the third call of a thread, ``3+`` it and all after it.
        paths: only calls on these files count; none means all.
        output: where strace writes what it saw.
    """
    inject = ["-e", f"inject={call}:{fault}:when={when}"] if fault else []
    only = [word for path in paths for word in ("-P", str(path))]
    return ["-f", "-qq", "-o", str(output), "-e", "signal=none", "-e", f"trace={call}",
            *inject, *only]  # fmt: skip


def prefix(call: str, fault: str, when: str, paths: Sequence[Path], output: Path) -> list[str]:
    """Return what to put before a command line; the process started is the command itself."""
    return ["strace", "-D", "-I", "2", *words(call, fault, when, paths, output)]


class Strace:
    """Looks on at a running process, all its threads and children, until ``detach``."""

    def __init__(  # noqa: PLR0917 - as ``words`` has them
        self, pid: int, call: str, fault: str, when: str, paths: Sequence[Path], output: Path
    ) -> None:
        """Attach; returns once it has taken hold of every thread."""
        self.output = output
        self._pid = pid
        self._process = subprocess.Popen(
            ["strace", *words(call, fault, when, paths, output), "-p", str(pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        deadline = time.monotonic() + _ATTACH_S
        while not self._holds(pid):
            if self._process.poll() is not None or time.monotonic() > deadline:
                seen = {task.parent.name: _tracer(task) for task in _tasks(pid)}
                ended = self._process.poll()
                said = self.detach()
                raise AssertionError(
                    f"strace did not attach to {pid}: ended with {ended}, said {said!r}; "
                    f"tracers by thread: {seen}, it is {self._process.pid}"
                )
            time.sleep(0.005)

    def _holds(self, pid: int) -> bool:
        tracers = [_tracer(task) for task in _tasks(pid)]
        return bool(tracers) and all(tracer == self._process.pid for tracer in tracers)

    def detach(self) -> str:
        """Let go; the process goes on without faults. Returns what strace said. Twice is once."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            _, said = self._process.communicate(timeout=_DETACH_S)
        except subprocess.TimeoutExpired:  # it may wait for one that died meanwhile
            self._process.kill()
            _, said = self._process.communicate()
        _go_on(self._pid)
        return (said or b"").decode(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.detach()


def _tasks(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").glob("*/status"))


def _tracer(task: Path) -> int | None:
    """Return who traces a thread, 0 for nobody; None for one that has just ended."""
    try:
        found = re.search(r"TracerPid:\t(\d+)", task.read_text())
    except OSError:
        return None
    return int(found[1]) if found else None


def errors_made(output: Path) -> int:
    """Return how many errors strace says it made."""
    return output.read_text(errors="replace").count("(INJECTED)") if output.exists() else 0


def release(pid: int) -> None:
    """Let a process that was started by ``prefix`` go on without its tracer."""
    found = re.search(r"TracerPid:\t(\d+)", Path(f"/proc/{pid}/status").read_text())
    tracer = int(found[1]) if found else 0
    if tracer:
        os.kill(tracer, signal.SIGTERM)
        deadline = time.monotonic() + _DETACH_S
        # It lets go of one thread after the other, by stopping each: nobody may be woken before.
        while _is_alive(tracer):
            if time.monotonic() > deadline:
                with suppress(ProcessLookupError):
                    os.kill(tracer, signal.SIGKILL)
            time.sleep(0.01)
    _go_on(pid)


def _go_on(pid: int) -> None:
    """Wake a process and its children that their tracer may have left stopped when it let go.

    One that was born at that moment has its SIGSTOP still before it: it stops a little later.
    """
    deadline = time.monotonic() + _DETACH_S
    while time.monotonic() < deadline:
        family = [pid, *_descendants(pid)]
        stopped = any(map(_is_to_stop, family))
        for one in family:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)
        if not stopped:
            return
        time.sleep(0.02)


def is_dying(pid: int) -> bool:
    """Tell whether a SIGKILL is on its way to a process, or through its threads."""
    for task in _tasks(pid):
        with suppress(OSError):
            pending = re.findall(r"(?:SigPnd|ShdPnd):\t(\w+)", task.read_text())
            if any(int(one, 16) & _SIGKILL for one in pending):
                return True
    return not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *_descendants(child)]
    return found


def _is_to_stop(pid: int) -> bool:
    """Tell whether a thread of it is stopped, or has a SIGSTOP before it."""
    for task in Path(f"/proc/{pid}/task").glob("*/status"):
        with suppress(OSError):
            status = task.read_text()
            pending = re.findall(r"(?:SigPnd|ShdPnd):\t(\w+)", status)
            if "State:\tT" in status or any(int(one, 16) & _SIGSTOP for one in pending):
                return True
    return False
