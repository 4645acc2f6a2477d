"""The parts of what explains an alert: series from history, lists from a short-lived child.

What may block or takes long (folders, processes, the package system's log) is asked in
``evidence_child``, which is killed at its deadline; then the alert goes without it. Answers are
used again for some minutes, and all questions together have a budget: many alerts at once must
not hold up the checks.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Protocol

from agent.check_api import CheckError, Metric
from agent.clock import Now
from agent.evaluate import TargetEvaluation
from agent.history import Sample
from agent.host import program
from agent.host.installed import LATELY_S
from agent.protocol import strict
from agent.protocol.events import AlertEvent
from agent.protocol.evidence import (
    MAX_EVIDENCE,
    MAX_EVIDENCE_TITLE,
    MAX_LINE,
    MAX_LINES,
    MAX_POINTS,
    MAX_SERIES,
    Evidence,
    Point,
    Series,
)
from agent.protocol.human import human
from agent.protocol.strict import MAX_INTEGER
from agent.protocol.words import Evaluation, Unit
from agent.rules.model import Rule
from agent.settings import child_command
from agent.trends import Trends
from agent.wording import storable

HOURS_S = 6 * 3600.0
DEADLINE_S = 5.0
AGAIN_S = 300.0
_BUDGET_S = 10.0
_EARNED = 1 / 30  # of a second, for each second that passes


def series(
    trends: Trends, event: AlertEvent, rule: Rule, one: TargetEvaluation, now: Now
) -> tuple[Series, ...]:
    """Return how the metrics that the rule judges went in the last hours."""
    found = []
    for metric in _charted(rule, one):
        samples = trends.samples(
            event.check, rule.name, one.target, metric.name, over_s=HOURS_S, now=now
        )
        points = _points(samples, one.values.get(metric.name), now.wall.timestamp())
        if len(points) > 1:
            found.append(Series(storable(metric.name), metric.unit, points))
    return tuple(found[:MAX_SERIES])


def _charted(rule: Rule, one: TargetEvaluation) -> list[Metric]:
    """Return the metrics to be shown: numbers, what a derived one is derived from, none twice."""
    metrics = {metric.name: metric for metric in one.metrics}
    chosen: dict[str, Metric] = {}
    for name in (name for condition in rule.conditions for name in condition.when.metrics):
        metric = metrics.get(name)
        if metric is not None and metric.derived is not None:
            metric = metrics.get(metric.derived.of)
        if metric is not None and metric.unit is not Unit.WORD:
            quantity = metric.name.removesuffix("_percent").removesuffix("_bytes")
            chosen.setdefault(quantity, metric)
    return list(chosen.values())


def _points(samples: Iterable[Sample], value: object, now_s: float) -> tuple[Point, ...]:
    """Return at most ``MAX_POINTS`` points, the latest of each stretch of time.

    What was measured last before the hours begin held on when they began.
    """
    told: dict[int, Point] = {}
    stretch_s = HOURS_S / (MAX_POINTS - 3)
    now_too = [Sample(now_s, float(value))] if isinstance(value, (int, float)) else []
    for at_s, measured in (*samples, *now_too):
        before_s = min(now_s - at_s, HOURS_S)
        if before_s >= 0 and isfinite(measured):
            stretch = -1 if before_s == 0 else int(before_s / stretch_s)
            told[stretch] = int(before_s), _number(measured)
    return tuple(told[stretch] for stretch in sorted(told, reverse=True))


def _number(value: float) -> float:
    return int(value) if value.is_integer() and abs(value) <= MAX_INTEGER else value


def changed(files: Mapping[str, Path], now: Now) -> list[str]:
    """Return what changed lately of what the agent itself knows, one line each."""
    lines = []
    if now.boot_s < LATELY_S:
        lines.append(f"the computer started {human(now.boot_s, Unit.SECONDS)} before")
    for name, path in files.items():
        try:
            age_s = now.wall.timestamp() - path.stat().st_mtime
        except OSError:
            continue
        if 0 <= age_s < LATELY_S:
            lines.append(f"{name} was changed {human(age_s, Unit.SECONDS)} before")
    return lines


Answer = tuple[str, tuple[str, ...]]
"""A title and lines."""


class Asked(Protocol):
    """What was asked lately: plain values, for they outlive this module (``evidence.Asked``)."""

    answers: dict[tuple[str, ...], tuple[float, list[Answer]]]
    spent_s: float
    at_s: float


def _ask(question: Sequence[str]) -> list[Answer]:
    """Return a child's answers to a question; raises CheckError, ProtocolError."""
    ended = program.run([*child_command("agent.evidence_child"), *question], DEADLINE_S)
    if ended.code:
        raise CheckError(f"the child ended with {ended.code}")
    tree = strict.parse(ended.out)
    strict.check_value(tree)
    return [
        (strict.need(one, "title", str), tuple(map(str, strict.need(one, "lines", list))))
        for one in tree
    ]


class Questions:
    """Asks what explains alerts, within a budget."""

    def __init__(
        self,
        asked: Asked,
        ask: Callable[[Sequence[str]], list[Answer]] = _ask,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what was asked lately, how to ask, and a clock in seconds."""
        self._asked = asked
        self._ask = ask
        self._clock = clock

    def evidence(
        self, event: AlertEvent, one: TargetEvaluation, changed_here: Sequence[str]
    ) -> tuple[Evidence, ...]:
        """Return what explains an event; ``changed_here`` goes with what was installed."""
        told: dict[str, list[str]] = {}
        for question in questions(event, one):
            for title, lines in self._answered(question):
                told.setdefault(title, []).extend(lines)
        found = [_bounded(title, lines) for title, lines in told.items() if lines]
        return (*found, *self.what_changed(changed_here))[:MAX_EVIDENCE]

    def what_changed(self, changed_here: Sequence[str]) -> tuple[Evidence, ...]:
        """Return the list of what changed lately; none when nothing did."""
        lines = [*changed_here]
        for _, installed in self._answered(("installed",)):
            lines += installed
        return (_bounded("What changed", lines),) if lines else ()

    def _answered(self, question: tuple[str, ...]) -> list[Answer]:
        now_s, kept = self._clock(), self._asked
        asked_s, answers = kept.answers.get(question, (float("-inf"), []))
        if now_s - asked_s < AGAIN_S:
            return answers
        kept.spent_s = max(0.0, kept.spent_s - (now_s - kept.at_s) * _EARNED)
        kept.at_s = now_s
        if kept.spent_s > _BUDGET_S:
            return []
        try:
            answers = self._ask(question)
        except (CheckError, strict.ProtocolError):
            answers = []
        kept.spent_s += self._clock() - now_s
        for old in [old for old, (at_s, _) in kept.answers.items() if now_s - at_s >= AGAIN_S]:
            del kept.answers[old]
        kept.answers[question] = now_s, answers
        return answers


def questions(event: AlertEvent, one: TargetEvaluation) -> Iterator[tuple[str, ...]]:
    """Yield what ``evidence_child`` is asked about an event, beside what was installed."""
    if event.evaluation is Evaluation.UNKNOWN:
        return
    if event.check in {"memory", "oom"} or one.target == "out-of-memory":
        yield ("memory",)
    elif event.check == "pressure":
        yield ("memory",) if one.target == "memory" else ("processor",)
    elif event.check == "cpu":
        yield ("processor",)
    elif event.check == "disk.space":
        yield ("bytes", one.target)
    elif event.check == "disk.inodes":
        yield ("entries", one.target)


def _bounded(title: str, told: Sequence[str]) -> Evidence:
    lines = [storable(line, MAX_LINE) for line in told]
    if len(lines) > MAX_LINES:
        lines[MAX_LINES - 1 :] = [f"and {len(lines) - MAX_LINES + 1} more"]
    return Evidence(storable(title, MAX_EVIDENCE_TITLE), tuple(lines))
