"""Checks that may take long are probed by a second worker."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.check_api import CheckError, Measured, TargetFilter
from agent.protocol.words import Evaluation
from agent.rules.loader import load
from agent.runner import Runner
from agent.schedule import Plan, Schedule
from tests.agent.runner_bench import FakeClock, Level, Store
from tests.support.polling import until

RULES = """
version: 1
rules:
  - name: quick
    check: test.quick
    every: 10s
    depends_on: [slow]
    startup_grace: 0s
    critical: {when: level > 90, for: 20s, clear_for: 0s}
  - name: slow
    check: test.slow
    every: 10s
    startup_grace: 0s
    critical: {when: level > 50, for: 0s, clear_for: 0s}
    ticket: none
"""


class Both:
    """A quick rule and a slow one that the quick one depends on."""

    def __init__(self, folder: Path) -> None:
        self.quick, self.slow = Level(), Level()
        self.quick.check = replace(self.quick.check, name="test.quick")
        self.slow.check = replace(self.slow.check, name="test.slow", aside=True, deadline_s=60.0)
        self.slow.value = 0.0
        checks = {level.check.name: level.check for level in (self.quick, self.slow)}
        (folder / "rules.yaml").write_text(RULES)
        rules = load(folder / "rules.yaml", checks).rules
        self.clock, self.store = FakeClock(), Store()
        self.schedules = {rule.name: Schedule(rule, checks[rule.check]) for rule in rules}
        self.runner = Runner(
            Plan(list(self.schedules.values())),
            {},
            self.store.record,
            clock=self.clock,
            boot_id="boot-1",
            aside=True,
        )

    def turn(self, seconds: float = 0.0) -> None:
        """Let time pass, run a turn, and wait for what runs aside unless it hangs."""
        self.clock.boot_s += seconds
        self.runner.turn()
        if self.slow.hang is None:
            until(lambda: not self.schedules["slow"].aside or self.is_answered(), 10)

    def is_answered(self) -> bool:
        aside = self.runner._aside
        return aside is not None and not aside._works


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    made = Both(tmp_path)
    yield made
    if made.slow.hang:
        made.slow.hang.set()


def test_a_slow_check_holds_up_no_other(both: Both) -> None:
    both.slow.hang = threading.Event()
    for _ in range(6):
        both.turn(10)

    assert both.quick.probes == 6
    assert both.slow.probes == 1


def test_what_it_finds_is_judged_in_the_next_turn(both: Both) -> None:
    both.slow.value = 70.0
    both.turn()
    both.turn()

    assert both.schedules["slow"].evaluations["tank"].evaluation is Evaluation.CRITICAL


def test_a_rule_waits_for_what_the_slow_one_it_depends_on_tells(both: Both) -> None:
    """The quick one finds trouble just before the slow one would: its look is judged after."""
    both.turn()
    both.turn()
    both.quick.value, both.slow.value = 99.0, 99.0

    for _ in range(30):
        both.turn(5)

    assert both.store.events == []
    assert both.runner.quiet.records[-1].rule == "quick"


def test_a_rule_whose_slow_parent_is_well_opens_as_ever(both: Both) -> None:
    both.quick.value = 99.0
    for _ in range(8):
        both.turn(5)

    assert [event.rule for event in both.store.events] == ["quick"]


def test_a_slow_probe_that_hangs_is_given_up_and_the_next_ones_run(both: Both) -> None:
    both.slow.hang = threading.Event()
    both.turn()
    until(lambda: both.slow.probes == 1, 10)
    both.clock.boot_s += 60 * 1.5
    both.runner.supervise()
    hung, both.slow.hang = both.slow.hang, None

    both.turn(10)
    both.turn(1)

    [one] = both.schedules["slow"].evaluations.values()
    assert "has not come back" in one.reason
    hung.set()
    until(lambda: both.schedules["slow"].lost_since is None, 10)
    both.turn(10)
    both.turn(1)
    assert both.schedules["slow"].evaluations["tank"].evaluation is Evaluation.OK


def test_an_answer_for_a_rule_that_is_gone_is_dropped(both: Both) -> None:
    both.slow.value = 99.0
    both.runner.turn()
    both.runner.adopt(Plan([]))
    until(both.is_answered, 10)
    both.runner.turn()

    assert both.store.texts == {}


def test_a_slow_check_that_fails_is_unknown(both: Both) -> None:
    both.slow.value = CheckError("no way")
    both.turn()
    both.turn()

    [one] = both.schedules["slow"].evaluations.values()
    assert one.reason == "no way"


def test_without_a_second_worker_all_is_looked_at_in_the_turn(both: Both) -> None:
    """So a command that looks once has everything when it ends."""
    runner = Runner(
        Plan(list(both.schedules.values())), {}, both.store.record, clock=both.clock, boot_id="1"
    )
    runner.turn()

    assert both.schedules["slow"].evaluations["tank"].evaluation is Evaluation.OK


def test_targets_are_handed_over(both: Both) -> None:
    seen: list[TargetFilter] = []

    def probe(targets: TargetFilter) -> Iterator[Measured]:
        seen.append(targets)
        return iter(())

    schedule = both.schedules["slow"]
    schedule.check = replace(schedule.check, probe=probe)
    both.turn()

    assert seen == [schedule.rule.targets]
