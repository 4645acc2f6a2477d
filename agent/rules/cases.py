"""Cases for rules: readings over hours, and what the server must be told of them.

A case file is YAML under the same restrictions as a rules file, and its mistakes are told alike.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from agent.check_api import Check, Metric, Unit
from agent.errors import ConfigError
from agent.protocol.words import Evaluation
from agent.rules.loader import read_text
from agent.rules.members import Members
from agent.rules.model import Rule, RuleSet
from agent.rules.nodes import Scalar
from agent.rules.problems import Problems, TooManyProblemsError
from agent.rules.suggest import did_you_mean, listed, quoted
from agent.rules.tree import compose
from agent.rules.units import EXAMPLE, KIND, UNITS

FILE: Final = ("version", "cases")
CASE: Final = ("name", "rule", "target", "readings", "until", "told")
TOLD: Final = ("at", "evaluation")
LONGEST_S: Final = 31 * 86_400.0
NEVER: Final = "never"

_QUANTITY: Final = re.compile(r"(-?[0-9]{1,20}(?:\.[0-9]{1,20})?)\s*(\S{0,20})")


class Moment(NamedTuple):
    """From ``at_s`` on these values are read; what is not named stays as it was.

    With a ``reason`` the target cannot be read.
    """

    at_s: float
    values: Mapping[str, float | int | str]
    reason: str = ""


class Told(NamedTuple):
    """The server is told that an alert is now so; ``ok`` means that it is over."""

    at_s: float
    evaluation: Evaluation


class Case(NamedTuple):
    """One case of a rule, and where it is written."""

    name: str
    rule: Rule
    target: str
    moments: tuple[Moment, ...]
    until_s: float
    told: tuple[Told, ...]
    line: int


def load_cases(path: Path, rules: RuleSet, checks: Mapping[str, Check]) -> list[Case]:
    """Return the cases in a file about these rules; raises ConfigError with all problems."""
    problems = Problems()
    cases: list[Case] = []
    try:
        text = read_text(path, problems)
        document = compose(text, problems) if text is not None else None
        if document and document.root:
            file = Members(document.root, "the file", FILE, problems)
            if not document.cut_short:
                file.need("version")
                file.need("cases")
            file.word("version", ("1",), "1")
            sections = file.sections("cases", "a case", CASE)
            cases = [case for one in sections if (case := _case(one, rules, checks))]
        elif document and not document.cut_short:
            problems.at(1, 1, "the file is empty; it needs version: 1 and cases:")
    except TooManyProblemsError:
        pass
    if problems.found:
        raise ConfigError(path, problems.found)
    return cases


def _case(members: Members, rules: RuleSet, checks: Mapping[str, Check]) -> Case | None:
    for name in ("name", "rule", "readings", "until", "told"):
        members.need(name)
    called = members.text("rule", 100)
    rule = rules.rule(called)
    if rule is None:
        if called:
            hint = did_you_mean(called, [each.name for each in rules.rules])
            members.problem("rule", f"there is no rule {quoted(called)}; {hint}")
        return None
    moments = tuple(_moments(members, checks[rule.check]))
    told = tuple(
        Told(
            one.duration("at", 0, LONGEST_S, 0),
            Evaluation(one.word("evaluation", list(Evaluation), Evaluation.OK)),
        )
        for one in members.sections("told", "what is told", TOLD)
        if one.need("at") and one.need("evaluation")
    )
    return Case(
        name=members.text("name", 200),
        rule=rule,
        target=members.text("target", 200, "it"),
        moments=moments,
        until_s=members.duration("until", 1, LONGEST_S, 1),
        told=told,
        line=members.node.line,
    )


def _moments(members: Members, check: Check) -> Iterator[Moment]:
    known = ("at", "unreadable", *(metric.name for metric in check.metrics))
    allowed = None if check.open_metrics else known
    for one in members.sections("readings", "a reading", allowed):
        one.need("at")
        names = [name for name in one.names() if name not in known[:2]]
        values = {name: _value(one, name, check.metric(name)) for name in names}
        yield Moment(
            one.duration("at", 0, LONGEST_S, 0), values, reason=one.text("unreadable", 1_000)
        )


def _value(members: Members, name: str, metric: Metric | None) -> float | int | str:
    """Return a reading in its metric's own unit; 0 after noting what is wrong with it."""
    node = members.get(name)
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if metric is None:
        return 0
    if metric.unit is Unit.WORD:
        if text not in metric.words:
            members.problem(name, f"{name} is {listed(metric.words, 'or')}, not {quoted(text)}")
        return text
    if metric.unit is Unit.SECONDS and text == NEVER:
        return float("inf")
    match = _QUANTITY.fullmatch(text)
    kind, size = UNITS.get(match[2], (None, 1)) if match else (None, 1)
    bare = match is not None and not match[2] and metric.unit in (Unit.SHARE, Unit.COUNT)
    if match is None or not (bare or kind is metric.unit):
        example = EXAMPLE[metric.unit]
        members.problem(
            name, f"{name} is {KIND[metric.unit]} such as {example}, not {quoted(text)}"
        )
        return 0
    return float(match[1]) * size
