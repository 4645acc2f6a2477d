"""Running a program of this computer: the one way, in bounded time and with bounded output.

The program gets nothing of ours: no descriptors, no standard input, an emptied environment, a
session of its own. At its deadline its whole process group is killed; what the kernel does not
let die is counted with ``abandonable``'s lost children and is not started again until it is
gone. A program of its own that it leaves behind may hold its output open: that does not
hold us.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

from agent.errors import CheckError, CheckTimeoutError
from agent.host import abandonable

_Result = TypeVar("_Result")

LONGEST = 65_536
"""Bytes that are kept of each of the two outputs; what comes after is read off and dropped."""

_CHUNK = 8_192  # of larger ones more stays with the thread that reads (0.1 MB, measured)
_LOOK_S = 0.1  # how late the end of a program is seen that left its outputs open to another
_MOST_RESTS = 32  # reads of what stands in the pipes when it has ended


class Ended(NamedTuple):
    """How a program ended.

    ``code`` is its exit status, negative for the signal that ended it. ``cut``: ``out`` or
    ``err`` lacks what came after the longest that is kept.
    """

    code: int
    out: bytes
    err: bytes
    cut: bool


class _Output:
    """What came of one pipe, up to ``longest`` bytes."""

    __slots__ = ("_longest", "cut", "kept")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self.kept = b""
        self.cut = False

    def take(self, chunk: bytes) -> None:
        room = self._longest - len(self.kept)
        self.kept += chunk[:room]
        self.cut = self.cut or len(chunk) > room


def find(name: str) -> Path | None:
    """Return where a program stands in the administrator's folders; the PATH is not asked.

    One that somebody else than root could replace is not found.
    """
    for folder in _folders():
        path = Path(folder, name + _SUFFIX)
        if _is_root_s(path):
            return path
    return None


def run(argv: Sequence[str], deadline_s: float, *, longest: int = LONGEST) -> Ended:
    """Run a program, named by its absolute path, to its end.

    Raises CheckTimeoutError when it takes longer than ``deadline_s``, CheckError when it cannot
    be started.
    """
    if not Path(argv[0]).is_absolute():
        raise CheckError(f"{argv[0]} is no absolute path")
    asked = ("program", " ".join(argv))
    refused = abandonable.refusal(*asked)
    if refused:
        raise refused
    child = _start(argv)
    outputs = _Output(longest), _Output(longest)
    try:
        _read(child, outputs, time.monotonic() + deadline_s)
    except TimeoutError as error:
        raise CheckTimeoutError(f"{argv[0]} did not end within {deadline_s:g} s") from error
    finally:
        if child.returncode is None:
            _kill(child)
            abandonable.bury(child, asked)
        _hang_up(child)
    out, err = outputs
    return Ended(child.returncode, out.kept, err.kept, out.cut or err.cut)


def together(tasks: Sequence[Callable[[], _Result]], at_once: int = 4) -> list[_Result]:
    """Run tasks that wait for programs, some at a time; return their results in order.

    One program that is slow leaves time for the others. A task raises nothing.
    """
    waiting = list(enumerate(tasks))
    results: dict[int, _Result] = {}

    def work() -> None:
        while waiting:
            try:
                number, task = waiting.pop(0)
            except IndexError:  # another took the last one
                return
            results[number] = task()

    others = [threading.Thread(target=work) for _ in tasks[1:at_once]]
    for other in others:
        other.start()
    work()
    for other in others:
        other.join()
    return [results[number] for number in range(len(tasks))]


def end_all() -> None:
    """End what still runs on the agent's behalf: it is about to end and nobody would listen.

    Each has a session of its own, so no signal that the agent gets reaches it.
    """
    for child in abandonable.running():
        _kill(child)


def _start(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    try:
        return abandonable.begun(
            subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=os.sep,
                env=_environment(),
                start_new_session=True,
                creationflags=_NO_WINDOW,
            )
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        if isinstance(error, FileNotFoundError) and not Path(argv[0]).exists():
            reason = "there is no such program"
        raise CheckError(f"{argv[0]} cannot be started: {reason}") from error


if sys.platform == "win32":
    import contextlib

    _NO_WINDOW = subprocess.CREATE_NO_WINDOW
    _SUFFIX = ".exe"
    _JOIN_S = 0.5  # for reading what stands in the pipes when the program has ended
    _TASKKILL_S = 5.0

    def _folders() -> list[str]:
        system = os.environ.get("SYSTEMROOT", r"C:\Windows")
        programs = os.environ.get("PROGRAMFILES", r"C:\Program Files")
        return [rf"{system}\System32", rf"{programs}\smartmontools\bin"]

    def _is_root_s(path: Path) -> bool:
        return path.is_file()  # both folders are the administrators' by Windows' own rules

    def _environment() -> dict[str, str]:
        return abandonable.environment()

    def _read(
        child: subprocess.Popen[bytes], outputs: tuple[_Output, _Output], until_s: float
    ) -> None:
        """Read until the program has ended; raises TimeoutError.

        Its pipes cannot be polled, so each is read by a thread, which stays for as long as
        somebody holds the other end.
        """
        readers = [
            threading.Thread(target=_drain, args=(pipe, output), daemon=True)
            for pipe, output in zip((child.stdout, child.stderr), outputs, strict=True)
            if pipe is not None
        ]
        for reader in readers:
            reader.start()
        try:
            child.wait(max(0.0, until_s - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        for reader in readers:
            reader.join(_JOIN_S)

    def _drain(pipe: IO[bytes], output: _Output) -> None:
        with pipe:
            while chunk := pipe.read(_CHUNK):
                output.take(chunk)

    def _hang_up(child: subprocess.Popen[bytes]) -> None:
        """Leave each pipe to the thread that reads it."""

    def _kill(child: subprocess.Popen[bytes]) -> None:
        """End the program and what it started; Windows knows no process groups to kill."""
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                [str(Path(_folders()[0], "taskkill.exe")), "/F", "/T", "/PID", str(child.pid)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=_NO_WINDOW,
                timeout=_TASKKILL_S,
                check=False,
            )
        child.kill()

else:
    import select
    import signal
    import stat

    _NO_WINDOW = 0
    _SUFFIX = ""

    def _folders() -> list[str]:
        folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/run/current-system/sw/bin"]
        return [*folders, "/usr/local/sbin", "/usr/local/bin"]

    def _is_root_s(path: Path) -> bool:
        """Tell whether a program is there that none but root can change or replace."""
        try:
            real = path.resolve(strict=True)
            folder, program = real.parent.stat(), real.stat()
        except (OSError, RuntimeError):  # RuntimeError: links in a ring
            return False
        for found in (folder, program):
            forbidden = stat.S_IWOTH | (stat.S_IWGRP if found.st_gid else 0)
            if found.st_uid or found.st_mode & forbidden:
                return False
        return stat.S_ISREG(program.st_mode) and bool(program.st_mode & stat.S_IXUSR)

    def _environment() -> dict[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

    def _read(
        child: subprocess.Popen[bytes], outputs: tuple[_Output, _Output], until_s: float
    ) -> None:
        """Read until the program has ended; raises TimeoutError."""
        open_pipes = {
            pipe.fileno(): output
            for pipe, output in zip((child.stdout, child.stderr), outputs, strict=True)
            if pipe is not None
        }
        ready = select.poll()
        for descriptor in open_pipes:
            ready.register(descriptor, select.POLLIN)
        rest = _MOST_RESTS  # what was still in the pipes when the program ended
        while open_pipes and rest:
            left_s = until_s - time.monotonic()
            ended = child.returncode is not None
            if left_s <= 0 and not ended:
                raise TimeoutError
            found = ready.poll(0 if ended else min(left_s, _LOOK_S) * 1000)
            for descriptor, _ in found:
                chunk = os.read(descriptor, _CHUNK)
                open_pipes[descriptor].take(chunk)
                if not chunk:
                    ready.unregister(descriptor)
                    del open_pipes[descriptor]
            if ended:
                rest = rest - 1 if found else 0
            else:
                child.poll()
        try:
            child.wait(max(0.0, until_s - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error

    def _hang_up(child: subprocess.Popen[bytes]) -> None:
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()

    def _kill(child: subprocess.Popen[bytes]) -> None:
        """End the program and all of its process group: not buried yet, its id is its own."""
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except OSError:
            child.kill()
