"""Instructions per cycle, counted by callgrind: the steadiest figure, whatever else runs.

As a program, ``python bench/agent_cycle.py RULES CYCLES``: the agent's own cycle (every rule
probed, evaluated and stepped; nothing changes, so nothing is stored). The clocks are put forward
by an interval each time instead of waiting, so what is done once a minute counts as it should.
"""

import gc
import re
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

EVERY_S = 10.0
FEW, MANY = 6, 30
"""Whole minutes lie between them."""


def instructions_per_cycle(folder: Path, rules: Path) -> float:
    """Return the instructions of one cycle: those of ``MANY`` less those of ``FEW``."""
    few, many = (_instructions(folder, rules, cycles) for cycles in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def _instructions(folder: Path, rules: Path, cycles: int) -> int:
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'callgrind.out'}",
         sys.executable, __file__, rules, str(cycles)],
        cwd=PROJECT,
        env={"PYTHONHASHSEED": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found, done.stderr[-2000:]
    return int(found[1])


def cycles(rules: Path, count: int) -> None:
    """Run this many cycles, each ten seconds after the one before."""
    from agent import clock  # noqa: PLC0415 - here the agent is what is measured
    from agent.checks import discover  # noqa: PLC0415
    from agent.facts import device_kind  # noqa: PLC0415
    from agent.rules.loader import load  # noqa: PLC0415
    from agent.runner import Runner  # noqa: PLC0415
    from agent.schedule import Plan, Schedule  # noqa: PLC0415
    from agent.settings import os_word  # noqa: PLC0415
    from agent.store.history_file import HistoryFile  # noqa: PLC0415
    from agent.trends import Trends  # noqa: PLC0415

    checks = discover()
    mine = load(rules, checks).for_device(device_kind(), os_word())
    schedules = [Schedule(rule, checks[rule.check]) for rule in mine.rules]
    now = clock.now()
    time.monotonic = lambda: now.awake_s

    def read_clock() -> clock.Now:
        return now

    runner = Runner(
        Plan(schedules, mine.maintenance), {}, lambda *_: True,
        clock=read_clock, boot_id="bench", trends=Trends(HistoryFile(rules.parent)),
    )  # fmt: skip
    gc.freeze()
    for _ in range(count):
        runner.turn()
        now = now._replace(boot_s=now.boot_s + EVERY_S, awake_s=now.awake_s + EVERY_S)


if __name__ == "__main__":
    cycles(Path(sys.argv[1]), int(sys.argv[2]))
