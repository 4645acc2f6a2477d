"""The moments at which a fault can strike an agent's way from an alert to its receipt.

Each moment has one thread that writes to the disk, so "the N-th call" is one certain call:

- birth: the store is made
- start: the store is opened, with a message in it that was never sent
- enqueue: an alert opens; its state and its message are committed
- receipt: the server has stored the message; its receipt is committed
- stop: the log is folded into the file

A device is led to a moment with a fault waiting there, and through it. What must hold after
any of them is the same: one ticket, its whole story once, nothing waiting.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from tests.faults.station import Station, rule
from tests.support import strace
from tests.support.polling import until
from tests.support.strace import Strace

RECOVERY_S = 60.0
_OF_A_START = (
    *("fdatasync", "pwrite64", "write", "ftruncate", "fchmod", "chmod"),
    *("unlink", "rename", "openat"),
)
CALLS = {
    "birth": _OF_A_START,
    "start": _OF_A_START,
    "enqueue": ("fdatasync", "pwrite64"),
    "receipt": ("fdatasync", "pwrite64"),
    "stop": ("fdatasync", "pwrite64", "ftruncate", "unlink"),
}
"""What the agent does to its files at each moment, by system call."""
ABOUT = {
    ("start", "pwrite64"): 20,
    ("start", "fdatasync"): 3,
    ("start", "openat"): 5,
    ("enqueue", "pwrite64"): 8,
    ("receipt", "pwrite64"): 6,
    ("stop", "pwrite64"): 10,
    ("stop", "fdatasync"): 2,
}
"""How often, roughly; once where nothing is said."""

_ENDS = {(0, "stop"), (1, "birth"), (1, "start")}


@dataclass(frozen=True, slots=True)
class Point:
    """One place for a fault: the ``nth`` ``call`` of a moment; ``lasting``: all after it, too."""

    moment: str
    call: str
    nth: int = 1
    fault: str = "signal=KILL"
    lasting: bool = False

    def __str__(self) -> str:
        return f"{self.fault} at {self.call} {self.when} of {self.moment}"

    @property
    def when(self) -> str:
        return f"{self.nth}+" if self.lasting else str(self.nth)

    @property
    def keeps_failing(self) -> bool:
        """Tell whether nothing can be stored as long as it lasts."""
        return self.lasting and self.nth == 1 and self.call in ("pwrite64", "fdatasync")

    @property
    def next(self) -> "Point":
        return replace(self, nth=self.nth + 1)


class Struck:
    """A device that is struck by one fault after another, each with a service of its own."""

    def __init__(self, station: Station) -> None:
        """Take the device; its agent is started when needed."""
        self.station = station
        self._ports = iter(station.services.ports)
        self._turns = itertools.count(1)
        self._port = 0
        self._output = station.folder
        names = (
            *("agent.db", "agent.db-wal", "agent.db-journal"),
            *("agent.lock", "agent.sock", ".agent.sock.new"),
        )
        self._paths = [station.state, *(station.state / name for name in names)]
        self._moments: dict[str, Callable[[Point], AbstractContextManager[None]]] = {
            "birth": self._birth,
            "start": self._start,
            "enqueue": self._enqueue,
            "receipt": self._receipt,
            "stop": self._stop,
        }

    def _tells_of_the_disk(self) -> bool:
        told = str(self.station.status().get("troubles"))
        return "input/output error" in told or "disk is full" in told

    def start_over(self) -> None:
        """Forget what went wrong, so that the next fault is judged by itself."""
        self.station.agent.kill()
        for path in self.station.state.glob("agent.db*"):
            path.unlink()

    def kill_at(self, point: Point) -> bool:
        """Kill the agent at a point and go on; tell whether it ever got to the point."""
        with self._struck(point):
            pass
        killed = self.station.died() and self.station.agent.process.returncode == -9
        self._follow_up()
        return killed

    def fail_at(self, point: Point) -> bool:
        """Let calls fail at a point and go on; tell whether the agent ever got to the point."""
        station = self.station
        with self._struck(point):
            if point.keeps_failing and not station.died():
                until(self._tells_of_the_disk, 60, "a status that names the cause")
        made = strace.errors_made(self._output)
        if station.died():
            code = station.agent.process.returncode
            text = station.agent.log.read_text()
            assert (code, point.moment) in _ENDS, (code, text)
            # Without the lock it cannot know that it is alone; its service manager comes again.
            assert not code or "agent.lock cannot be" in text, text
        else:
            station.until_at_rest(RECOVERY_S)
        assert "was damaged" not in station.log_text(), "nothing is wrong with the file"
        self._follow_up()
        return made > 0

    @contextmanager
    def _struck(self, point: Point) -> Iterator[None]:
        self._port = next(self._ports)
        self.station.write_rules(rule([self._port]))
        self._output = self.station.folder / f"strace-{next(self._turns)}"
        with self._moments[point.moment](point):
            yield

    def _tracing(self, point: Point) -> Strace:
        pid = self.station.agent.process.pid
        return Strace(pid, point.call, point.fault, point.when, self._paths, self._output)

    @contextmanager
    def _birth(self, point: Point) -> Iterator[None]:
        self._run()
        self.station.stop()
        for path in self.station.state.glob("agent.db*"):
            path.unlink()
        self.station.services.stop(self._port)
        with self._starting(point):
            yield

    @contextmanager
    def _start(self, point: Point) -> Iterator[None]:
        station = self.station
        self._run()
        station.relay.refuse()
        station.services.stop(self._port)
        until(lambda: station.waiting() > 0, what="a message that waits")
        station.agent.kill()
        station.relay.accept()
        with self._starting(point):
            yield

    @contextmanager
    def _starting(self, point: Point) -> Iterator[None]:
        station = self.station
        station.start(
            prefix=strace.prefix(point.call, point.fault, point.when, self._paths, self._output),
            wait=False,
        )
        try:
            until(lambda: station.died() or self._is_open(), 60, "the ticket")
            yield
        finally:
            if not station.died():
                strace.release(station.agent.process.pid)

    @contextmanager
    def _enqueue(self, point: Point) -> Iterator[None]:
        self._run()
        with self._tracing(point):
            self.station.services.stop(self._port)
            until(lambda: self.station.died() or self._is_open(), 60, "the ticket")
            yield

    @contextmanager
    def _receipt(self, point: Point) -> Iterator[None]:
        station = self.station
        self._run()
        station.relay.hold()
        try:
            station.services.stop(self._port)
            until(lambda: station.relay.withheld, 60, "the server's answer")
            with self._tracing(point):
                station.relay.release()
                until(lambda: station.died() or station.waiting() == 0, 60, "the receipt")
                yield
        finally:
            station.relay.release()

    @contextmanager
    def _stop(self, point: Point) -> Iterator[None]:
        self._run()
        self.station.services.stop(self._port)
        self.station.until_open(self._port)
        self.station.until_at_rest()
        with self._tracing(point):
            self.station.agent.process.terminate()
            until(self.station.died, 60, "the agent's end")
            yield

    def _run(self) -> None:
        if self.station.is_new() or self.station.died():
            self.station.start()
        seen = self.station.services.visits[self._port]
        until(lambda: self.station.services.visits[self._port] > seen, 60, "a look")
        self.station.until_at_rest()

    def _is_open(self) -> bool:
        ticket = self.station.ticket(self._port)
        return ticket is not None and ticket.is_open

    def _follow_up(self) -> None:
        """Ask for one ticket with its whole story, whatever happened on the way."""
        station = self.station
        if station.died():
            station.start()
        station.until_open(self._port)
        station.services.start(self._port)
        station.until_resolved(self._port)
        station.until_at_rest()
        told = station.history(self._port)
        # A store that could not be read for a while: the alert opened anew meanwhile, and the
        # message about its first opening came when the store was back.
        assert told in (["opened", "resolved"], ["opened", "changed", "resolved"]), told
        outbox = station.status()["outbox"]
        assert not outbox["parked"], f"parked: {outbox}"
        assert not any(outbox["dropped"].values()), f"dropped: {outbox}"
        station.assert_no_traceback()
