"""Within its slack a value cannot change what a rule makes of it; beyond it, it may."""

import math

import pytest

from agent.check_api import Check, Metric, Unit
from agent.rules.loader import load
from agent.rules.model import Rule
from agent.slack import slack, within

CHECK = Check(
    "test.tank",
    "a test",
    (
        Metric("level", Unit.SHARE, "how full"),
        Metric("full_in", Unit.SECONDS, "when it is full"),
        Metric("drops", Unit.COUNT, "how many"),
        Metric("state", Unit.WORD, "how it is", words=("shut", "open")),
    ),
    lambda _: iter(()),
)
RULES = """
version: 1
rules:
  - name: tank
    check: test.tank
    warning: {when: level > 50 or full_in < 7d or drops >= 100 or state == shut, for: 1m}
    critical: {when: level > 90, for: 1m}
"""


WELL: dict[str, float | int | str] = {
    "level": 10.0, "full_in": math.inf, "drops": 3, "state": "open"
}  # fmt: skip


@pytest.fixture(scope="module")
def rule(tmp_path_factory: pytest.TempPathFactory) -> Rule:
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    file.write_text(RULES)
    return load(file, {CHECK.name: CHECK}).rules[0]


@pytest.mark.parametrize(
    "moved",
    [
        {"level": 0.0},
        {"level": 49.99},
        {"level": -math.inf},
        {"full_in": 1e12},
        {"drops": 99},
        {"drops": -5},
    ],
)
def test_on_the_same_side_of_every_literal_nothing_can_change(
    rule: Rule, moved: dict[str, float | str]
) -> None:
    assert within({**WELL, **moved}, slack(rule, WELL))


@pytest.mark.parametrize(
    "moved",
    [
        {"level": 50.0},
        {"level": math.nan},
        {"level": 10},
        {"full_in": 7 * 86_400.0},
        {"drops": 100},
        {"drops": True},
        {"drops": 2**53 + 1},
        {"state": "shut"},
        {"state": "broken"},
        {"new": 1.0},
    ],
)
def test_across_or_upon_a_literal_and_for_another_kind_it_may(
    rule: Rule, moved: dict[str, float | str]
) -> None:
    assert not within({**WELL, **moved}, slack(rule, WELL))


def test_a_metric_that_is_gone_may(rule: Rule) -> None:
    assert not within({"level": 10.0}, slack(rule, WELL))


def test_a_value_upon_a_literal_is_to_stay_there(rule: Rule) -> None:
    known = slack(rule, {"level": 50.0})

    assert within({"level": 50.0}, known)
    assert not within({"level": 49.9}, known)
    assert not within({"level": 50.1}, known)
