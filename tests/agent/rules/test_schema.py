import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.checks import discover
from agent.rules.schema import schema
from agent.settings import shipped_rules_file
from tests.agent.rules.draft7 import complaints

SCHEMA = schema(discover())
RIGHT: dict[str, Any] = {"name": "a", "check": "cpu", "warning": {"when": "busy_percent > 9"}}


def told(rule: dict[str, Any]) -> list[str]:
    return complaints(SCHEMA, {"version": 1, "rules": [rule]})


def test_it_is_plain_json() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_the_shipped_rules_fit_it() -> None:
    tree = yaml.safe_load(Path(shipped_rules_file()).read_text(encoding="utf-8"))
    assert complaints(SCHEMA, tree) == []


def test_every_member_explains_itself_in_the_editor() -> None:
    rule = SCHEMA["properties"]["rules"]["items"]["properties"]
    silent = {name for name in rule if "description" not in rule[name]}
    assert silent == {"targets", "warning", "critical", "ticket"}, "these explain their members"
    assert "disk.space: " in rule["check"]["description"]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"ticket": "none"},
        {"ticket": {"title": "t", "advice": "a"}},
        {"mode": "watch", "every": "30s", "startup_grace": "0s"},
        {"only": {"kind": ["server"], "os": ["linux"], "at": ["office"], "has": ["backup"]}},
        {"check": "service", "targets": {"include": ["a*"], "start": ["automatic"]}},
        {"check": "tcp", "targets": {"include": ["a:1"], "absent": "ignore"}},
        {"critical": {"when": "a", "for": "5m", "clear": "b", "clear_for": "1.5h"}},
    ],
)
def test_a_right_rule_fits_it(members: dict[str, Any]) -> None:
    assert told({**RIGHT, **members}) == []


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"chekc": "cpu"}, ".rules[0]: has chekc"),
        ({"check": "gpu"}, ".rules[0].check: none of"),
        ({"name": "a b"}, ".rules[0].name: does not match"),
        ({"name": False}, ".rules[0].name: not of type string"),
        ({"every": 300}, ".rules[0].every: not of type string"),
        ({"every": "5 minutes"}, ".rules[0].every: does not match"),
        ({"mode": False}, ".rules[0].mode: none of"),
        ({"ticket": "off"}, ".rules[0].ticket: fits not exactly one"),
        ({"only": {"kind": "server"}}, ".rules[0].only.kind: not of type array"),
        ({"only": {"kind": ["phone"]}}, ".rules[0].only.kind[0]: none of"),
        ({"warning": {"for": "5m"}}, ".rules[0].warning: lacks when"),
        ({"warning": {"when": "a", "priority": "p1"}}, ".rules[0].warning.priority: none of"),
        ({"targets": {"start": ["automatic"]}}, ".rules[0].targets: has start"),
        ({"check": "service", "targets": {"start": ["now"]}}, ".targets.start[0]: none of"),
        ({"check": "tcp"}, ".rules[0]: lacks targets"),
        ({"check": "tcp", "targets": {}}, ".rules[0].targets: lacks include"),
    ],
)
def test_a_wrong_rule_does_not_fit_it(members: dict[str, Any], complaint: str) -> None:
    (only, *_) = told({**RIGHT, **members})
    assert complaint in only


def test_a_rule_without_a_condition_does_not_fit_it() -> None:
    assert told({"name": "a", "check": "cpu"}) == [".rules[0]: fits none of 2 schemas"]


@pytest.mark.parametrize(
    "window",
    [
        {"name": "a", "from": 1320, "to": "02:00"},
        {"name": "a", "from": "22:00", "to": "24:01"},
        {"name": "a", "from": "22:00"},
        {"name": "a", "from": "22:00", "to": "02:00", "days": ["tuesday"]},
    ],
)
def test_a_wrong_window_does_not_fit_it(window: dict[str, Any]) -> None:
    assert complaints(SCHEMA, {"version": 1, "rules": [], "maintenance": [window]})
