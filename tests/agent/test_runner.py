"""Turns of the runner: when rules are looked at, and what becomes of it."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.check_api import (
    CheckError,
    Measured,
    TargetFilter,
    UnsupportedCheckError,
)
from agent.clock import Now
from agent.protocol.words import Change, Evaluation
from agent.rules.model import Only, Rule
from agent.schedule import Plan, Schedule
from tests.agent.runner_bench import Bench, FakeClock, Level, level_rule
from tests.support.polling import until


@pytest.fixture
def level() -> Level:
    return Level()


@pytest.fixture
def rule(level: Level, tmp_path: Path) -> Rule:
    return level_rule(level, tmp_path)


@pytest.fixture
def bench(rule: Rule, level: Level) -> Bench:
    return Bench(rule, level)


def test_a_rule_runs_at_once_and_then_in_step(bench: Bench, level: Level) -> None:
    bench.turns(31)

    assert level.probes == 4


def test_the_wait_ends_when_the_next_rule_is_due(bench: Bench) -> None:
    assert bench.runner.turn() == 10
    bench.clock.boot_s += 4
    assert bench.runner.turn() == 6


def test_rules_of_one_interval_are_due_together_however_long_the_others_take(
    bench: Bench, level: Level, rule: Rule
) -> None:
    """Each moment of its own would wake the computer once more."""

    def slow(targets: TargetFilter) -> Iterator[Measured]:
        bench.clock.boot_s += 3
        return level.probe(targets)

    slow_check = replace(level.check, probe=slow)
    bench.runner.adopt(Plan([Schedule(rule, slow_check), Schedule(rule, level.check)]))

    assert bench.runner.turn() == 7
    bench.clock.boot_s += 7
    assert bench.runner.turn() == 7
    assert level.probes == 4


def test_turns_missed_asleep_are_not_caught_up(bench: Bench, level: Level) -> None:
    bench.runner.turn()
    bench.clock.boot_s += 8 * 3600 + 3

    assert bench.runner.turn() == 7
    assert level.probes == 2


def test_a_lasting_condition_opens_and_resolves_one_alert(bench: Bench, level: Level) -> None:
    level.value = 95.0
    bench.turns(31)
    level.value = 40.0
    bench.turns(31)

    changes = [(event.change, event.evaluation) for event in bench.store.events]
    assert changes == [(Change.OPENED, Evaluation.CRITICAL), (Change.RESOLVED, Evaluation.OK)]
    assert bench.store.events[0].title == "Level of tank is 95 %"
    assert len({event.alert_id for event in bench.store.events}) == 1


def test_an_idle_runner_commits_nothing(bench: Bench) -> None:
    bench.turns(600)

    assert bench.store.commits == 0


@pytest.mark.parametrize("failure", [CheckError("no such tank"), ZeroDivisionError("oops")])
def test_a_check_that_fails_makes_unknown_and_freezes_the_alert(
    bench: Bench, level: Level, failure: Exception
) -> None:
    level.value = 95.0
    bench.turns(31)
    level.value = failure
    bench.turns(600)

    [evaluation] = bench.schedule.evaluations.values()
    assert evaluation.evaluation is Evaluation.UNKNOWN
    assert len(bench.store.events) == 1


def test_a_check_this_computer_lacks_is_asked_once_and_alarms_nobody(
    bench: Bench, level: Level
) -> None:
    level.value = UnsupportedCheckError("no tank in this computer")
    bench.turns(100)

    assert level.probes == 1
    assert bench.schedule.unsupported == "no tank in this computer"
    assert bench.store.events == []


def test_what_was_lacking_is_looked_for_each_hour(bench: Bench, level: Level) -> None:
    level.value = UnsupportedCheckError("no tool is installed")
    bench.turns(2 * 3600 + 60)
    assert level.probes == 3

    level.value = 95.0
    bench.turns(3700)
    assert bench.schedule.unsupported == ""
    assert [event.change for event in bench.store.events] == [Change.OPENED]


def test_an_alert_whose_check_lacks_its_means_now_is_frozen_and_ends_when_they_are_back(
    bench: Bench, level: Level
) -> None:
    level.value = 95.0
    bench.turns(100)
    level.value = UnsupportedCheckError("no tool is installed")
    bench.turns(100)
    assert bench.schedule.unsupported == ""
    assert [event.change for event in bench.store.events] == [Change.OPENED]

    level.value = 10.0
    bench.turns(100)
    assert bench.store.events[-1].change is Change.RESOLVED


def test_a_running_span_is_stored_when_the_agent_stops(bench: Bench, level: Level) -> None:
    level.value = 95.0
    bench.turns(15)
    before = dict(bench.store.states)
    bench.runner.stop(0)

    after = bench.store.states["level", "tank"]
    assert after != before["level", "tank"]
    assert after.critical.span is not None
    assert after.critical.span.since_s is None


def test_the_alert_goes_on_in_the_next_process(bench: Bench, level: Level) -> None:
    level.value = 95.0
    bench.turns(15)
    bench.runner.stop(0)
    bench.runner = bench.another(bench.store.states)
    bench.turns(17)

    assert [event.change for event in bench.store.events] == [Change.OPENED]


def test_an_alert_whose_rule_is_gone_is_closed(bench: Bench, level: Level) -> None:
    level.value = 95.0
    bench.turns(31)
    bench.runner.adopt(Plan([]))
    bench.turns(1)

    assert [event.change for event in bench.store.events] == [Change.OPENED, Change.RESOLVED]
    assert "no longer watches" in bench.store.events[1].reason
    assert bench.store.states == {}


def test_an_alert_whose_target_the_rule_excludes_now_is_closed(bench: Bench, level: Level) -> None:
    level.value = 95.0
    bench.turns(31)
    changed = replace(bench.schedule.rule, targets=TargetFilter(exclude=("tank",)))
    level.gone = True
    bench.runner.adopt(Plan([Schedule(changed, level.check)]))
    bench.turns(1)

    assert [event.change for event in bench.store.events] == [Change.OPENED, Change.RESOLVED]
    assert "no longer names it" in bench.store.events[1].reason
    assert bench.store.states == {}


def test_an_alert_whose_target_is_gone_stays_open(bench: Bench, level: Level) -> None:
    level.value = 95.0
    bench.turns(31)
    level.gone = True
    bench.turns(31)

    assert [event.change for event in bench.store.events] == [Change.OPENED]


def test_an_alert_lives_on_when_its_rule_is_read_anew(bench: Bench, level: Level) -> None:
    level.value = 95.0
    bench.turns(31)
    bench.runner.adopt(Plan([Schedule(bench.schedule.rule, level.check)]))
    bench.turns(31)

    assert len(bench.store.events) == 1


def test_a_probe_that_hangs_is_given_up_and_another_worker_goes_on(
    bench: Bench, level: Level
) -> None:
    """In this order: hang, give up, the rule is unknown, the probe returns, all is well again."""
    level.hang = threading.Event()
    bench.runner.start()
    until(lambda: level.probes == 1)
    bench.clock.boot_s += 14
    again_at = bench.runner.supervise()
    assert bench.schedule.lost_since is None, "the deadline has half of itself as grace"
    assert again_at == bench.clock.boot_s + 1
    bench.clock.boot_s += 2
    assert bench.runner.supervise() == bench.clock.boot_s
    until(lambda: "tank" in bench.schedule.evaluations or bool(bench.schedule.evaluations))

    [evaluation] = bench.schedule.evaluations.values()
    assert evaluation.evaluation is Evaluation.UNKNOWN
    assert "has not come back for 16 s" in evaluation.reason
    assert level.probes == 1

    level.hang.set()
    until(lambda: bench.schedule.lost_since is None)
    level.hang = None
    bench.runner.check_now()
    until(lambda: level.probes == 2 and "tank" in bench.schedule.evaluations)
    assert bench.schedule.evaluations["tank"].evaluation is Evaluation.OK
    bench.runner.stop(5)


def test_between_probes_nobody_needs_to_look_before_the_next_can_be_late(bench: Bench) -> None:
    """A look every few seconds would wake the computer for nothing."""
    assert bench.runner.supervise() == bench.clock.boot_s + 15, "the first is due now"
    bench.runner.turn()
    assert bench.runner.supervise() == bench.clock.boot_s + 10 + 15
    bench.runner.adopt(Plan([]))
    assert bench.runner.supervise() == float("inf")


def test_what_a_lost_worker_had_not_stored_is_stored_by_the_next(rule: Rule, level: Level) -> None:
    """The first rule's alert opens in the very turn in which the second rule hangs."""
    level.value = 95.0
    hanging = Level()
    bench = Bench(rule, level)
    bench.turns(20)
    assert bench.store.events == []
    hanging.hang = threading.Event()
    bench.runner.schedules.append(Schedule(rule, hanging.check))
    bench.runner.start()
    until(lambda: hanging.probes == 1)
    bench.clock.boot_s += 16
    bench.runner.supervise()

    until(lambda: bool(bench.store.events))

    assert [event.change for event in bench.store.events] == [Change.OPENED]
    hanging.hang.set()
    bench.runner.stop(5)


def test_a_check_of_another_system_is_not_tried(bench: Bench, level: Level) -> None:
    bench.schedule.check = replace(level.check, platforms=("plan9",))
    bench.turns(30)

    assert level.probes == 0
    assert "cannot be told on this system" in bench.schedule.unsupported


def test_a_rule_for_a_place_rests_elsewhere_and_its_alert_stays(bench: Bench, level: Level) -> None:
    places = ["office"]
    bench.schedule.rule = replace(bench.schedule.rule, only=Only(at=("office",)))
    bench.runner = bench.another(at=lambda _: places)
    level.value = 95.0
    bench.turns(31)
    places.clear()
    level.value = 10.0
    probes = level.probes

    bench.turns(100)

    assert level.probes == probes
    assert [event.change for event in bench.store.events] == [Change.OPENED]
    places.append("office")
    bench.turns(30)
    assert [event.change for event in bench.store.events] == [Change.OPENED, Change.RESOLVED]


def test_nothing_opens_while_a_computer_wakes_up(bench: Bench, level: Level) -> None:
    class Sleeper(FakeClock):
        slept = 0.0

        def __call__(self) -> Now:
            return super().__call__()._replace(awake_s=self.boot_s - self.slept)

    bench.clock = clock = Sleeper()
    bench.runner = bench.another()
    bench.turns(5)
    level.value = 95.0
    clock.boot_s += 3600
    clock.slept = 3600
    bench.turns(100)
    assert bench.store.events == []

    bench.turns(40)

    assert [event.change for event in bench.store.events] == [Change.OPENED]
