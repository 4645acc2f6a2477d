"""Questions that may block in the kernel, asked in a short-lived child process.

A thread inside ``statvfs`` on a dead mount survives SIGKILL and keeps every lock of its
process (measured). So such a question is put to a child that holds none of the agent's
descriptors. When its deadline passes, the child is killed, never waited for, and counted as
lost; its question is not put again until the child has come back. With ``MOST_LOST``
children lost, further questions are refused at once.
"""

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from weakref import WeakSet

from agent.errors import CheckError, CheckTimeoutError

MOST_LOST = 4
FROZEN_VERB = "probe"
"""First argument that makes a frozen agent's own program run ``child_program.main``."""

_LONGEST_ANSWER = 65_536
_CHUNK = 8_192
_OTHERS = {  # questions that probe_child does not answer
    "http": "web_child",
    "certificate": "web_child",
    "log_file": "log_child",
    "log_journal": "journal_child",
    "log_channel": "events_child",
}
_FAREWELL_S = 5.0  # for one that has answered all and only has to leave
_DEATH_S = 0.05  # for one that was killed and is not held by the kernel
_ONE_BY_ONE = sys.platform == "win32"  # its pipes cannot be polled: one question, one child


class Lost(NamedTuple):
    """A child that did not come back: what it was asked, and since when (monotonic seconds)."""

    probe: str
    argument: str
    since_s: float
    process: subprocess.Popen[bytes]

    def error(self) -> CheckTimeoutError:
        """Return why the same is not asked again now."""
        since = round(time.monotonic() - self.since_s)
        return CheckTimeoutError(f"asked {since} s ago and still no answer")


_lost: dict[tuple[str, str], Lost] = {}
_lock = threading.Lock()
_running: "WeakSet[subprocess.Popen[bytes]]" = WeakSet()
"""All that was started and is still looked after; who is done with one drops it."""


def ask(
    probe: str, arguments: Sequence[str], deadline_s: float
) -> Iterator[tuple[str, str | CheckError]]:
    """Yield each argument, in order, with the probe's answer or the reason why there is none.

    ``probe`` names a function of ``probe_child``, ``web_child`` or ``log_child``;
    ``deadline_s`` is the time for each answer.
    A question that hangs takes its deadline and leaves the ones after it to another child.
    """
    missing = lost()
    waiting = []
    for argument in arguments:
        gone = missing.get((probe, argument))
        if gone:
            yield argument, gone.error()
        else:
            waiting.append(argument)
    while waiting:
        if len(lost()) >= MOST_LOST:
            yield from ((argument, _too_many()) for argument in waiting)
            return
        batch = waiting[:1] if _ONE_BY_ONE else waiting
        answered = 0
        for answered, given in enumerate(_answers(probe, batch, deadline_s), start=1):
            yield waiting[answered - 1], given
        waiting = waiting[answered:]


def lost() -> dict[tuple[str, str], Lost]:
    """Return the children that are lost now, by probe and argument; those back are forgiven."""
    with _lock:
        for key, child in list(_lost.items()):
            if child.process.poll() is not None:
                del _lost[key]
        return dict(_lost)


def refusal(probe: str, argument: str) -> CheckError | None:
    """Return why a question is not to be put now, or None."""
    missing = lost()
    gone = missing.get((probe, argument))
    if gone:
        return gone.error()
    return _too_many() if len(missing) >= MOST_LOST else None


def begun(child: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Take note of a child, to end it with the agent; return it."""
    with _lock:
        _running.add(child)
    return child


def running() -> list[subprocess.Popen[bytes]]:
    """Return the children that have not ended, those that are lost among them."""
    with _lock:
        return [child for child in _running if child.poll() is None]


def bury(
    child: subprocess.Popen[bytes], asked: tuple[str, str], patience_s: float = _DEATH_S
) -> None:
    """Wait a moment for a child that ended or was killed; count it as lost if it stays."""
    try:
        child.wait(patience_s)
    except subprocess.TimeoutExpired:
        with _lock:
            _lost[asked] = Lost(*asked, time.monotonic(), child)


def environment() -> dict[str, str]:
    """Return what a child's environment holds of ours: what Windows cannot do without."""
    kept = ("SYSTEMROOT",) if sys.platform == "win32" else ()
    return {name: os.environ[name] for name in kept if name in os.environ}


def _too_many() -> CheckError:
    return CheckError(f"not asked: {MOST_LOST} earlier questions are still unanswered")


def _answers(probe: str, arguments: Sequence[str], deadline_s: float) -> Iterator[str | CheckError]:
    """Yield one child's answers; at least one, for the first argument."""
    try:
        child = begun(
            subprocess.Popen(
                _command(probe, arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=os.sep,
                env=environment(),
                start_new_session=True,
            )
        )
    except OSError as error:
        yield CheckError(f"a child process cannot be started: {error.strerror or error}")
        return
    answered = 0
    overrun = True  # until it ends in time; also when the caller stops listening
    try:
        for line in itertools.islice(_lines(child, deadline_s), len(arguments)):
            answered += 1
            yield _given(line)
        overrun = False
    except TimeoutError:
        pass
    finally:
        unanswered = arguments[answered:]
        _let_go(child, (probe, unanswered[0] if unanswered else ""), overrun=overrun)
    if overrun:
        yield CheckTimeoutError(f"no answer within {deadline_s:g} s")
    elif unanswered:
        yield CheckError(f"the child process ended without an answer ({child.returncode})")


def _command(probe: str, arguments: Sequence[str]) -> list[str]:
    words = [_OTHERS.get(probe, "probe_child"), probe, *arguments]
    if getattr(sys, "frozen", False):
        return [sys.executable, FROZEN_VERB, *words]
    program = Path(__file__).with_name("child_program.py")
    return [sys.executable, "-I", "-S", "-B", str(program), *words]


def _given(line: bytes) -> str | CheckError:
    text = line.decode(errors="replace")
    return text[2:] if text.startswith("+ ") else CheckError(text.removeprefix("- "))


if sys.platform == "win32":

    def _lines(child: subprocess.Popen[bytes], deadline_s: float) -> Iterator[bytes]:
        """Yield the lines of a child that answers one question; raises TimeoutError."""
        try:
            child.wait(deadline_s)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        yield from child.stdout.read(_LONGEST_ANSWER).splitlines()

else:
    import select

    def _lines(child: subprocess.Popen[bytes], deadline_s: float) -> Iterator[bytes]:
        """Yield a child's lines until it ends; raises TimeoutError when one takes too long."""
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        descriptor = child.stdout.fileno()
        ready = select.poll()
        ready.register(descriptor, select.POLLIN)
        begun = b""
        until = time.monotonic() + deadline_s
        while ready.poll(max(0.0, until - time.monotonic()) * 1000):
            chunk = os.read(descriptor, _CHUNK)
            if not chunk:
                return
            *lines, begun = (begun + chunk).split(b"\n")
            yield from lines
            if lines:
                until = time.monotonic() + deadline_s
        raise TimeoutError


def _let_go(child: subprocess.Popen[bytes], asked: tuple[str, str], *, overrun: bool) -> None:
    """Close our end; bury a child that ended, kill and count one that did not."""
    if child.stdout is not None:
        child.stdout.close()
    if overrun:
        child.kill()
    bury(child, asked, _DEATH_S if overrun else _FAREWELL_S)
