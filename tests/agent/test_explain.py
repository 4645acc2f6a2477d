from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.clock import Now
from agent.explain import explain
from agent.rules.loader import load
from agent.rules.model import Rule

NOW = Now(10_000.0, 10_000.0, datetime(2026, 11, 21, 12, tzinfo=UTC))
RULES = """
version: 1
rules:
  - name: level
    why: tanks run over
    check: test.level
    warning: {when: level > 80, for: 1h, clear: level < 70, priority: low}
    critical: {when: level > 90, for: 5m, priority: high}
    ticket: {title: "Tank {target} is {level} full", advice: "Open the valve."}
  - name: watched
    check: test.level
    mode: watch
    critical: {when: level > 90, for: 5m, clear: level < 80, priority: high}
"""


def _probe(_targets: TargetFilter) -> Iterator[Measured]:
    yield from ()


CHECK = Check("test.level", "a test", (Metric("level", Unit.SHARE, "how full"),), _probe)


@pytest.fixture
def rules(tmp_path: Path) -> dict[str, Rule]:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    return {rule.name: rule for rule in load(file, {"test.level": CHECK}).rules}


def test_it_tells_reading_then_evaluation_then_what_would_be_sent(rules: dict[str, Rule]) -> None:
    lines = explain(rules["level"], CHECK, [Measured("north", {"level": 95.0})], NOW)

    assert lines == [
        "rule level, check test.level, every 1 min",
        "  why: tanks run over",
        "",
        "target north: critical",
        "  level = 95 %",
        "  critical: when level > 90",
        "    which is true now; raised after 5 min of it",
        "    clears when not (level > 90)",
        "    which is false now; falls after 10 min of it",
        "  warning: when level > 80",
        "    which is true now; raised after 1 h of it",
        "    clears when level < 70",
        "    which is false now; falls after 10 min of it",
        "  if it lasts, this would be sent: critical, priority high",
        "    title: Tank north is 95 % full",
        "    advice: Open the valve.",
    ]


def test_a_target_that_is_well_sends_nothing(rules: dict[str, Rule]) -> None:
    lines = explain(rules["level"], CHECK, [Measured("north", {"level": 5.0})], NOW)

    assert lines[-1] == "  nothing would be sent"


def test_a_rule_that_only_watches_says_so(rules: dict[str, Rule]) -> None:
    lines = explain(rules["watched"], CHECK, [Measured("north", {"level": 95.0})], NOW)

    assert lines[-1] == "  nothing would be sent, because of mode: watch"


def test_an_unreadable_target_tells_why(rules: dict[str, Rule]) -> None:
    lines = explain(rules["level"], CHECK, [Unreadable("north", "the float is stuck")], NOW)

    assert lines[-2:] == [
        "target north: unknown",
        "  it cannot be checked, because the float is stuck",
    ]


def test_a_check_without_targets_says_that_the_rule_is_silent(rules: dict[str, Rule]) -> None:
    assert "silent" in explain(rules["level"], CHECK, [], NOW)[-1]
