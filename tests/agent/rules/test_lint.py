from pathlib import Path

import pytest

from agent.check_api import TargetFilter
from agent.protocol.words import Evaluation, Priority
from agent.rules.lint import lint
from agent.rules.model import Condition, Only, Rule, RuleSet, TicketText
from agent.rules.parser import parse
from tests.agent.rules.checks_for_tests import CHECKS


def warnings(check: str, when: str, clear: str = "", *, for_s: float = 60) -> list[str]:
    condition = Condition(
        evaluation=Evaluation.WARNING,
        when=parse(when, CHECKS[check]),
        for_s=for_s,
        clear=parse(clear, CHECKS[check]) if clear else None,
        clear_for_s=60,
        priority=Priority.LOW,
        line=3,
        column=7,
    )
    rule = Rule(
        name="r",
        check=check,
        every_s=60,
        why="",
        only=Only(),
        targets=TargetFilter(),
        warning=condition,
        critical=None,
        ticket=TicketText("t"),
    )
    found = lint(RuleSet((rule,), (), Path("rules.yaml")), CHECKS)
    assert {(p.line, p.column) for p in found} <= {(3, 7)}
    prefix = "r: warning: "
    assert all(p.message.startswith(prefix) for p in found)
    return [p.message.removeprefix(prefix) for p in found]


@pytest.mark.parametrize(
    ("check", "when", "clear"),
    [
        ("disk.space", "free_percent < 10", "free_percent > 12"),
        (
            "disk.space",
            "free_percent < 10 and free_bytes < 20 GiB",
            "free_percent > 13 or free_bytes > 28 GiB",
        ),
        ("cpu", "busy_percent > 95", "busy_percent < 80"),
        ("cpu", "busy_percent > 95 and load_per_cpu > 3", "busy_percent < 80 or load_per_cpu < 2"),
        (
            "memory",
            "commit_percent > 92 or stall_percent > 20",
            "not (commit_percent > 85 or stall_percent > 10)",
        ),
        ("service", "state == stopped or state == failed", "state == running"),
        ("service", "state != running", ""),
        ("service", "restarts == 5", "restarts == 0"),
        ("disk.temperature", "temperature > 60 °C", "temperature < 55 °C"),
        ("disk.temperature", "temperature < -5 °C", "temperature > 0 °C"),
    ],
)
def test_a_careful_condition_is_not_warned_about(check: str, when: str, clear: str) -> None:
    assert warnings(check, when, clear) == []


def test_a_condition_without_for_is_warned_about() -> None:
    (told,) = warnings("cpu", "busy_percent > 95", "busy_percent < 80", for_s=0)
    assert told.startswith("no for:")


def test_a_limit_without_clear_is_warned_about() -> None:
    (told,) = warnings("cpu", "busy_percent > 95")
    assert told.startswith("no clear:")


@pytest.mark.parametrize(
    ("when", "clear", "point"),
    [
        ("free_percent < 10", "free_percent > 5", "free_percent 7.5%"),
        ("free_percent < 10", "free_percent <= 10", "free_percent 0%"),
        ("free_percent <= 10", "free_percent >= 10", "free_percent 10%"),
        (
            "free_percent < 10 and free_bytes < 20 GiB",
            "free_percent > 13 or free_bytes > 19 GiB",
            "free_percent 0%, free_bytes 19.5 GiB",
        ),
    ],
)
def test_a_clear_that_is_true_while_when_is_warned_about(when: str, clear: str, point: str) -> None:
    told = warnings("disk.space", when, clear)
    assert f"when and clear are both true at {point}" in told


def test_a_clear_that_leaves_out_one_way_of_recovery_is_warned_about() -> None:
    """60 GiB freed on 1 TB end ``when``, but 18 % is 168 GiB away: the alert stays for ever."""
    (told,) = warnings(
        "disk.space", "free_percent < 10 and free_bytes < 40 GiB", "free_percent > 18"
    )
    assert told.startswith("opened at free_percent 0%, free_bytes 0 GiB, it never clears if only")
    assert "free_bytes recovers; compare it in clear" in told


@pytest.mark.parametrize(
    ("check", "when", "clear"),
    [
        ("disk.space", "free_percent < 10", "free_percent > 100"),
        ("disk.space", "free_percent < 10", "free_bytes > 10 GiB and free_bytes < 5 GiB"),
        ("service", "state == failed", "state == running and state == stopped"),
    ],
)
def test_a_clear_that_is_never_true_is_warned_about(check: str, when: str, clear: str) -> None:
    (told,) = warnings(check, when, clear)
    assert "it never clears if only" in told


def test_a_clear_that_needs_what_a_device_may_lack_is_warned_about() -> None:
    """An old kernel tells no stall_percent: ``stall_percent < 10`` is false there for ever."""
    told = warnings(
        "memory",
        "commit_percent > 92 or stall_percent > 20",
        "commit_percent < 85 and stall_percent < 10",
    )
    assert [text[:46] for text in told] == [
        "on a device that lacks commit_percent it never",
        "on a device that lacks stall_percent it never ",
    ]
    assert "write not stall_percent >= … instead of stall_percent < …" in told[1]


def test_an_alert_that_waits_between_the_limits_is_not_warned_about() -> None:
    """With memory at 15 % stall neither limit holds: the alert rightly waits there."""
    told = warnings(
        "memory",
        "used_percent > 97 or stall_percent > 20",
        "not (used_percent > 90 or stall_percent > 10)",
    )
    assert told == []


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("free_percent < 5 and free_percent > 10", "when is never true"),
        ("free_percent > 100", "when is never true"),
        ("free_bytes < -1 GiB", "when is never true"),
        ("free_percent <= 100", "when is always true"),
        ("free_percent < 50 or free_percent > 40", "when is always true"),
    ],
)
def test_a_condition_that_readings_cannot_change_is_warned_about(when: str, told: str) -> None:
    assert any(text.startswith(told) for text in warnings("disk.space", when))


def test_an_expression_too_large_to_be_tried_is_left_alone() -> None:
    names = ("free_percent", "free_bytes", "used_percent", "total_bytes")
    suffix = {"free_bytes": " GiB", "total_bytes": " GiB"}
    when = " or ".join(
        f"{name} == {limit}{suffix.get(name, '')}" for name in names for limit in range(1, 8)
    )
    assert warnings("disk.space", when) == []
