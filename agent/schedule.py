"""One rule of a device: when it is due, and what its check finds of its targets."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.check_api import Check, Measured, Unreadable, UnsupportedCheckError
from agent.clock import Now
from agent.evaluate import TargetEvaluation
from agent.rules.maintenance import MaintenanceWindow
from agent.rules.model import Rule
from agent.trends import Trends


@dataclass(slots=True)
class Schedule:
    """One rule, its check, and when it is due next (seconds since boot).

    ``lost_since`` is when a probe of it began that never came back; until it does, the rule
    is not tried again. ``unsupported`` says why this computer cannot run the check at all.
    ``evaluations`` are the latest by target, ``since`` the wall clock of their last change.
    ``looked_boot_s`` is the turn in which it was looked at last. ``memory`` is what the check
    remembers for this rule, None until it was read.
    """

    rule: Rule
    check: Check
    due_boot_s: float = 0.0
    lost_since: float | None = None
    unsupported: str = ""
    evaluations: dict[str, TargetEvaluation] = field(default_factory=dict)
    since: dict[str, str] = field(default_factory=dict)
    looked_boot_s: float = -1.0
    memory: dict[str, str] | None = None

    def advance(self, now: Now) -> None:
        """Set the next due time, in step with the last one; missed turns are not caught up."""
        every_s = self.rule.every_s
        if self.due_boot_s <= 0:
            self.due_boot_s = now.boot_s
        missed = (now.boot_s - self.due_boot_s) // every_s
        self.due_boot_s += every_s * (1 + missed)

    @property
    def finds_trouble(self) -> bool:
        """Whether something was wrong at its latest look."""
        return any(one.finds_trouble for one in self.evaluations.values())

    def note(self, found: Sequence[TargetEvaluation], now: Now) -> None:
        """Remember the latest evaluations for status and heartbeat."""
        known = self.evaluations
        for one in found:
            before = known.get(one.target)
            if before is None or before.evaluation is not one.evaluation:
                self.since[one.target] = now.label()
        self.evaluations = {one.target: one for one in found}
        self.since = {target: self.since[target] for target in self.evaluations}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a device has to do: its rules with their checks, and when to keep quiet."""

    schedules: Sequence[Schedule]
    maintenance: Sequence[MaintenanceWindow] = ()


def measured(
    schedule: Schedule,
    recall: Callable[[str], str | None],
    trends: Trends | None,
    clock: Callable[[], Now],
) -> tuple[list[Measured | Unreadable], dict[str, str]]:
    """Probe a rule's targets; return what was found and the texts to store with it.

    ``recall`` returns a text that was stored. Raises whatever the probe raises.
    """
    check, rule = schedule.check, schedule.rule
    if sys.platform not in check.platforms:
        raise UnsupportedCheckError(f"{check.name} cannot be told on this system")
    texts: dict[str, str] = {}
    if check.remembers:
        name = f"memory:{rule.name}"
        if schedule.memory is None:
            schedule.memory = _memory(recall(name))
        memory = dict(schedule.memory)  # a probe that breaks off has remembered nothing
        found = list(check.probe(rule.targets, memory))
        if memory != schedule.memory:
            schedule.memory = memory
            texts[name] = json.dumps(memory)
    else:
        found = list(check.probe(rule.targets))
    if trends is None:
        return found, texts
    now, judged = clock(), rule.metrics
    completed = [
        trends.complete(check, one, judged, now) if isinstance(one, Measured) else one
        for one in found
    ]
    return completed, texts


def _memory(text: str | None) -> dict[str, str]:
    """Return what a stored text says a check remembers; nothing, when it cannot be read."""
    try:
        tree = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(one) for name, one in tree.items()} if isinstance(tree, dict) else {}
