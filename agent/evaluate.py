"""Readings → evaluation: how a rule judges one target at one look. Pure.

Unknown is not ok: a target that could not be read, or a value that cannot be true, makes an
evaluation with a ``reason`` and no judgement. A metric that this device lacks makes its
comparison false.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from agent.check_api import Check, Measured, Metric, Unreadable
from agent.protocol.events import MAX_READINGS, Reading
from agent.protocol.strict import MAX_INTEGER
from agent.protocol.words import Evaluation, Unit
from agent.rules.model import Condition, Rule
from agent.wording import storable

WHOLE_CHECK = "(all)"
"""The target of a check that failed as a whole before it ever named one."""

Values = Mapping[str, float | int | str]

_INFINITE: Final = (float("inf"), float("-inf"))


@dataclass(frozen=True, slots=True)
class Judgement:
    """One condition at one look: whether ``when`` holds, and whether it may clear."""

    holds: bool
    clears: bool


@dataclass(frozen=True, slots=True)
class TargetEvaluation:
    """How one rule judges one target at one look.

    ``warning`` and ``critical`` are None when the rule has no such condition. With a
    ``reason`` it is unknown. ``absent``: the probe worked and did not find the target. ``about``
    is what the probe told of the target in words.
    """

    target: str
    warning: Judgement | None = None
    critical: Judgement | None = None
    reason: str = ""
    absent: bool = False
    metrics: tuple[Metric, ...] = ()
    open_metrics: str = ""
    values: Values = field(default_factory=dict)
    about: str = ""

    @property
    def evaluation(self) -> Evaluation:
        """The judgement of this look alone, without any ``for``."""
        if self.reason:
            return Evaluation.UNKNOWN
        if self.critical is not None and self.critical.holds:
            return Evaluation.CRITICAL
        if self.warning is not None and self.warning.holds:
            return Evaluation.WARNING
        return Evaluation.OK

    @property
    def finds_trouble(self) -> bool:
        """Whether something is wrong at this look."""
        return self.evaluation in (Evaluation.WARNING, Evaluation.CRITICAL)

    def readings(self) -> tuple[Reading, ...]:
        """Return the values with their units; an infinite one is left out (JSON has none)."""
        readings = [
            Reading(metric.name, self.values[metric.name], metric.unit)
            for metric in self.metrics
            if self.values.get(metric.name, _INFINITE[0]) not in _INFINITE
        ]
        if self.open_metrics:
            readings += [
                Reading(name, value, Unit.COUNT)
                for name, value in self.values.items()
                if name.startswith(self.open_metrics) and value not in _INFINITE
            ]
        return tuple(readings[:MAX_READINGS])


def evaluate(rule: Rule, check: Check, measured: Measured | Unreadable) -> TargetEvaluation:
    """Judge what a probe found of one target; ``check`` tells the metrics' units and words."""
    if isinstance(measured, Unreadable):
        reason = measured.reason or "the check gave no reason"
        return TargetEvaluation(measured.target, reason=reason, about=measured.about)
    values = measured.values
    reason = _untrue(check, values)
    if reason:
        return TargetEvaluation(measured.target, reason=reason, about=measured.about)
    return TargetEvaluation(
        measured.target,
        warning=_judge(rule.warning, values),
        critical=_judge(rule.critical, values),
        metrics=check.metrics,
        open_metrics=check.open_metrics,
        values=values,
        about=measured.about,
    )


def unreadable(rule: Rule, known: Iterable[str], reason: str) -> list[Unreadable]:
    """Spread the failure of a whole probe over its targets.

    These are the ``known`` ones (seen before, or with an alert state); without any, those that
    the rule names in full; without these, ``WHOLE_CHECK``.
    """
    named = [name for name in rule.targets.include if not set(name) & set("*?[")]
    targets = sorted(set(known) - {WHOLE_CHECK}) or named or [WHOLE_CHECK]
    return [Unreadable(target, reason) for target in targets]


def absentees(stated: Iterable[str], seen: Collection[str]) -> list[TargetEvaluation]:
    """Judge the targets that have an alert state and were not in a probe that worked.

    One that is gone cannot be called well: it is unknown. ``WHOLE_CHECK`` is readable again.
    """
    return [
        TargetEvaluation(target)
        if target == WHOLE_CHECK
        else TargetEvaluation(
            target, absent=True, reason=f"{storable(target)} is no longer found on this computer"
        )
        for target in stated
        if target not in seen
    ]


def _judge(
    condition: Condition | None, values: Mapping[str, float | int | str]
) -> Judgement | None:
    if condition is None:
        return None
    holds = condition.when.holds(values)
    clears = not holds and (condition.clear is None or condition.clear.holds(values))
    return Judgement(holds, clears)


def _untrue(check: Check, values: Values) -> str:
    """Return why a value cannot be true, empty when all can."""
    opened = (check.metric(name) for name in values if check.is_open(name))
    for metric in (*check.metrics, *filter(None, opened)):
        value = values.get(metric.name)
        if value is not None and not _can_be(metric, value):
            kind = "word it knows" if metric.unit is Unit.WORD else "number"
            return f"{metric.name} reads {storable(str(value), 80)!r}, which is no {kind}"
    return ""


def _can_be(metric: Metric, value: float | str) -> bool:
    """Tell whether it is a declared word, a number that JSON carries exactly, or infinite."""
    if metric.unit is Unit.WORD:
        return value in metric.words
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= MAX_INTEGER
    return isinstance(value, float) and value == value  # noqa: PLR0124 - NaN differs from itself
