"""Sleeping until a time, a signal or another thread: the main thread's only way to wait."""

import select
import signal
import socket
from contextlib import suppress
from types import FrameType

LONGEST_S = 60.0
"""A sleeping computer stops the wait's clock but not the due times': look again this often."""


class Wakeup:
    """A socket pair: safe to write to from a signal handler, where locks are not.

    ``stopping`` is True once SIGTERM or SIGINT (a service's stop) has come.
    """

    def __init__(self) -> None:
        """Catch the signals; to be made in the main thread."""
        self.stopping = False
        self._reading, self._writing = socket.socketpair()
        self._reading.settimeout(0)
        self._writing.settimeout(0)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def wake(self) -> None:
        """End the wait, from any thread."""
        with suppress(BlockingIOError):  # full: it will wake all the same
            self._writing.send(b"w")

    def stop(self) -> None:
        """End the agent, from any thread."""
        self.stopping = True
        self.wake()

    def wait(self, seconds: float) -> None:
        """Return after ``seconds``, at most ``LONGEST_S``, or when woken."""
        ready, _, _ = select.select([self._reading], [], [], min(LONGEST_S, max(0.0, seconds)))
        if ready:
            with suppress(BlockingIOError):
                self._reading.recv(4096)

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's signature
        self.stop()
