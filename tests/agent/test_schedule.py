"""The short way for looks at which all stays well: it must judge as the long way does."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.check_api import Check, Measured, Metric, Unit, Unreadable
from agent.clock import now
from agent.evaluate import evaluate
from agent.protocol.words import Evaluation
from agent.rules.loader import load
from agent.schedule import Schedule

CHECK = Check(
    "test.tank",
    "a test",
    (
        Metric("level", Unit.SHARE, "how full"),
        Metric("state", Unit.WORD, "how it is", words=("shut", "open")),
        Metric("drops", Unit.COUNT, "how many"),
    ),
    lambda _: iter(()),
)
RULES = """
version: 1
rules:
  - name: tank
    check: test.tank
    warning: {when: level > 50 and state == shut, for: 1m, clear: level < 40}
    critical: {when: level > 90 or drops > 100, for: 1m, clear: level < 80}
"""
WELL = Measured("tank", {"level": 10.0, "state": "open", "drops": 3})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    file.write_text(RULES)
    return file


def noted(file: Path, *readings: Measured | Unreadable) -> Schedule:
    rule = load(file, {"test.tank": CHECK}).rules[0]
    schedule = Schedule(rule, CHECK)
    schedule.note(readings, [evaluate(rule, CHECK, one) for one in readings], now())
    return schedule


@pytest.mark.parametrize(
    "values",
    [
        {"level": math.nan, "state": "open", "drops": 3},
        {"level": 10.0, "state": "broken", "drops": 3},
        {"level": 10.0, "state": "open", "drops": True},
        {"level": 10.0, "state": "open", "drops": 2**60},
        {"level": 95.0, "state": "open", "drops": 3},
    ],
)
def test_what_cannot_be_or_is_bad_is_judged_the_long_way(
    file: Path, values: dict[str, float | str]
) -> None:
    assert not noted(file, WELL).stays_well([Measured("tank", values)])


@pytest.mark.parametrize(
    "readings",
    [
        [],
        [WELL, Measured("other", WELL.values)],
        [Measured("other", WELL.values)],
        [Unreadable("tank", "no way")],
    ],
)
def test_other_targets_are_judged_the_long_way(
    file: Path, readings: list[Measured | Unreadable]
) -> None:
    assert not noted(file, WELL).stays_well(readings)


def test_after_trouble_the_long_way_comes_first(file: Path) -> None:
    schedule = noted(file, Measured("tank", {"level": 95.0}))

    assert not schedule.stays_well([WELL])


def test_the_latest_values_are_what_status_tells(file: Path) -> None:
    schedule = noted(file, WELL)
    since = dict(schedule.since)
    later = Measured("tank", {"level": 12.5, "state": "open", "drops": 4})

    assert schedule.stays_well([later])
    assert schedule.evaluations["tank"].values == later.values
    assert schedule.evaluations["tank"].evaluation is Evaluation.OK
    assert schedule.since == since


@given(
    level=st.floats(allow_nan=True, width=16) | st.integers(0, 100),
    state=st.sampled_from(["shut", "open", "broken"]),
    drops=st.integers(0, 2**54) | st.booleans(),
)
def test_it_never_calls_well_what_the_long_way_does_not(
    file: Path, level: float, state: str, drops: int
) -> None:
    schedule = noted(file, WELL)
    measured = Measured("tank", {"level": level, "state": state, "drops": drops})

    if schedule.stays_well([measured]):
        judged = evaluate(schedule.rule, CHECK, measured)
        assert judged.evaluation is Evaluation.OK
