"""kill -9 at any moment: what was acknowledged is there, once, and state and envelope agree."""

import os
import random
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path

import pytest

from agent.store import Store
from tests.agent.store.samples import ALL

LONG = bool(os.environ.get("WATCHDESK_LONG"))
CYCLES = 300 if LONG else 25


class Ledger:
    """What the writer said, kept apart from any store."""

    def __init__(self) -> None:
        self.recorded: dict[str, int] = {}
        self.settled: set[str] = set()
        self.last = 0

    def read(self, line: str) -> None:
        match line.split():
            case ["recorded", identifier, number]:
                self.recorded[identifier] = self.last = int(number)
            case ["settled", identifier]:
                self.settled.add(identifier)
            case other:
                raise AssertionError(other)


def killed_writer(folder: Path, ledger: Ledger, lines: int, delay_s: float) -> None:
    """Run a writer and kill it a moment after so many lines."""
    command = [sys.executable, "-m", "tests.agent.store.writer", str(folder), str(ledger.last + 1)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for turn, line in enumerate(writer.stdout):
            if turn == lines:
                threading.Timer(delay_s, writer.kill).start()
            if line.endswith("\n"):
                ledger.read(line)
    assert writer.returncode == -9


def test_nothing_acknowledged_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    ledger = Ledger()
    chance = random.Random(20261121)  # noqa: S311 - the same every time
    for cycle in range(CYCLES):
        killed_writer(tmp_path, ledger, chance.randrange(60), chance.random() * 0.01)
        check(tmp_path, ledger, f"cycle {cycle}")


def check(folder: Path, ledger: Ledger, what: str) -> None:
    """Open what a killed writer left and compare it with what it said."""
    store = Store(folder)
    assert store.take_damage() is None, what
    pending = store.pending(ALL, ALL)
    identifiers = [one.id for one in pending]
    owed = ledger.recorded.keys() - ledger.settled
    assert owed <= set(identifiers), f"{what}: lost"
    assert len(identifiers) == len(set(identifiers)), f"{what}: doubled"
    numbers = [int(one.body) for one in pending]
    assert numbers == sorted(numbers), f"{what}: out of order"
    last = {"alert": str(numbers[-1])} if numbers else {}
    assert store.alert_states() == last, f"{what}: torn"
    assert store.counts().waiting == len(pending), what
    ledger.last = max([ledger.last, *numbers])  # durable, and killed before it was told
    ledger.recorded |= {one.id: int(one.body) for one in pending}
    store.close()


@pytest.mark.needs("strace")
@pytest.mark.parametrize(("call", "every"), [("fdatasync", 1), ("pwrite64", 3), ("openat", 1)])
def test_a_kill_at_each_durable_call_loses_nothing(tmp_path: Path, call: str, every: int) -> None:
    """One run for each call of its kind on agent.db and its log, killed at that very call."""
    program = [sys.executable, "-m", "tests.agent.store.writer"]
    for when in count(1, 1 if LONG else every):
        state = tmp_path / str(when)
        where = ["-P", str(state / "agent.db"), "-P", str(state / "agent.db-wal")]
        strace = ["strace", "-f", "-qq", "-o", "/dev/null", *where]
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}"]
        ended = subprocess.run(
            [*strace, *inject, *program, str(state), "1", "6"],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        ledger = Ledger()
        for line in ended.stdout.splitlines():
            ledger.read(line)
        check(state, ledger, f"killed at {call} {when}")
        if ended.returncode == 0:
            assert when > 1, "nothing was traced"
            return
        assert ended.returncode == -9, ended.stderr
