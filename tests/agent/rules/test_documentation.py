"""What docs/rules.md shows must work: people copy it."""

import re
from pathlib import Path
from typing import Final

import pytest

from agent.checks import discover
from agent.errors import ConfigError
from agent.rehearsal import differences
from agent.rules import cases, healing, sections
from agent.rules.cases import load_cases
from agent.rules.lint import lint
from agent.rules.loader import load
from agent.rules.units import UNITS
from agent.settings import shipped_rules_file
from tests.agent.rules.checks_for_tests import CHECKS

PAGE: Final = Path(__file__).parents[3] / "docs" / "rules.md"
TEXT: Final = PAGE.read_text(encoding="utf-8")
ALL_EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
ALL_EXAMPLES += re.findall(
    r"^```yaml\n(.*?)^```",
    PAGE.with_name("healing.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
CASES: Final = [example for example in ALL_EXAMPLES if "\ncases:" in example]
EXAMPLES: Final = [example for example in ALL_EXAMPLES if example not in CASES]


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_is_a_rules_file_that_nothing_is_said_about(
    tmp_path: Path, example: str
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(example, encoding="utf-8")
    assert lint(load(path, CHECKS), CHECKS) == []


def test_the_example_of_cases_comes_out_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    [example] = CASES
    path.write_text(example, encoding="utf-8")
    checks = discover()
    [case] = load_cases(path, load(shipped_rules_file(), checks), checks)
    assert differences(case, checks[case.rule.check]) == []


def test_every_word_of_the_language_is_explained() -> None:
    vocabulary = (
        *sections.FILE,
        *sections.RULE,
        *sections.ONLY,
        *sections.TARGETS,
        *sections.CONDITION,
        *sections.TICKET,
        *cases.CASE,
        *cases.TOLD,
        *sections.SYSTEMS,
        "watch",
    )
    assert [word for word in vocabulary if f"`{word}`" not in TEXT] == []
    assert [unit for unit in UNITS if unit not in TEXT] == []


TRAPS: Final = re.findall(
    r"^\| `(.+?)` \| .+? \| `(.+?)` \|$", TEXT[TEXT.index("traps") :], re.MULTILINE
)


@pytest.mark.parametrize(("wrong", "right"), TRAPS)
def test_a_trap_is_refused_and_its_remedy_is_not(tmp_path: Path, wrong: str, right: str) -> None:
    """A remedy may stand where it does not belong, but the trap itself must be gone."""
    path = tmp_path / "rules.yaml"
    name = wrong.partition(":")[0]

    def told(member: str) -> list[str]:
        member = member if not member.startswith(('"', "'")) else f"why: {member}"
        inner = {
            "from": f"maintenance: [{{name: a, to: '23:00', {member}}}]\nrules: []",
            "include": f"rules: [{{name: a, check: cpu, targets: {{{member}}}, {WARNING}}}]",
            "title": f"rules:\n- name: a\n  check: cpu\n  {WARNING}\n  ticket:\n    {member}",
            "for": f"rules: [{{name: a, check: cpu, {WARNING.removesuffix('}')}, {member}}}}}]",
        }.get(name, f"rules:\n- name: a\n  check: cpu\n  {WARNING}\n  {member}")
        path.write_text(f"version: 1\n{inner}\n", encoding="utf-8")
        try:
            load(path, CHECKS)
        except ConfigError as error:
            return error.lines()
        return []

    assert told(wrong)
    assert told(right) == []


WARNING: Final = "warning: {when: busy_percent > 95}"


def test_the_traps_are_found_in_the_page() -> None:
    assert len(TRAPS) == 7


def test_every_member_and_action_of_healing_is_explained() -> None:
    page = PAGE.with_name("healing.md").read_text(encoding="utf-8")
    words = (*healing.HEAL, *healing.ACTIONS, *(one.option for one in healing.ACTIONS.values()))

    assert [word for word in words if word and f"`{word}`" not in page] == []
