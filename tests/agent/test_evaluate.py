import pytest

from agent.check_api import Measured, Unreadable
from agent.evaluate import WHOLE_CHECK, absentees, evaluate, unreadable
from agent.protocol.words import Evaluation, Unit
from tests.agent.rule_samples import LOAD, critical, load_rule, look, warning

RULE = load_rule(warning=warning(), critical=critical())


@pytest.mark.parametrize(
    ("load", "expected"),
    [(0, Evaluation.OK), (12, Evaluation.WARNING), (25, Evaluation.CRITICAL)],
)
def test_the_highest_condition_that_holds_is_the_evaluation(
    load: float, expected: Evaluation
) -> None:
    assert look(RULE, load).evaluation is expected


def test_a_condition_does_not_clear_while_it_holds() -> None:
    """Even when a rule's clear contradicts its when."""
    rule = load_rule(warning=warning("load >= 10", "load >= 0"))
    judged = look(rule, 12).warning
    assert judged is not None
    assert judged.holds
    assert not judged.clears


def test_between_the_two_thresholds_it_neither_holds_nor_clears() -> None:
    judged = look(RULE, 7).warning
    assert judged is not None
    assert not judged.holds
    assert not judged.clears


def test_without_clear_it_clears_when_it_does_not_hold() -> None:
    judged = look(load_rule(warning=warning(clear=None)), 9).warning
    assert judged is not None
    assert judged.clears


def test_a_target_that_cannot_be_read_is_unknown_and_says_why() -> None:
    unknown = evaluate(RULE, LOAD, Unreadable("a", "no right"))
    assert unknown.evaluation is Evaluation.UNKNOWN
    assert unknown.reason == "no right"
    assert evaluate(RULE, LOAD, Unreadable("a", "")).evaluation is Evaluation.UNKNOWN


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("load", float("nan")),
        ("load", "12"),
        ("load", True),
        ("load", 2**60),
        ("state", "asleep"),
        ("state", 3),
    ],
)
def test_a_value_that_cannot_be_true_is_unknown_not_ok(metric: str, value: float | str) -> None:
    evaluation = evaluate(RULE, LOAD, Measured("a", {metric: value}))
    assert evaluation.evaluation is Evaluation.UNKNOWN
    assert metric in evaluation.reason
    assert str(value) in evaluation.reason
    assert evaluation.readings() == ()


def test_a_metric_the_device_lacks_makes_its_comparison_false() -> None:
    evaluation = evaluate(RULE, LOAD, Measured("a", {"state": "running"}))
    assert evaluation.evaluation is Evaluation.OK


def test_readings_carry_units_in_the_order_of_the_check_and_nothing_undeclared() -> None:
    evaluation = evaluate(
        RULE, LOAD, Measured("a", {"state": "running", "mood": 3, "free_bytes": 5, "load": 1.5})
    )
    assert [(r.metric, r.value, r.unit) for r in evaluation.readings()] == [
        ("load", 1.5, Unit.COUNT),
        ("free_bytes", 5, Unit.BYTES),
        ("state", "running", Unit.WORD),
    ]


def test_an_infinite_forecast_is_judged_and_left_out_of_the_readings() -> None:
    rule = load_rule(warning=warning("full_in < 7d", "full_in > 10d"))
    evaluation = look(rule, 1, full_in=float("inf"))
    assert evaluation.evaluation is Evaluation.OK
    assert evaluation.warning is not None
    assert evaluation.warning.clears
    assert [r.metric for r in evaluation.readings()] == ["load"]


def test_a_failed_probe_makes_every_known_target_unknown() -> None:
    failed = unreadable(RULE, {"b", "a", WHOLE_CHECK}, "crashed")
    assert failed == [Unreadable("a", "crashed"), Unreadable("b", "crashed")]


def test_a_probe_that_never_worked_fails_for_the_targets_that_are_named_or_as_a_whole() -> None:
    named = load_rule(warning=warning(), include=("sshd", "MSSQL*"))
    assert [u.target for u in unreadable(named, (), "crashed")] == ["sshd"]
    assert [u.target for u in unreadable(RULE, (), "crashed")] == [WHOLE_CHECK]


def test_a_target_that_is_gone_is_unknown_and_a_failed_check_that_works_again_is_well() -> None:
    gone, back = absentees(["a", "b", WHOLE_CHECK], {"b"})
    assert (gone.target, gone.absent, gone.evaluation) == ("a", True, Evaluation.UNKNOWN)
    assert (back.target, back.absent, back.evaluation) == (WHOLE_CHECK, False, Evaluation.OK)
