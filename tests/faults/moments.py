"""The moments at which a fault can strike an agent's way from an alert to its receipt.

Each moment has one thread that writes to the disk, so "the N-th call" is one certain call:

- birth: the store is made
- start: the store is opened, with a message in it that was never sent
- enqueue: an alert opens; its state and its message are committed
- receipt: the server has stored the message; its receipt is committed
- stop: the log is folded into the file

A device is led to a moment with a fault waiting there, and through it. What must hold after
any of them is the same: one ticket, its whole story once, nothing waiting. With each fault a log
gets a line, which is counted once; every change goes to the history, which stays sound; and what
the failed service explains is held back and opens nothing.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace

from agent.errors import StateError
from agent.store.history_file import SeriesKey
from agent.store.recorded import recorded
from tests.faults.station import Station, rule, target
from tests.support import strace
from tests.support.polling import until
from tests.support.strace import Strace

RECOVERY_S = 60.0
BESIDES = """
  - name: explained
    check: tcp
    every: 1s
    startup_grace: 0s
    depends_on: [service]
    targets: {{include: ["{target}"]}}
    critical: {{when: state != open, for: 2s, clear_for: 0s, priority: high}}
  - name: log
    check: log
    every: 1s
    targets: {{include: ["{log}"], match: [strike]}}
    mode: watch
    warning: {{when: lines_total > 1000000, for: 1s}}
"""
AGENT = "tests.faults.recording_agent"
_OF_A_START = (
    *("fdatasync", "pwrite64", "write", "ftruncate", "fchmod", "chmod"),
    *("unlink", "rename", "openat"),
)
CALLS = {
    "birth": _OF_A_START,
    "start": _OF_A_START,
    "enqueue": ("fdatasync", "pwrite64", "openat", "unlink"),
    "receipt": ("fdatasync", "pwrite64"),
    "stop": ("fdatasync", "pwrite64", "ftruncate", "unlink"),
}
"""What the agent does to its files at each moment, by system call."""
ABOUT = {
    ("birth", "pwrite64"): 77,
    ("birth", "fdatasync"): 16,
    ("birth", "openat"): 16,
    ("birth", "fchmod"): 3,
    ("birth", "unlink"): 5,
    ("start", "pwrite64"): 32,
    ("start", "fdatasync"): 8,
    ("start", "openat"): 11,
    ("start", "fchmod"): 3,
    ("start", "unlink"): 2,
    ("enqueue", "pwrite64"): 28,
    ("enqueue", "fdatasync"): 4,
    ("enqueue", "openat"): 4,
    ("receipt", "pwrite64"): 6,
    ("stop", "pwrite64"): 16,
    ("stop", "fdatasync"): 3,
    ("stop", "unlink"): 2,
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
            *("history.db", "history.db-journal"),
        )
        self._log = station.folder / "program.log"
        self._log.touch()
        self._lines = 0
        self._paths = [station.state, *(station.state / name for name in names)]
        self._moments: dict[str, Callable[[Point], AbstractContextManager[None]]] = {
            "birth": self._birth,
            "start": self._start,
            "enqueue": self._enqueue,
            "receipt": self._receipt,
            "stop": self._stop,
        }

    def _tells_of_the_disk(self) -> bool:
        troubles = self.station.status().get("troubles", ())
        told = next((one for one in troubles if "agent's store" in one), "")
        return "input/output error" in told or "disk is full" in told

    def start_over(self) -> None:
        """Forget what went wrong, so that the next fault is judged by itself."""
        self.station.agent.kill()
        for path in self.station.state.glob("*.db*"):
            path.unlink()
        self._lines = 0

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
        assert "damaged" not in station.log_text(), "nothing is wrong with the files"
        self._follow_up()
        return made > 0

    @contextmanager
    def _struck(self, point: Point) -> Iterator[None]:
        self._port = next(self._ports)
        besides = BESIDES.format(target=target(self._port), log=self._log)
        self.station.write_rules(rule([self._port]) + besides)
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
        for path in self.station.state.glob("*.db*"):
            path.unlink()
        self._lines = 0  # nobody remembers where it was read to
        self.station.services.stop(self._port)
        with self._starting(point):
            yield

    @contextmanager
    def _start(self, point: Point) -> Iterator[None]:
        station = self.station
        self._run()
        station.relay.refuse()
        self._fall()
        until(lambda: station.waiting() > 0, what="a message that waits")
        station.agent.kill()
        station.relay.accept()
        with self._starting(point):
            yield

    @contextmanager
    def _starting(self, point: Point) -> Iterator[None]:
        station = self.station
        station.start(
            module=AGENT,
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
            self._fall()
            until(lambda: self.station.died() or self._is_open(), 60, "the ticket")
            yield

    @contextmanager
    def _receipt(self, point: Point) -> Iterator[None]:
        station = self.station
        self._run()
        station.relay.hold()
        try:
            self._fall()
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
        self._fall()
        self.station.until_open(self._port)
        self.station.until_at_rest()
        with self._tracing(point):
            self.station.agent.process.terminate()
            until(self.station.died, 60, "the agent's end")
            yield

    def _run(self) -> None:
        if self.station.is_new() or self.station.died():
            self.station.start(module=AGENT)
        seen = self.station.services.visits[self._port]
        until(lambda: self.station.services.visits[self._port] > seen, 60, "a look")
        self._until_the_log_is_read()
        self.station.until_at_rest()

    def _fall(self) -> None:
        """Stop the service, and let a program say so in its log."""
        self.station.services.stop(self._port)
        with self._log.open("a") as file:
            file.write("strike\n")
        self._lines += 1

    def _until_the_log_is_read(self) -> None:
        seen: list[str] = []

        def each_line_was_counted_once() -> bool:
            checks = self.station.status().get("checks", ())
            told = next((one["summary"] for one in checks if one["rule"] == "log"), "")
            seen[:] = [told]
            return f"lines_total {self._lines}," in f"{told},"

        try:
            until(each_line_was_counted_once, 60)
        except AssertionError:
            station = self.station
            raise AssertionError(
                f"{self._lines} lines, and {seen} was counted: {station.status()}, "
                f"ended with {station.agent.process.poll()}\n{station.log_text()}"
            ) from None

    def _has_history(self) -> bool:
        with suppress(StateError):
            return bool(
                recorded(self.station.state).get(SeriesKey("tcp", target(self._port), "state"))
            )
        return False

    def _is_open(self) -> bool:
        ticket = self.station.ticket(self._port)
        return ticket is not None and ticket.is_open

    def _follow_up(self) -> None:
        """Ask for one ticket with its whole story, whatever happened on the way."""
        station = self.station
        if station.died():
            station.start(module=AGENT)
        station.until_open(self._port)
        self._until_the_log_is_read()
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
        until(self._has_history, 60, "a history of the service")
