"""Rules against cases: what is told of readings that somebody wrote down."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

from agent.checks import discover
from agent.errors import ConfigError
from agent.protocol.words import Evaluation
from agent.rehearsal import differences, duration, rehearse
from agent.rules.cases import Case, Moment, Told, load_cases
from agent.rules.loader import load
from agent.settings import shipped_rules_file
from tests.agent.rules.checks_for_tests import CHECKS

SHIPPED: Final = load(shipped_rules_file(), discover())
SHIPPED_CASES: Final = load_cases(
    Path(__file__).parents[2] / "docs" / "rules-cases.yaml", SHIPPED, discover()
)
RULES: Final = """
version: 1
rules:
  - name: busy
    check: cpu
    every: 1m
    warning: {when: busy_percent > 90, for: 5m, clear_for: 10m}
"""


@pytest.mark.parametrize("case", SHIPPED_CASES, ids=lambda case: case.name)
def test_a_case_of_a_rule_we_ship_comes_out_as_it_says(case: Case) -> None:
    assert differences(case, discover()[case.rule.check]) == []


def test_every_rule_we_ship_has_a_quiet_and_a_ringing_case() -> None:
    names = {rule.name for rule in SHIPPED.rules}

    assert {case.rule.name for case in SHIPPED_CASES if case.told} == names
    assert {case.rule.name for case in SHIPPED_CASES if not case.told} == names


@pytest.fixture
def cases(tmp_path: Path) -> Callable[[str], list[Case]]:
    (tmp_path / "rules.yaml").write_text(RULES)
    rules = load(tmp_path / "rules.yaml", CHECKS)

    def read(text: str) -> list[Case]:
        (tmp_path / "cases.yaml").write_text(dedent(text).lstrip("\n"))
        return load_cases(tmp_path / "cases.yaml", rules, CHECKS)

    return read


CASE: Final = """
version: 1
cases:
  - name: a busy hour
    rule: busy
    readings:
      - {{at: 0s, busy_percent: 10}}
      - {{at: 10m, busy_percent: 99%}}
      - {{at: 1h, busy_percent: 10%}}
    until: 2h
    told: {told}
"""


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ("[{at: 15m, evaluation: warning}, {at: 70m, evaluation: ok}]", []),
        ("[{at: 16m, evaluation: warning}, {at: 70m, evaluation: ok}]", []),
        (
            "[]",
            [
                "told warning after 15m, which the case does not say",
                "told ok after 70m, which the case does not say",
            ],
        ),
        (
            "[{at: 20m, evaluation: warning}, {at: 70m, evaluation: critical}]",
            [
                "told warning after 15m, not warning after 20m",
                "told ok after 70m, not critical after 70m",
            ],
        ),
        (
            (
                "[{at: 15m, evaluation: warning}, {at: 70m, evaluation: ok}, "
                "{at: 90m, evaluation: warning}]"
            ),
            ["not told warning after 90m"],
        ),
    ],
)
def test_what_comes_out_otherwise_is_told_in_words(
    cases: Callable[[str], list[Case]], told: str, wrong: list[str]
) -> None:
    [case] = cases(CASE.format(told=told))

    assert differences(case, CHECKS["cpu"]) == wrong


def test_an_unreadable_hour_is_an_unknown_one(cases: Callable[[str], list[Case]]) -> None:
    [case] = cases(CASE.format(told="[]"))
    moments = [Moment(0, {"busy_percent": 99.0}), Moment(120, {}, "it hangs")]

    told = rehearse(case.rule, CHECKS["cpu"], "cpu", moments, 26 * 3600)

    assert [one.evaluation for one in told] == [Evaluation.UNKNOWN]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("rule: busy", "rule: buzy", "4:11: there is no rule “buzy”; did you mean busy?"),
        ("busy_percent: 10}", "bsy_percent: 10}", "did you mean busy_percent?"),
        ("busy_percent: 99%", "busy_percent: 9 GiB", "busy_percent is a share such as 15%"),
        ("busy_percent: 99%", "busy_percent: much", "busy_percent is a share such as 15%"),
        ("at: 10m", "at: 10", "10 of what?"),
        ("    until: 2h\n", "", "a case needs until:"),
        ("evaluation: warning", "evaluation: bad", "evaluation cannot be “bad”"),
    ],
)
def test_mistakes_in_a_case_are_told_with_their_place(
    cases: Callable[[str], list[Case]], before: str, after: str, says: str
) -> None:
    text = CASE.format(told="[{at: 15m, evaluation: warning}]")
    assert before in text
    with pytest.raises(ConfigError) as caught:
        cases(text.replace(before, after, 1))

    assert says in "\n".join(caught.value.lines())


@pytest.mark.parametrize(
    ("seconds", "written"), [(7200, "2h"), (86_400, "1d"), (5400, "90m"), (45, "45s"), (0, "0s")]
)
def test_a_time_is_written_as_a_case_has_it(seconds: float, written: str) -> None:
    assert duration(seconds) == written


def test_the_command_tells_each_case_and_fails_when_one_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "cases.yaml").write_text(CASE.format(told="[]"))
    command = [sys.executable, "-m", "agent", "test", str(tmp_path / "cases.yaml")]

    done = subprocess.run(
        [*command, "--rules", str(tmp_path / "rules.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "WRONG  busy: a busy hour",
        "       told warning after 15m, which the case does not say",
        "       told ok after 70m, which the case does not say",
        "1 cases, 1 wrong",
    ]


def test_times_of_told_are_those_of_looks(cases: Callable[[str], list[Case]]) -> None:
    [case] = cases(CASE.format(told="[]"))

    told = rehearse(case.rule, CHECKS["cpu"], "cpu", case.moments, case.until_s)

    assert told == [Told(900.0, Evaluation.WARNING), Told(4200.0, Evaluation.OK)]
