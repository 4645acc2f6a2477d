"""Rules that depend on others: what those explain opens nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.check_api import (
    CheckError,
)
from agent.protocol.words import Change
from agent.rules.loader import load
from agent.rules.model import Only
from agent.runner import Runner
from agent.schedule import Plan, Schedule
from tests.agent.runner_bench import FakeClock, Level, Store

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


def test_a_rule_for_elsewhere_neither_opens_nor_explains(pair: Pair) -> None:
    """At home the office's gateway is no reason for anything, however it stands."""
    internet = pair.runner.schedules[1]
    internet.rule = replace(internet.rule, only=Only(at=("office",)))
    pair.shop.value = pair.internet.value = 99.0

    pair.turns(40)

    assert pair.internet.probes == 0
    assert [event.rule for event in pair.store.events] == ["shop"]
