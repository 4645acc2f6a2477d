"""What an agent would tell of readings that somebody wrote down, or that it once had. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from agent.alerts import AlertState, step
from agent.check_api import Check, Measured, Unreadable
from agent.clock import Now
from agent.evaluate import evaluate
from agent.rules.cases import Case, Moment, Told
from agent.rules.model import Rule

_UP_FOR_S = 30 * 86_400.0
"""The computer has been up for so long: no start-up grace."""
_BEGIN = datetime(2026, 1, 5, tzinfo=UTC)


def rehearse(
    rule: Rule, check: Check, target: str, moments: Sequence[Moment], until_s: float
) -> list[Told]:
    """Return what the server would be told, look by look, as often as the rule looks.

    Between two moments everything stays as it was; ``moments`` are in their order.
    """
    state: AlertState | None = None
    told: list[Told] = []
    waiting = list(moments)
    values: dict[str, float | int | str] = {}
    reason = ""
    for number in range(int(until_s // rule.every_s) + 1):
        at_s = number * rule.every_s
        while waiting and waiting[0].at_s <= at_s:
            moment = waiting.pop(0)
            values, reason = {**values, **moment.values}, moment.reason
        now = Now(_UP_FOR_S + at_s, _UP_FOR_S + at_s, _BEGIN + timedelta(seconds=at_s))
        found = Unreadable(target, reason) if reason else Measured(target, values)
        state, event = step(state, evaluate(rule, check, found), rule, now, "rehearsal")
        if event is not None:
            told.append(Told(at_s, event.evaluation))
    return told


def differences(case: Case, check: Check) -> list[str]:
    """Return in words how a case comes out otherwise than it says; nothing when it is right."""
    told = rehearse(case.rule, check, case.target, case.moments, case.until_s)
    expected = list(case.told)
    found: list[str] = []
    while expected or told:
        if not expected:
            found.append(f"told {_words(told.pop(0))}, which the case does not say")
        elif not told:
            found.append(f"not told {_words(expected.pop(0))}")
        else:
            one, other = told.pop(0), expected.pop(0)
            late_s = abs(one.at_s - other.at_s)
            if one.evaluation is not other.evaluation or late_s > case.rule.every_s:
                found.append(f"told {_words(one)}, not {_words(other)}")
    return found


def report(cases: Iterable[tuple[Case, list[str]]]) -> list[str]:
    """Return a line for each case, and what is wrong with it."""
    lines = []
    for case, wrong in cases:
        lines.append(f"{'ok   ' if not wrong else 'WRONG'}  {case.rule.name}: {case.name}")
        lines += [f"       {difference}" for difference in wrong]
    return lines


def _words(told: Told) -> str:
    return f"{told.evaluation} after {duration(told.at_s)}"


def duration(seconds: float) -> str:
    """Return a time as a case file writes it: ``6h``, ``90m``, ``45s``."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"
