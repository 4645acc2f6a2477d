"""kill -9 at any moment: what was acknowledged is there, once, and state and envelope agree."""

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

from agent.store import Store
from tests.agent.store.samples import ALL

CYCLES = 300 if os.environ.get("WATCHDESK_LONG") else 25


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
        store = Store(tmp_path)
        assert store.take_damage() is None
        pending = store.pending(ALL, ALL)
        identifiers = [one.id for one in pending]
        owed = ledger.recorded.keys() - ledger.settled
        assert owed <= set(identifiers), f"cycle {cycle}: lost"
        assert len(identifiers) == len(set(identifiers)), f"cycle {cycle}: doubled"
        numbers = [int(one.body) for one in pending]
        assert numbers == sorted(numbers), f"cycle {cycle}: out of order"
        assert store.alert_states() == {"alert": str(numbers[-1])}, f"cycle {cycle}: torn"
        assert store.counts().waiting == len(pending)
        ledger.last = numbers[-1]  # one more than said may be durable: killed before it was told
        ledger.recorded |= {one.id: int(one.body) for one in pending}
        store.close()
