"""What a rules file may say under ``heal``."""

from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.rules.healing import ACTIONS, HEAL, Takes
from agent.rules.loader import load
from agent.rules.model import Heal
from tests.agent.rules.checks_for_tests import CHECKS

RULE = """version: 1
rules:
  - name: a
    check: {check}
    {targets}
    critical: {{when: {when}, for: 1m}}
    heal: {heal}
"""


def loaded(folder: Path, heal: str, check: str = "service") -> Heal | None:
    file = folder / "rules.yaml"
    targets, when = "targets: {include: [x]}", "state == stopped"
    if check == "disk.space":
        targets, when = "every: 1m", "free_percent < 5"
    file.write_text(RULE.format(check=check, targets=targets, when=when, heal=heal))
    return load(file, CHECKS).rules[0].heal


def problem(folder: Path, heal: str, check: str = "service") -> str:
    with pytest.raises(ConfigError) as error:
        loaded(folder, heal, check)
    return "\n".join(error.value.lines())


def test_a_rule_on_services_needs_no_more_than_the_action(tmp_path: Path) -> None:
    assert loaded(tmp_path, "{action: restart-service}") == Heal("restart-service", {})


def test_everything_can_be_said(tmp_path: Path) -> None:
    heal = loaded(
        tmp_path,
        "{action: start-service, service: y, attempts: 3, wait: 2m, cool_down: 1h, per_day: 5,"
        " tell: failures, mode: offered}",
    )

    assert heal == Heal("start-service", {"service": "y"}, 3, 120, 3600, 5, "failures", "offered")


@pytest.mark.parametrize(
    ("heal", "message"),
    [
        ("{}", "needs action:"),
        ("{action: reboot}", "action cannot be"),
        ("{action: restart-service, older_than: 3d}", "restart-service takes no older_than"),
        ("{action: restart-service, attempts: 0}", "attempts is a whole number from 1 to 5"),
        ("{action: restart-service, attempts: 1.5}", "attempts is a whole number from 1 to 5"),
        ("{action: restart-service, per_day: [1]}", "per_day is a whole number from 1 to 24"),
        ("{action: restart-service, wait: 2h}", "wait is at least 1s and at most 1h"),
        ("{action: command}", "command needs command:"),
        ("{action: clean-temporary-files, older_than: old}", "is no age"),
        ("{action: restart-service, run: x}", "has no “run”"),
        ("restart-service", "not as"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, heal: str, message: str) -> None:
    told = problem(tmp_path, heal)

    assert message in told
    assert "rules.yaml:7:" in told


def test_elsewhere_the_service_must_be_named(tmp_path: Path) -> None:
    assert "restart-service needs service: to know which" in problem(
        tmp_path, "{action: restart-service}", "disk.space"
    )
    assert loaded(tmp_path, "{action: clean-temporary-files}", "disk.space") is not None


def test_no_option_has_a_members_name() -> None:
    assert not {takes.option for takes in ACTIONS.values()} & set(HEAL)
    assert Takes("", "x").checks == ()
