"""What a rules file may say and should not: warnings, apart from problems.

The truth of an expression changes only at its literals, so trying a value at, below, above and
between all of them tries everything: what is told here is certain, for readings that move
freely. (Those of one target may be tied to each other, as bytes to percent: then a warning
about ``clear`` may be ignored by writing the tie into it.)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Final, TypeVar

from agent.check_api import Check, Metric, Unit
from agent.errors import Problem
from agent.rules.expression import Comparison, Expression
from agent.rules.model import Condition, RuleSet

MOST_POINTS: Final = 4_096
"""Beyond it an expression is too large to be tried; nothing is told about its ``clear``."""

_T = TypeVar("_T")
Value = float | int | str | None
Point = tuple[Value, ...]
_SUFFIX: Final = {Unit.SHARE: "%", Unit.SECONDS: "s", Unit.CELSIUS: " °C"}
_BOUNDS: Final = {Unit.SHARE: (0.0, 100.0), Unit.CELSIUS: (-273.0, float("inf"))}


def lint(rules: RuleSet, checks: Mapping[str, Check]) -> list[Problem]:
    """Return the warnings about ``rules``, each at the rule or condition it is about."""
    return [
        Problem(condition.line, condition.column, f"{rule.name}: {condition.evaluation}: {text}")
        for rule in rules.rules
        for condition in reversed(rule.conditions)
        for text in _warnings(condition, checks[rule.check])
    ]


def _warnings(condition: Condition, check: Check) -> Iterator[str]:
    if not condition.for_s:
        yield "no for:, so a single bad reading opens a ticket"
    graded = any(c.operator not in ("==", "!=") for c in condition.when.root.comparisons())
    if condition.clear is None and graded:
        yield "no clear:, so a value at the limit opens and resolves it again and again"
    space = _Space.of(condition.when, condition.clear, check)
    if space is not None:
        yield from _truths(condition.when, space)
        if condition.clear is not None:
            yield from _clearing(condition.when, condition.clear, space)


def _truths(when: Expression, space: "_Space") -> Iterator[str]:
    held = {space.holds(when, point) for point in space.points()}
    if held == {False}:
        yield "when is never true, whatever is measured"
    elif held == {True}:
        yield "when is always true, whatever is measured"


def _clearing(when: Expression, clear: Expression, space: "_Space") -> Iterator[str]:
    both = next(space.both(when, clear), None)
    if both is not None:
        yield f"when and clear are both true at {space.shown(both)}"
    stuck = next(space.stuck(when, clear), None)
    if stuck is not None:
        point, metric = stuck
        place = space.shown(point)
        yield f"opened at {place}, it never clears if only {metric} recovers; compare it in clear"
        return
    measured = (metric for metric in space.metrics if metric.unit is not Unit.WORD)
    for lacked in measured:  # a state is what a check always tells
        if next(space.without(lacked).stuck(when, clear), None) is not None:
            name = lacked.name
            yield (
                f"on a device that lacks {name} it never clears, for a comparison of what is not"
                f" measured is false; in clear, write not {name} >= … instead of {name} < …"
            )


@dataclass(frozen=True, slots=True)
class _Space:
    """Every combination of values that expressions can tell apart."""

    metrics: tuple[Metric, ...]
    values: tuple[tuple[Value, ...], ...]

    @classmethod
    def of(cls, when: Expression, clear: Expression | None, check: Check) -> "_Space | None":
        """Return the space that two expressions span, or None when it is too large to try."""
        comparisons = [*when.root.comparisons(), *(clear.root.comparisons() if clear else ())]
        names = dict.fromkeys(comparison.metric for comparison in comparisons)
        metrics = tuple(metric for metric in map(check.metric, names) if metric is not None)
        values = tuple(_telling(metric, comparisons) for metric in metrics)
        size = 1
        for each in values:
            size *= len(each)
        return cls(metrics, values) if size <= MOST_POINTS else None

    def without(self, metric: Metric) -> "_Space":
        """Return the space of a device that lacks a metric."""
        values = zip(self.metrics, self.values, strict=True)
        return _Space(self.metrics, tuple((None,) if m is metric else v for m, v in values))

    def points(self) -> Iterator[Point]:
        """Yield every combination."""
        return product(*self.values)

    def holds(self, expression: Expression, point: Point) -> bool:
        """Tell whether an expression holds at a point."""
        values = zip(self.metrics, point, strict=True)
        return expression.holds({m.name: v for m, v in values if v is not None})

    def both(self, when: Expression, clear: Expression) -> Iterator[Point]:
        """Yield the points at which both hold."""
        return (p for p in self.points() if self.holds(when, p) and self.holds(clear, p))

    def stuck(self, when: Expression, clear: Expression) -> Iterator[tuple[Point, str]]:
        """Yield a firing point and a metric whose recovery alone ends ``when`` but never clears.

        The other metrics may move too, as long as each comparison of ``when`` with them stays
        as it is: within the gap between ``when`` and ``clear``, an alert rightly waits.
        """
        firing: list[Point] = []
        ends: set[tuple[int, Point]] = set()
        clears: set[tuple[int, tuple[object, ...]]] = set()
        for point in self.points():
            if self.holds(when, point):
                firing.append(point)
                continue
            ends.update(_rays(point))
            if self.holds(clear, point):
                clears.update(_rays(self._judged(when, point)))
        for point in firing:
            judged = dict(_rays(self._judged(when, point)))
            for axis, rest in _rays(point):
                if (axis, rest) in ends and (axis, judged[axis]) not in clears:
                    yield point, self.metrics[axis].name

    def shown(self, point: Point) -> str:
        """Return a point in words."""
        values = zip(self.metrics, point, strict=True)
        return ", ".join(f"{m.name} {_shown(v, m.unit)}" for m, v in values if v is not None)

    def _judged(self, when: Expression, point: Point) -> tuple[object, ...]:
        """Return, for each metric, what the comparisons of ``when`` make of its value."""
        comparisons = list(when.root.comparisons())
        return tuple(
            tuple(
                value is not None and comparison.holds({metric.name: value})
                for comparison in comparisons
                if comparison.metric == metric.name
            )
            for metric, value in zip(self.metrics, point, strict=True)
        )


def _rays(point: tuple[_T, ...]) -> Iterator[tuple[int, tuple[_T, ...]]]:
    """Yield, for each axis, the axis and the point without it."""
    for axis in range(len(point)):
        yield axis, point[:axis] + point[axis + 1 :]


def _telling(metric: Metric, comparisons: list[Comparison]) -> tuple[Value, ...]:
    """Return values of one metric such that every possible value compares like one of them."""
    if metric.unit is Unit.WORD:
        return metric.words
    limits = sorted({float(c.value) for c in comparisons if c.metric == metric.name})
    least, most = _BOUNDS.get(metric.unit, (0.0, float("inf")))
    between = [(low + high) / 2 for low, high in pairwise(limits)]
    outside = [(least + limits[0]) / 2, min(limits[-1] * 2 + 1, (limits[-1] + most) / 2)]
    tried = {least, *limits, *between, *outside}
    return tuple(sorted(value for value in tried if least <= value <= most))


def _shown(value: Value, unit: Unit) -> str:
    if isinstance(value, str) or value is None:
        return str(value)
    if unit is Unit.BYTES:
        return f"{value / 2**30:.4g} GiB"
    return f"{value:.6g}{_SUFFIX.get(unit, '')}"
