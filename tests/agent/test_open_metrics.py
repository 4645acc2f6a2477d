"""Metrics that are known only when they are measured: performance data of plugins."""

from pathlib import Path

import pytest

from agent.check_api import Check, Measured, Metric, Unit
from agent.errors import ConfigError
from agent.evaluate import TargetEvaluation, evaluate
from agent.protocol.events import Reading
from agent.protocol.words import Evaluation
from agent.rules.loader import load
from agent.rules.model import Rule

CHECK = Check(
    "plugin",
    "a test",
    (Metric("status", Unit.WORD, "the verdict", ("ok", "critical")),),
    lambda _: iter(()),
    open_metrics="perf_",
)


def rule(folder: Path, when: str, title: str = "{target}") -> Rule:
    file = folder / "rules.yaml"
    file.write_text(
        "version: 1\nrules:\n- {name: a, check: plugin, "
        f"critical: {{when: {when}, for: 1m}}, ticket: {{title: '{title}'}}}}\n"
    )
    return load(file, {"plugin": CHECK}).rules[0]


def judged(folder: Path, when: str, **values: float | str) -> TargetEvaluation:
    return evaluate(rule(folder, when), CHECK, Measured("disk", values))


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("perf_time > 2s", True),
        ("perf_time > 5s", False),
        ("perf_free < 1 GiB", True),
        ("perf_used_percent > 90%", True),
        ("perf_used_percent > 90", True),
        ("perf_temperature > 40 °C", True),
        ("perf_users > 7 or status == critical", False),
        ("not perf_unheard_of > 7", True),
        ("perf_unheard_of > 7", False),
    ],
)
def test_performance_data_is_compared_with_literals_of_any_unit(
    tmp_path: Path, when: str, *, holds: bool
) -> None:
    found = judged(
        tmp_path, when, status="ok", perf_time=3.0, perf_free=2.0**29, perf_used_percent=91.0,
        perf_temperature=50.0, perf_users=7.0,
    )  # fmt: skip

    assert (found.evaluation is Evaluation.CRITICAL) is holds


def test_it_goes_along_as_readings_and_may_stand_in_a_title(tmp_path: Path) -> None:
    assert rule(tmp_path, "perf_time > 2s", "{target} took {perf_time}").ticket.title

    found = judged(tmp_path, "perf_time > 2s", status="ok", perf_time=3.0)

    assert found.readings() == (
        Reading("status", "ok", Unit.WORD),
        Reading("perf_time", 3.0, Unit.COUNT),
    )


@pytest.mark.parametrize("value", [float("nan"), 2**60, True])
def test_a_value_that_cannot_be_true_is_unknown(tmp_path: Path, value: float) -> None:
    found = judged(tmp_path, "perf_time > 2s", status="ok", perf_time=value)

    assert found.evaluation is Evaluation.UNKNOWN
    assert "perf_time" in found.reason


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("pref_time > 2s", "has no metric"),
        ("perf_time > 2 parsecs", "is no unit"),
        ("perf_time == slow", "is a bare number"),
    ],
)
def test_mistakes_are_told_all_the_same(tmp_path: Path, when: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rule(tmp_path, when)

    assert says in caught.value.lines()[0]
