import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.alerts import AlertState, parse_state
from agent.check_api import (
    Check,
    CheckError,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    UnsupportedCheckError,
)
from agent.clock import Now
from agent.protocol import strict
from agent.protocol.events import AlertEvent, parse_event
from agent.protocol.words import Change, Evaluation
from agent.rules.loader import load
from agent.rules.model import Only, Rule
from agent.runner import Runner
from agent.schedule import Plan, Schedule
from agent.store import Envelope

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
RULES = """
version: 1
rules:
  - name: level
    why: a test
    check: test.level
    every: 10s
    critical: {when: level > 90, for: 20s, clear: level < 80, clear_for: 10s, priority: high}
    ticket: {title: "Level of {target} is {level}"}
"""


class FakeClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.boot_s = 10_000.0

    def __call__(self) -> Now:
        return Now(self.boot_s, self.boot_s, START + timedelta(seconds=self.boot_s))


class Store:
    """Remembers what was recorded."""

    def __init__(self) -> None:
        self.texts: dict[str, str | None] = {}
        self.events: list[AlertEvent] = []
        self.remembered: dict[str, str | None] = {}
        self.commits = 0

    def record(
        self,
        changed: Mapping[str, str | None],
        envelopes: Sequence[Envelope],
        texts: Mapping[str, str | None],
    ) -> None:
        self.commits += 1
        self.remembered.update(texts)
        self.texts.update(changed)
        self.events += [parse_event(strict.parse(e.body.encode())) for e in envelopes]

    @property
    def states(self) -> dict[tuple[str, str], AlertState]:
        states = [parse_state(text) for text in self.texts.values() if text is not None]
        return {(state.rule, state.target): state for state in states}


class Level:
    """A check whose value, failure or hang a test decides."""

    def __init__(self) -> None:
        self.value: float | Exception = 50.0
        self.probes = 0
        self.gone = False
        self.hang: threading.Event | None = None
        self.check = Check(
            "test.level", "a test", (Metric("level", Unit.SHARE, "how full"),), self.probe,
            deadline_s=10,
        )  # fmt: skip

    def probe(self, _targets: TargetFilter) -> Iterator[Measured]:
        self.probes += 1
        if self.hang is not None:
            self.hang.wait(30)
        if isinstance(self.value, Exception):
            raise self.value
        if not self.gone:
            yield Measured("tank", {"level": self.value})


@pytest.fixture
def level() -> Level:
    return Level()


@pytest.fixture
def rule(level: Level, tmp_path: Path) -> Rule:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    return load(file, {"test.level": level.check}).rules[0]


class Bench:
    """A runner on one rule, with everything around it in hand."""

    def __init__(self, rule: Rule, level: "Level | Log") -> None:
        self.clock = FakeClock()
        self.store = Store()
        self.schedule = Schedule(rule, level.check)
        self.runner = self.another()

    def another(
        self,
        states: dict[tuple[str, str], AlertState] | None = None,
        recall: Callable[[str], str | None] = lambda _: None,
        at: Callable[[float], Sequence[str]] = lambda _: (),
    ) -> Runner:
        return Runner(
            Plan([self.schedule]),
            states or {},
            self.store.record,
            clock=self.clock,
            boot_id="boot-1",
            recall=recall,
            at=at,
        )

    def turns(self, seconds: int) -> None:
        for _ in range(seconds):
            self.runner.turn()
            self.clock.boot_s += 1


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
    _until(lambda: level.probes == 1)
    bench.clock.boot_s += 14
    again_at = bench.runner.supervise()
    assert bench.schedule.lost_since is None, "the deadline has half of itself as grace"
    assert again_at == bench.clock.boot_s + 1
    bench.clock.boot_s += 2
    assert bench.runner.supervise() == bench.clock.boot_s
    _until(lambda: "tank" in bench.schedule.evaluations or bool(bench.schedule.evaluations))

    [evaluation] = bench.schedule.evaluations.values()
    assert evaluation.evaluation is Evaluation.UNKNOWN
    assert "has not come back for 16 s" in evaluation.reason
    assert level.probes == 1

    level.hang.set()
    _until(lambda: bench.schedule.lost_since is None)
    level.hang = None
    bench.runner.check_now()
    _until(lambda: level.probes == 2 and "tank" in bench.schedule.evaluations)
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
    _until(lambda: hanging.probes == 1)
    bench.clock.boot_s += 16
    bench.runner.supervise()

    _until(lambda: bool(bench.store.events))

    assert [event.change for event in bench.store.events] == [Change.OPENED]
    hanging.hang.set()
    bench.runner.stop(5)


def _until(happened: "object", seconds: float = 10.0) -> None:
    assert callable(happened)
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if happened():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


class Log:
    """A check with a cursor: each line of its ``lines`` is counted once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.broken = False
        self.check = Check(
            "test.log", "a test", (Metric("level", Unit.SHARE, "lines"),), self.probe,
            remembers=True,
        )  # fmt: skip

    def probe(self, _targets: TargetFilter, memory: dict[str, str]) -> Iterator[Measured]:
        cursor, count = int(memory.get("cursor", 0)), int(memory.get("count", 0))
        memory["cursor"] = str(len(self.lines))
        memory["count"] = str(count + len(self.lines) - cursor)
        if self.broken:
            raise CheckError("it cannot be read")
        yield Measured("tank", {"level": float(memory["count"])})


@pytest.fixture
def log_bench(rule: Rule) -> tuple[Bench, Log]:
    log = Log()
    return Bench(rule, log), log


def test_what_a_check_remembers_is_stored_with_what_it_leads_to(
    log_bench: tuple[Bench, Log],
) -> None:
    bench, log = log_bench
    log.lines = ["bad"] * 95
    bench.turns(31)

    assert bench.store.events[-1].evaluation is Evaluation.CRITICAL
    assert json.loads(bench.store.remembered["memory:level"] or "") == {
        "cursor": "95",
        "count": "95",
    }


def test_each_line_counts_once_over_a_kill(log_bench: tuple[Bench, Log]) -> None:
    bench, log = log_bench
    log.lines = ["fine"] * 5
    bench.turns(1)
    stored = dict(bench.store.remembered)
    log.lines += ["fine"] * 2
    bench.turns(20)
    bench.schedule.memory = None  # killed: what was not stored is forgotten

    bench.runner = bench.another(recall=stored.get)
    bench.turns(11)

    assert bench.schedule.memory == {"cursor": "7", "count": "7"}


def test_a_probe_that_breaks_off_has_remembered_nothing(log_bench: tuple[Bench, Log]) -> None:
    bench, log = log_bench
    log.lines = ["fine"] * 5
    log.broken = True
    bench.turns(11)
    log.broken = False
    bench.turns(11)

    assert bench.schedule.memory == {"cursor": "5", "count": "5"}


def test_what_is_remembered_alone_is_stored_once_in_five_minutes(
    log_bench: tuple[Bench, Log],
) -> None:
    bench, log = log_bench
    for _ in range(900):
        log.lines = [*log.lines, "fine"][:40]
        bench.turns(1)
    commits = bench.store.commits

    assert commits <= 4


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"cursor": 5}', "null"])
def test_a_memory_that_cannot_be_read_is_begun_anew(
    log_bench: tuple[Bench, Log], text: str
) -> None:
    bench, _ = log_bench
    bench.runner = bench.another(recall=lambda _: text)
    bench.turns(1)

    assert bench.schedule.memory is not None


PARENT_AND_CHILD = """
version: 1
rules:
  - name: shop
    check: test.level
    every: 10s
    depends_on: [internet]
    startup_grace: 0s
    critical: {when: level > 90, for: 20s, clear_for: 0s}
  - name: internet
    check: test.line
    every: 60s
    startup_grace: 0s
    critical: {when: level > 50, for: 10m, clear_for: 0s}
    ticket: none
"""


class Pair:
    """A rule that depends on another one."""

    def __init__(self, folder: Path) -> None:
        self.shop, self.internet = Level(), Level()
        self.internet.check = replace(self.internet.check, name="test.line")
        self.internet.value = 0.0
        checks = {level.check.name: level.check for level in (self.shop, self.internet)}
        (folder / "rules.yaml").write_text(PARENT_AND_CHILD)
        rules = load(folder / "rules.yaml", checks).rules
        self.clock, self.store = FakeClock(), Store()
        self.runner = Runner(
            Plan([Schedule(rule, checks[rule.check]) for rule in rules]),
            {},
            self.store.record,
            clock=self.clock,
            boot_id="boot-1",
        )

    def turns(self, seconds: int) -> None:
        for _ in range(seconds):
            self.runner.turn()
            self.clock.boot_s += 1


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_what_another_rule_explains_opens_nothing_and_is_recorded(pair: Pair) -> None:
    pair.turns(5)
    pair.shop.value = pair.internet.value = 99.0  # the other rule's own turn is in 55 s

    pair.turns(300)

    assert pair.store.events == []
    held = pair.runner.quiet.records[-1]
    assert (held.rule, held.target, held.until) == ("shop", "tank", "")
    assert held.reason.startswith("internet finds something wrong")


def test_what_remains_wrong_afterwards_opens_after_its_own_time(pair: Pair) -> None:
    pair.shop.value = pair.internet.value = 99.0
    pair.turns(300)
    pair.internet.value = 0.0
    pair.turns(15)
    assert pair.store.events == [], "its line has only just come back"

    pair.turns(30)

    assert [event.rule for event in pair.store.events] == ["shop"]
    assert pair.runner.quiet.records[-1].until


def test_what_is_wrong_alone_opens_as_ever(pair: Pair) -> None:
    pair.shop.value = 99.0
    pair.turns(31)

    assert [event.rule for event in pair.store.events] == ["shop"]


def test_a_rule_that_cannot_be_checked_explains_nothing(pair: Pair) -> None:
    pair.shop.value = 99.0
    pair.internet.value = CheckError("no way to look")
    pair.turns(31)

    assert [event.rule for event in pair.store.events] == ["shop"]


def test_what_is_open_already_stays_open_until_it_is_well(pair: Pair) -> None:
    pair.shop.value = 99.0
    pair.turns(31)
    pair.internet.value = 99.0
    pair.turns(120)
    pair.shop.value = 0.0
    pair.turns(11)

    assert [event.change for event in pair.store.events] == [Change.OPENED, Change.RESOLVED]


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
