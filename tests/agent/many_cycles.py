"""``python -m tests.agent.many_cycles RULES STATE CYCLES``: the agent's own cycle, again and again.

Real checks on this computer, by all rules of a server; the real store, history and state machine.
The clocks are put forward by ten seconds each time instead of waiting. Prints the anonymous memory
in kilobytes at the tenth part, and at the end.
"""

import gc
import json
import re
import sys
import time
from datetime import timedelta
from pathlib import Path

from agent import clock
from agent.checks import discover
from agent.host.boot import boot_id
from agent.rules.loader import load
from agent.runner import Runner
from agent.schedule import Plan, Schedule
from agent.store import Store
from agent.store.history_file import HistoryFile
from agent.trends import Trends

EVERY_S = 10.0


class Clock:
    """The true clocks, and what they were put forward by."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self._monotonic = time.monotonic
        vars(time)["monotonic"] = self.monotonic

    def monotonic(self) -> float:
        return self._monotonic() + self.ahead_s

    def __call__(self) -> clock.Now:
        now, ahead_s = clock.now(), self.ahead_s
        return clock.Now(now.boot_s + ahead_s, now.awake_s, now.wall + timedelta(seconds=ahead_s))


def anonymous_kb() -> int:
    """Return this process's anonymous memory."""
    gc.collect()
    text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    return int(re.findall(r"^Anonymous:\s+(\d+)", text, re.MULTILINE)[0])


def main(rules_file: Path, state: Path, cycles: int) -> None:
    """Run the cycles."""
    checks = discover()
    rules = load(rules_file, checks).for_device("server", "linux")
    read_clock = Clock()
    store = Store(state, read_clock=read_clock)
    runner = Runner(
        Plan([Schedule(rule, checks[rule.check]) for rule in rules.rules], rules.maintenance),
        {},
        store.record,
        clock=read_clock,
        boot_id=boot_id(),
        recall=store.recall,
        trends=Trends(HistoryFile(state, read_clock=read_clock)),
    )
    told = []
    for cycle in range(1, cycles + 1):
        runner.turn()
        read_clock.ahead_s += EVERY_S
        if cycle in {cycles // 10, cycles}:
            told.append(anonymous_kb())
    print(json.dumps(told))  # noqa: T201 - the answer
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
