"""What very many rules cost beyond their probes.

As a program, ``python bench/agent_rules.py``: prints the microseconds of processor time that a
rule takes in a cycle of ten seconds, with 500 rules that look every minute, as rules do. The
agent's own runner turns with history, each rule judging two metrics of a target of its own that
change at every look; what the bare probes take, measured alternately, is taken away. Nothing is
wrong and nothing is sent: the life of nearly every rule.
"""

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

RULES = 500
CYCLE_S = 10
MINUTES = 60
RUNS = 5
_RULE = """
  - name: level-{number}
    check: bench.level
    targets: {{include: [tank-{number}]}}
    warning: {{when: level > 80 and free < 2 GiB, for: 20s, clear: level < 70}}
    critical: {{when: level > 90, for: 20s, clear: level < 80}}
    ticket: {{title: "{{target}} is at {{level}}"}}
"""


def microseconds_a_cycle() -> float:
    """Return the median of several processes, whose hashes and places in memory differ."""
    runs = (
        subprocess.run(
            [sys.executable, __file__], capture_output=True, text=True, check=True, cwd=PROJECT
        )
        for _ in range(RUNS)
    )
    return statistics.median(float(done.stdout) for done in runs)


def _measured() -> float:
    from agent import clock  # noqa: PLC0415 - here the agent is what is measured
    from agent.check_api import Check, Measured, Metric, TargetFilter, Unit  # noqa: PLC0415
    from agent.rules.loader import load  # noqa: PLC0415
    from agent.runner import Runner  # noqa: PLC0415
    from agent.schedule import Plan, Schedule  # noqa: PLC0415
    from agent.store.history_file import HistoryFile  # noqa: PLC0415
    from agent.trends import Trends  # noqa: PLC0415

    looks = 0

    def probe(targets: TargetFilter):  # type: ignore[no-untyped-def] # noqa: ANN202 - a generator of readings
        nonlocal looks
        looks += 1
        yield Measured(targets.include[0], {"level": 50.0 + looks % 7, "free": 2**40 + looks})

    metrics = (Metric("level", Unit.SHARE, "level"), Metric("free", Unit.BYTES, "room"))
    check = Check("bench.level", "a level", metrics, probe)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rules.yaml")
        rules = "".join(_RULE.format(number=number) for number in range(RULES))
        file.write_text(f"version: 1\nrules:{rules}")
        schedules = [Schedule(rule, check) for rule in load(file, {check.name: check}).rules]
        shift_s = 0.0

        def read_clock() -> clock.Now:
            now = clock.now()
            return now._replace(boot_s=now.boot_s + shift_s, awake_s=now.awake_s + shift_s)

        runner = Runner(
            Plan(schedules), {}, lambda *_: True,
            clock=read_clock, boot_s=lambda: clock.boot_s() + shift_s, boot_id="bench",
            trends=Trends(HistoryFile(Path(folder))),
        )  # fmt: skip
        runner.turn()
        gc.freeze()
        minutes = []
        for _ in range(MINUTES):
            spent_s = 0.0
            for _ in range(60 // CYCLE_S):
                shift_s += CYCLE_S
                began_s = time.process_time()
                runner.turn()
                spent_s += time.process_time() - began_s
            began_s = time.process_time()
            for schedule in schedules:
                list(schedule.check.probe(schedule.rule.targets))
            minutes.append(spent_s - (time.process_time() - began_s))
    return statistics.median(minutes) / (60 / CYCLE_S) / RULES * 1e6


if __name__ == "__main__":
    print(f"{_measured():.3f}")
