"""One comparison, judged: does the check have the metric, and does the literal suit it?"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.check_api import Check, Metric, Unit
from agent.rules.expression import Comparison
from agent.rules.suggest import did_you_mean, listed, quoted
from agent.rules.tokens import Token
from agent.rules.units import EXAMPLE, KIND, LARGEST, UNITS, unit_meant, whole

_LONGEST_NUMBER: Final = 20
_BARE: Final = (Unit.SHARE, Unit.COUNT)
_ZERO_IS_ZERO: Final = (Unit.BYTES, Unit.SECONDS)


class Mistake(NamedTuple):
    """What is wrong in an expression, and where: ``offset`` counts characters from 0."""

    offset: int
    message: str


class Literal(NamedTuple):
    """What a metric is compared with: a ``word``, or a ``number`` and perhaps its ``unit``."""

    first: Token
    word: str = ""
    number: str = ""
    unit: Token | None = None

    @property
    def written(self) -> str:
        """The literal as we write it: a space before sizes and degrees."""
        if self.unit is None:
            return self.word or self.number
        return joined(self.number, self.unit.text)

    @property
    def kind(self) -> Unit | None:
        """What its unit measures; None without a unit, or with an unknown one."""
        return UNITS[self.unit.text][0] if self.unit and self.unit.text in UNITS else None

    @property
    def value(self) -> float | str:
        """The word, or the number in the metric's own unit; 0 for what is no number we keep."""
        if self.word:
            return self.word
        if len(self.number) > _LONGEST_NUMBER:
            return 0
        size = UNITS[self.unit.text][1] if self.kind and self.unit else 1
        return whole(float(self.number) * size)


def comparison(
    check: Check, name: Token, operator: Token, literal: Literal
) -> tuple[Comparison, list[Mistake]]:
    """Return the comparison and all that is wrong with it."""
    mistakes = [
        Mistake(token.offset, message)
        for token, message in _mistakes(check, name, operator, literal)
    ]
    return Comparison(name.text, operator.text, literal.value, literal.written), mistakes


def joined(number: str, unit: str) -> str:
    """Return a quantity as we write it: a space before sizes and degrees."""
    spaced = unit in UNITS and UNITS[unit][0] in (Unit.BYTES, Unit.CELSIUS)
    return f"{number} {unit}" if spaced else f"{number}{unit}"


def literal_sample(metric: Metric | None) -> str:
    """Return a literal that may be compared with the metric."""
    if metric is None:
        return EXAMPLE[Unit.SHARE]
    return metric.words[0] if metric.unit is Unit.WORD else EXAMPLE[metric.unit]


def sample(metric: Metric) -> str:
    """Return a comparison of the metric, to show how one is written."""
    operator = "==" if metric.unit is Unit.WORD else "<"
    return f"{metric.name} {operator} {literal_sample(metric)}"


def _mistakes(
    check: Check, name: Token, operator: Token, literal: Literal
) -> Iterator[tuple[Token, str]]:
    metric = check.metric(name.text)
    if metric is None:
        hint = did_you_mean(name.text, [each.name for each in check.metrics])
        yield name, f"{check.name} has no metric {quoted(name.text)}; {hint}"
    elif metric.unit is Unit.WORD:
        yield from _of_word(metric, operator, literal)
    elif literal.word:
        what = "another metric" if check.metric(literal.word) else "a word"
        example = EXAMPLE[metric.unit]
        message = f"{metric.name} is {KIND[metric.unit]}, {quoted(literal.word)} is {what}"
        yield literal.first, f"{message}; compare it with a literal such as {example}"
    if literal.unit is not None and literal.kind is None:
        yield literal.unit, _unknown_unit(literal, metric)
    elif literal.number and metric and not (metric.unit is Unit.WORD or check.is_open(name.text)):
        yield from _of_quantity(metric, literal)


def _of_word(metric: Metric, operator: Token, literal: Literal) -> Iterator[tuple[Token, str]]:
    if not literal.word:
        words = listed(metric.words, "or")
        yield literal.first, f"{metric.name} is a word ({words}), {quoted(literal.written)} is not"
        return
    if operator.text not in ("==", "!="):
        yield operator, f"{metric.name} is a word; compare it with == or !="
    if literal.word not in metric.words:
        hint = did_you_mean(literal.word, metric.words)
        yield literal.first, f"{metric.name} is never {quoted(literal.word)}; {hint}"


def _of_quantity(metric: Metric, literal: Literal) -> Iterator[tuple[Token, str]]:
    value, kind = literal.value, KIND[metric.unit]
    instead = f"write {kind} such as {EXAMPLE[metric.unit]}"
    if len(literal.number) > _LONGEST_NUMBER:
        yield literal.first, f"{quoted(literal.number)} has too many digits"
    elif isinstance(value, str) or abs(value) > LARGEST:
        yield literal.first, f"{literal.written} is larger than anything we can measure"
    elif literal.kind is None:
        if not (metric.unit in _BARE or (value == 0 and metric.unit in _ZERO_IS_ZERO)):
            message = f"{metric.name} is {kind}, {literal.number} lacks a unit"
            yield literal.first, f"{message}; {instead}"
    elif literal.kind is not metric.unit:
        message = f"{metric.name} is {kind}, {literal.written} is {KIND[literal.kind]}"
        yield literal.first, f"{message}; {instead}"


def _unknown_unit(literal: Literal, metric: Metric | None) -> str:
    unit = literal.unit.text if literal.unit else ""
    meant = unit_meant(unit)
    if meant:
        return f"{quoted(unit)} is no unit; did you mean {joined(literal.number, meant)}?"
    names = [name for name, (kind, _) in UNITS.items() if metric and kind is metric.unit]
    return f"{quoted(unit)} is no unit; {did_you_mean(unit, names or UNITS)}"
