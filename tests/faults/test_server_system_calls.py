"""The server is killed, or its disk fails it, at each single call on the way of one alert.

On SQLite these are the writes and syncs of its file, on PostgreSQL every message to the
database; on both the answer to the device, after the commit.
"""

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server_stub.database import SQLITE_FILE
from tests.faults.ground import Ground
from tests.faults.station import Station
from tests.support import strace
from tests.support.polling import until
from tests.support.seeds import long_run, tell
from tests.support.strace import Strace

RECOVERY_S = 60.0
CALLS = {"sqlite": {"pwrite64": 34, "fsync": 2}, "postgresql": {"sendto": 16}}
"""What the writer does for one alert and the heartbeat after it, and about how often."""
MOST = 180

pytestmark = pytest.mark.needs("strace")


class Victim:
    """A server that is struck while the one device has something to tell it."""

    def __init__(self, ground: Ground, station: Station) -> None:
        self.ground = ground
        self.station = station
        self._ports = iter(station.services.ports)
        self._turns = itertools.count(1)
        file = ground.database.data / SQLITE_FILE
        files = [file, file.with_name(f"{file.name}-wal")]
        self.files = [] if ground.database.url else files

    def kill_at(self, call: str, nth: int) -> bool:
        """Kill the server at a call while it takes in an alert; tell whether it came to that."""
        port = next(self._ports)
        output = self.station.folder / f"strace-{next(self._turns)}"
        paths = [] if call == "writev" else self.files
        with Strace(self.ground.worker, call, "signal=KILL", str(nth), paths, output):
            self.station.services.stop(port)
            until(lambda: not self.ground.is_running or self._is_told(port), 60, "the alert")
        killed = not self.ground.is_running
        self.ground.ensure_running()
        self._follow_up(port)
        return killed

    def fail_at(self, call: str, error: str, when: str) -> bool:
        """Let calls fail while the server takes in an alert; tell whether it came to that."""
        port = next(self._ports)
        output = self.station.folder / f"strace-{next(self._turns)}"
        with Strace(self.ground.worker, call, f"error={error}", when, self.files, output):
            self.station.services.stop(port)
            until(lambda: self._is_told(port) or self._problem(), 60, "an answer")
            if not self._is_told(port):
                assert "cannot store" in self._problem() or "is busy" in self._problem()
                assert self.station.waiting() > 0, "a receipt for what was not stored"
        until(lambda: self._is_told(port), RECOVERY_S, "the recovery")
        self._follow_up(port)
        return strace.errors_made(output) > 0

    def _problem(self) -> str:
        return str(self.station.status()["delivery"]["last_problem"] or "")

    def _is_told(self, port: int) -> bool:
        """Tell whether the server has the alert and the device its receipt."""
        return (
            self.ground.is_running
            and self.station.ticket(port) is not None
            and self.station.is_at_rest()
        )

    def _follow_up(self, port: int) -> None:
        station = self.station
        station.until_open(port)
        station.services.start(port)
        station.until_resolved(port)
        station.until_at_rest()
        assert station.history(port) == ["opened", "resolved"]
        outbox = station.status()["outbox"]
        assert not outbox["parked"]
        station.assert_no_traceback()
        assert "Traceback" not in self.ground.server.output(), self.ground.server.output()


@contextmanager
def victim(ground: Ground, folder: Path) -> Iterator[Victim]:
    """Lend a server whose one device is at rest."""
    with Station(ground, folder, MOST if long_run() else 12) as station:
        station.start()
        station.until_at_rest()
        yield Victim(ground, station)


def test_a_server_killed_at_any_call_makes_one_ticket_of_one_alert(
    ground: Ground, tmp_path: Path, dice: random.Random
) -> None:
    calls = CALLS[ground.database.vendor]
    with victim(ground, tmp_path / "station") as struck:
        assert struck.kill_at("writev", 1), "the answer was never begun"
        if not long_run():
            call = dice.choice(list(calls))
            assert struck.kill_at(call, dice.randint(1, calls[call] // 2))
            return
        for call in calls:
            last = next(n for n in itertools.count(1) if not struck.kill_at(call, n)) - 1
            tell(f"{ground.database.vendor}: killed at each of {last} {call}")
            assert last


def test_a_server_whose_disk_fails_or_is_full_gives_no_false_receipt(
    sqlite_ground: Ground, tmp_path: Path, dice: random.Random
) -> None:
    """Of PostgreSQL we know no more than that it says so: a database that is gone."""
    points = [
        (call, error, f"{nth}{lasting}")
        for call, most in CALLS["sqlite"].items()
        for nth in range(1, (most * 3 // 2 if long_run() else most) + 1)
        for error in ("EIO", "ENOSPC")
        for lasting in ("", "+")
    ]
    chosen = points if long_run() else dice.sample(points, 2)

    with victim(sqlite_ground, tmp_path / "station") as struck:
        failed = sum(struck.fail_at(*point) for point in chosen)

    tell(f"failed at {failed} of {len(chosen)} calls")
    assert failed
