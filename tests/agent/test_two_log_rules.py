"""Two rules read one log for different words: neither counts the other's lines."""

from pathlib import Path

from agent.checks.log import CHECK
from agent.protocol.words import Change
from agent.rules.loader import load
from agent.runner import Runner
from agent.schedule import Plan, Schedule
from agent.store.history_file import HistoryFile
from agent.trends import Trends
from tests.agent.runner_bench import FakeClock, Store

RULES = """
version: 1
rules:
  - name: requests
    check: log
    targets: {{include: ["{log}"], match: [GET]}}
    warning: {{when: lines_1h >= 100000}}
  - name: errors
    check: log
    targets: {{include: ["{log}"], match: [ERROR]}}
    warning: {{when: lines_1h >= 10, for: 0s, clear_for: 1m}}
"""


def test_what_one_rule_counts_is_not_the_others(tmp_path: Path) -> None:
    log, file = tmp_path / "app.log", tmp_path / "rules.yaml"
    log.write_text("begins\n")
    file.write_text(RULES.format(log=log))
    clock, store = FakeClock(), Store()
    schedules = [Schedule(rule, CHECK) for rule in load(file, {CHECK.name: CHECK}).rules]

    def pass_minutes(minutes: int, errors: int) -> None:
        """Let a runner of its own do so: what was counted outlives a restart."""
        runner = Runner(
            Plan(schedules),
            store.states,
            store.record,
            clock=clock,
            boot_id="boot",
            recall=store.remembered.get,
            trends=Trends(HistoryFile(tmp_path)),
        )
        for _ in range(minutes):
            with log.open("a") as lines:
                lines.write("GET /\n" * 20 + "ERROR\n" * errors)
            runner.turn()
            clock.boot_s += 60
        runner.stop(0)

    pass_minutes(10, errors=0)
    pass_minutes(5, errors=1)
    assert store.events == []
    pass_minutes(5, errors=1)
    assert [(event.rule, event.change) for event in store.events] == [("errors", Change.OPENED)]
