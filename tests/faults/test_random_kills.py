"""Agent and server are killed at random, again and again, while alerts come and go."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from server_stub.database import SQLITE_FILE
from tests.faults import tapped_agent
from tests.faults.ground import Ground
from tests.faults.station import Station, rule
from tests.support.polling import until
from tests.support.seeds import long_run, tell
from tests.support.server_process import PROJECT, server_environment

CYCLES = {"sqlite": 12, "postgresql": 6}
LONG_CYCLES = 300


class OracleProcess:
    """The oracle, asked over its stdin and stdout."""

    def __init__(self, services: int, seed: str, tap: Path, ground: Ground) -> None:
        database = ground.reading_url or str(ground.database.data / SQLITE_FILE)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.oracle", str(services), seed, str(tap), database],
            cwd=PROJECT,
            env=server_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ports: list[int] = self.hear()["ports"]

    def say(self, *words: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout
        heard: dict[str, Any] = json.loads(self._process.stdout.readline())
        return heard

    def judge(self, device: str) -> dict[str, Any]:
        self.say("judge", device)
        return self.hear()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def tapped(ground: Ground, tmp_path: Path, dice: random.Random) -> Iterator["Tapped"]:
    """A device whose agent is tapped, and the oracle whose services it watches."""
    with Station(ground, tmp_path / "station") as station:
        made = Tapped(station, dice)
        yield made
        made.oracle.close()


class Tapped:
    """A device under the oracle's eyes."""

    def __init__(self, station: Station, dice: random.Random) -> None:
        self.station = station
        self.tap = station.folder / "tap"
        self.tap.touch()
        self.cycles = LONG_CYCLES if long_run() else CYCLES[station.ground.database.vendor]
        services = max(40, self.cycles)
        self.oracle = OracleProcess(services, str(dice.random()), self.tap, station.ground)
        station.write_rules(rule(self.oracle.ports))

    def start(self) -> None:
        self.station.start(
            module="tests.faults.tapped_agent",
            environment={tapped_agent.TAP: str(self.tap)},
            wait=False,
        )


def senders(agent: int) -> list[int]:
    """Return the children of an agent that are senders."""
    found = []
    for task in Path(f"/proc/{agent}/task").glob("*/children"):
        for pid in task.read_text().split():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if b"agent.delivery.sender" in words:
                found.append(int(pid))
    return found


def test_nothing_is_lost_and_nothing_doubled_whoever_is_killed_when(
    tapped: Tapped, ground: Ground, dice: random.Random
) -> None:
    station, oracle = tapped.station, tapped.oracle
    tapped.start()
    killed: Counter[str] = Counter()
    began = time.monotonic()
    for _ in range(tapped.cycles):
        oracle.say("stir", f"{dice.uniform(0.2, 2.0):.2f}")
        oracle.hear()
        victim = dice.choices(("agent", "server", "both", "sender"), (50, 25, 15, 10))[0]
        killed[victim] += 1
        if victim == "sender":
            for pid in senders(station.agent.process.pid):
                os.kill(pid, signal.SIGKILL)
        if victim in ("server", "both"):
            ground.kill()
        if victim in ("agent", "both"):
            station.agent.kill()
            oracle.say("stir", f"{dice.uniform(0.0, 0.5):.2f}")
            oracle.hear()
            tapped.start()
        if victim in ("server", "both"):
            ground.start()
    ended = time.monotonic()
    station.until_at_rest()
    with suppress(AssertionError):  # what is wrong for good is told below
        until(lambda: not oracle.judge(station.device)["wrong"], 60)

    verdict = oracle.judge(station.device)
    figures = {name: number for name, number in verdict.items() if name != "wrong"}
    tell(f"{ground.database.vendor}: {tapped.cycles} cycles in {ended - began:.0f} s")
    tell(f"killed {dict(killed)}, {figures}")
    assert verdict["wrong"] == [], f"{station.status()}\n{station.log_text()[-5000:]}"
    assert verdict["durable"] > tapped.cycles
    station.assert_no_traceback()
    assert "Traceback" not in ground.server.output()
