"""An alert that a test leads through its life."""

from agent.alerts import (
    AlertState,
    Phase,
    step,
)
from agent.check_api import Measured, Unreadable
from agent.clock import Now
from agent.evaluate import evaluate
from agent.protocol.events import AlertEvent
from agent.rules.model import Rule
from tests.agent.rule_samples import LOAD, critical, load_rule, moment, warning

HOUR = 3600.0


class Life:
    """An alert of one rule; keeps its state and every event."""

    events: list[AlertEvent]

    def __init__(self, rule: Rule, awake_s: float = 10_000) -> None:
        self.rule = rule
        self.state: AlertState | None = None
        self.events = []
        self.awake_s = awake_s
        self.boot = 0
        self.stored = 0

    @property
    def now(self) -> Now:
        return moment(self.awake_s)

    def see(self, load: float | None, times: int = 1, *, quiet: bool = False) -> None:
        """Look so many times, one turn of the rule apart."""
        for _ in range(times):
            measured = (
                Unreadable("a", "no right") if load is None else Measured("a", {"load": load})
            )
            evaluation = evaluate(self.rule, LOAD, measured)
            before = self.state
            self.state, event = step(
                before, evaluation, self.rule, self.now, f"boot {self.boot}", quiet=quiet
            )
            self.stored += self.state is not before
            self.events += [event] if event else []
            self.awake_s += self.rule.every_s

    def reboot(self) -> None:
        self.boot += 1
        self.awake_s = 30.0

    @property
    def phase(self) -> Phase:
        return self.state.phase if self.state else Phase.INACTIVE

    def told(self) -> list[tuple[str, str]]:
        return [(event.change.value, event.evaluation.value) for event in self.events]


def hysteresis() -> Rule:
    return load_rule(
        warning=warning(for_s=300, clear_for_s=600),
        critical=critical(for_s=120, clear_for_s=600),
    )
