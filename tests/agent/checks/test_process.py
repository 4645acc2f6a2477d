"""Programs that must run, by name."""

import pytest

from agent.check_api import Measured, TargetFilter
from agent.checks import process
from agent.checks.process import CHECK


class Names:
    def count(self, patterns: list[str]) -> dict[str, int]:
        return {pattern: 2 if pattern.startswith("db") else 0 for pattern in patterns}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_NAMES", Names())


def test_each_name_of_the_rule_is_a_target() -> None:
    found = list(CHECK.probe(TargetFilter(("web", "db*"))))
    assert found == [
        Measured("db*", {"count": 2, "state": "running"}),
        Measured("web", {"count": 0, "state": "missing"}),
    ]


def test_a_program_that_may_be_absent_is_told_only_when_it_runs() -> None:
    found = list(CHECK.probe(TargetFilter(("web", "db"), absent_ignored=True)))
    assert [one.target for one in found] == ["db"]


def test_an_excluded_name_is_not_looked_at() -> None:
    found = list(CHECK.probe(TargetFilter(("web", "db"), exclude=("w*",))))
    assert [one.target for one in found] == ["db"]
