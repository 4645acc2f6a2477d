"""A check with one number, rules about it, and moments: what tests of judging start from."""

from datetime import UTC, datetime, timedelta

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit
from agent.clock import Now
from agent.evaluate import TargetEvaluation, evaluate
from agent.protocol.words import Evaluation, Priority
from agent.rules.model import Condition, Mode, Only, Rule, TicketText
from agent.rules.parser import parse

LOAD = Check(
    name="load",
    meaning="a number, a size and a word",
    metrics=(
        Metric("load", Unit.COUNT, "how much"),
        Metric("free_bytes", Unit.BYTES, "what is left"),
        Metric("full_in", Unit.SECONDS, "when nothing is left"),
        Metric("state", Unit.WORD, "how it is", words=("running", "stopped")),
    ),
    probe=lambda _targets: iter(()),
)


def condition(  # noqa: PLR0917 - reads like the rule it makes
    evaluation: Evaluation,
    when: str,
    clear: str | None = None,
    for_s: float = 0,
    clear_for_s: float = 0,
    priority: Priority = Priority.NORMAL,
) -> Condition:
    return Condition(
        evaluation=evaluation,
        when=parse(when, LOAD),
        for_s=for_s,
        clear=None if clear is None else parse(clear, LOAD),
        clear_for_s=clear_for_s,
        priority=priority,
    )


def load_rule(
    *,
    warning: Condition | None = None,
    critical: Condition | None = None,
    title: str = "Load on {target}: {load}",
    advice: str = "look",
    opens: bool = True,
    mode: Mode = "act",
    include: tuple[str, ...] = (),
    every_s: float = 60,
    unknown_after_s: float = 3600,
    startup_grace_s: float = 0,
) -> Rule:
    return Rule(
        name="load-high",
        check="load",
        every_s=every_s,
        why="for tests",
        only=Only(),
        targets=TargetFilter(include=include),
        warning=warning,
        critical=critical,
        ticket=TicketText(title, advice, opens),
        mode=mode,
        unknown_after_s=unknown_after_s,
        startup_grace_s=startup_grace_s,
    )


def warning(
    when: str = "load >= 10",
    clear: str | None = "load < 5",
    *,
    for_s: float = 0,
    clear_for_s: float = 0,
    priority: Priority = Priority.NORMAL,
) -> Condition:
    return condition(Evaluation.WARNING, when, clear, for_s, clear_for_s, priority)


def critical(
    when: str = "load >= 20",
    clear: str | None = "load < 15",
    *,
    for_s: float = 0,
    clear_for_s: float = 0,
    priority: Priority = Priority.HIGH,
) -> Condition:
    return condition(Evaluation.CRITICAL, when, clear, for_s, clear_for_s, priority)


def look(rule: Rule, load: float, target: str = "a", **more: float | str) -> TargetEvaluation:
    return evaluate(rule, LOAD, Measured(target, {"load": load, **more}))


def moment(awake_s: float, *, asleep_s: float = 0) -> Now:
    """Return the moment after so many seconds awake since boot, and so many asleep."""
    wall = datetime(2026, 11, 21, 8, tzinfo=UTC) + timedelta(seconds=awake_s + asleep_s)
    return Now(awake_s + asleep_s, awake_s, wall)
