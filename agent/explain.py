"""``explain RULE``: reading → evaluation → what would be sent, for each target. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from agent.alerts import step
from agent.check_api import Check, Measured, Unreadable
from agent.clock import Now
from agent.evaluate import TargetEvaluation, evaluate
from agent.protocol.human import human
from agent.protocol.words import Evaluation, Unit
from agent.rules.model import Condition, Rule


def explain(
    rule: Rule, check: Check, found: Sequence[Measured | Unreadable], now: Now
) -> list[str]:
    """Return the lines that tell what the rule makes of what its check just found."""
    lines = [f"rule {rule.name}, check {check.name}, every {_seconds(rule.every_s)}"]
    if rule.why:
        lines.append(f"  why: {rule.why}")
    if not found:
        lines.append("  the check found no target on this computer: the rule stays silent")
    for measured in found:
        lines += _target(rule, check, evaluate(rule, check, measured), now)
    return lines


def _target(rule: Rule, check: Check, one: TargetEvaluation, now: Now) -> list[str]:
    lines = ["", f"target {one.target}: {one.evaluation}"]
    if one.reason:
        return [*lines, f"  it cannot be checked, because {one.reason}"]
    lines += [
        f"  {metric.name} = {human(one.values[metric.name], metric.unit)}"
        for metric in check.metrics
        if metric.name in one.values
    ]
    for condition, judged in ((rule.critical, one.critical), (rule.warning, one.warning)):
        if condition is not None and judged is not None:
            lines += _condition(condition, holds=judged.holds, clears=judged.clears)
    return lines + _sent(rule, one, now)


def _condition(condition: Condition, *, holds: bool, clears: bool) -> list[str]:
    clear = condition.clear.text if condition.clear else f"not ({condition.when.text})"
    raised, fallen = _seconds(condition.for_s), _seconds(condition.clear_for_s)
    return [
        f"  {condition.evaluation}: when {condition.when.text}",
        f"    which is {'true' if holds else 'false'} now; raised after {raised} of it",
        f"    clears when {clear}",
        f"    which is {'true' if clears else 'false'} now; falls after {fallen} of it",
    ]


def _sent(rule: Rule, one: TargetEvaluation, now: Now) -> list[str]:
    """Tell the event that would be sent if this lasted."""
    if one.evaluation is Evaluation.OK:
        return ["  nothing would be sent"]
    at_once = replace(
        rule,
        warning=rule.warning and replace(rule.warning, for_s=0.0),
        critical=rule.critical and replace(rule.critical, for_s=0.0),
        startup_grace_s=0.0,
    )
    _, event = step(None, one, at_once, now, "explain")
    if event is None:
        word = "mode: watch" if rule.mode == "watch" else "ticket: none"
        return [f"  nothing would be sent, because of {word}"]
    return [
        f"  if it lasts, this would be sent: {event.evaluation}, priority {event.priority}",
        f"    title: {event.title}",
        *([f"    advice: {event.advice}"] if event.advice else []),
    ]


def _seconds(seconds: float) -> str:
    return human(seconds, Unit.SECONDS)
