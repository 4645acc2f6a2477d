"""One rule of a device: when it is due, and what its check finds of its targets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.check_api import Check, Measured, Unreadable
from agent.clock import Now
from agent.cost import UNMEASURED, Cost
from agent.evaluate import TargetEvaluation, evaluate
from agent.protocol.words import Evaluation
from agent.rules.maintenance import MaintenanceWindow
from agent.rules.model import STORM, Rule
from agent.slack import Bounds, slack, within
from agent.trends import source_of

UNSUPPORTED_S = 3600.0
"""A tool may be installed, a system's service may have been late: so often it is looked again."""


@dataclass(slots=True)
class Schedule:
    """One rule, its check, and when it is due next (seconds since boot).

    ``lost_since`` is when a probe of it began that never came back; until it does, the rule
    is not tried again. ``aside``: its probe waits or runs in the second worker. ``unsupported``
    says why this computer cannot run the check at all. ``since`` is, by target, the wall clock of
    the latest change of its evaluation. ``looked_boot_s`` is the turn in which it was looked at
    last. ``memory`` is what the check remembers for this rule, None until it was read.
    """

    rule: Rule
    check: Check
    due_boot_s: float = 0.0
    lost_since: float | None = None
    aside: bool = False
    unsupported: str = ""
    since: dict[str, str] = field(default_factory=dict)
    looked_boot_s: float = -1.0
    memory: dict[str, str] | None = None
    cost: Cost = UNMEASURED
    _evaluations: dict[str, TargetEvaluation] | None = field(default_factory=dict)
    _well: Sequence[Measured | Unreadable] | None = None
    _slack: dict[str, dict[str, Bounds]] | None = None
    judged: frozenset[str] = frozenset()
    source: str = ""

    def __post_init__(self) -> None:
        """Look up once what every look asks for."""
        self.judged = self.rule.metrics
        self.source = source_of(self.check, self.rule.name)

    def advance(self, now: Now) -> None:
        """Set the next due time, in step with the last one; missed turns are not caught up."""
        every_s = self.cost.pace_s(self.rule.every_s) if self.cost.looks else self.rule.every_s
        begun_s = self.due_boot_s if self.due_boot_s > 0 else now.boot_s
        self.due_boot_s = begun_s + every_s * ((now.boot_s - begun_s) // every_s + 1)

    @property
    def memory_name(self) -> str:
        """The name under which it is stored what the check remembers for this rule."""
        return f"memory:{self.rule.name}"

    def rest(self, unsupported: str, now: Now) -> None:
        """Note why this computer cannot run the check; whether it can by then is seen later."""
        self.unsupported = unsupported
        self.due_boot_s = max(self.due_boot_s, now.boot_s + UNSUPPORTED_S)
        self.note((), (), now)

    @property
    def evaluations(self) -> dict[str, TargetEvaluation]:
        """The latest evaluations by target."""
        if self._evaluations is None:
            well = self._well or ()
            self._evaluations = {one.target: evaluate(self.rule, self.check, one) for one in well}
        return self._evaluations

    @property
    def finds_trouble(self) -> bool:
        """Whether something was wrong at its latest look."""
        return self._well is None and any(one.finds_trouble for one in self.evaluations.values())

    def note(
        self,
        readings: Sequence[Measured | Unreadable],
        found: Sequence[TargetEvaluation],
        now: Now,
    ) -> None:
        """Remember the latest evaluations, and the readings they are of."""
        known = self.evaluations
        for one in found:
            before = known.get(one.target)
            if before is None or before.evaluation is not one.evaluation:
                self.since[one.target] = now.label()
        self._evaluations = {one.target: one for one in found}
        self.since = {target: self.since[target] for target in self._evaluations}
        well = all(one.evaluation is Evaluation.OK for one in found)
        self._well = readings if well and len(readings) == len(found) else None
        self._slack = None

    def stays_well(self, readings: Sequence[Measured | Unreadable]) -> bool:
        """Note the readings and return True, if all was well with the same targets and still is.

        Nearly every look of nearly every rule is such a one, so it costs next to nothing.
        """
        known = self._well
        if known is None or len(known) != len(readings):
            return False
        if self._slack is None:
            self._slack = {
                one.target: slack(self.rule, one.values)
                for one in known
                if isinstance(one, Measured)
            }
        for one in readings:
            bounds = self._slack.get(one.target)
            if bounds is None or one.__class__ is not Measured or not within(one.values, bounds):
                return False
        self._well, self._evaluations = readings, None
        return True


@dataclass(frozen=True, slots=True)
class Plan:
    """What a device has to do: its rules with their checks, and when to keep quiet.

    When more than ``storm`` alerts open at once, the others are one ticket.
    """

    schedules: Sequence[Schedule]
    maintenance: Sequence[MaintenanceWindow] = ()
    storm: int = STORM


def judged(schedules: Iterable[Schedule]) -> list[tuple[Rule, TargetEvaluation, str]]:
    """Return how each rule judges each target, and since when."""
    return [
        (schedule.rule, one, schedule.since.get(target, ""))
        for schedule in schedules
        for target, one in tuple(schedule.evaluations.items())
    ]


def unsupported(schedules: Iterable[Schedule]) -> dict[str, str]:
    """Return by rule why this computer cannot check it."""
    return {one.rule.name: one.unsupported for one in schedules if one.unsupported}
