"""Rules as the agent runs them. Plain frozen values: times are seconds, words are checked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from agent.check_api import TargetFilter
from agent.protocol.words import Evaluation, Priority
from agent.rules.expression import Expression
from agent.rules.maintenance import MaintenanceWindow

Mode = Literal["act", "watch"]


@dataclass(frozen=True, slots=True)
class Only:
    """Which devices a rule is for. Every list that is given must be met; an empty one is.

    ``kind`` and ``os`` are the device's own words, ``at`` the places it may be at, ``has``
    features it must all have.
    """

    kind: tuple[str, ...] = ()
    os: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    has: tuple[str, ...] = ()

    def admits(self, kind: str, os: str, has: Collection[str]) -> bool:
        """Tell whether the rule is for a device of this kind, system and features."""
        return (
            (not self.kind or kind in self.kind)
            and (not self.os or os in self.os)
            and all(feature in has for feature in self.has)
        )

    def is_at(self, places: Collection[str]) -> bool:
        """Tell whether it is for a device that is at these places just now."""
        return not self.at or any(place in places for place in self.at)


@dataclass(frozen=True, slots=True)
class Condition:
    """One of a rule's two conditions.

    It holds once ``when`` was true for ``for_s``. It clears once ``clear`` was true for
    ``clear_for_s``; without ``clear``, once ``when`` was false for as long. Both count awake
    seconds. ``line`` and ``column`` say where it is written.
    """

    evaluation: Evaluation
    when: Expression
    for_s: float
    clear: Expression | None
    clear_for_s: float
    priority: Priority
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class TicketText:
    """What a rule's ticket says.

    ``title`` may hold ``{target}`` and ``{metric}``. ``opens`` is False for ``ticket: none``:
    the rule is judged but opens nothing.
    """

    title: str
    advice: str = ""
    opens: bool = True


HealMode = Literal["act", "dry-run", "offered"]
Tells = Literal["always", "failures"]


@dataclass(frozen=True, slots=True)
class Heal:
    """What a rule does about its trouble before it tells.

    ``action`` is a name from the closed list, ``options`` what it is given beside the target.
    ``wait_s`` after it the check looks again. At most ``attempts`` for one trouble and ``per_day``
    in 24 hours, none within ``cool_down_s`` of an earlier trouble's. ``tells`` "failures": what was
    healed makes no ticket. ``mode`` "offered" does nothing unless the device's own file switches
    the rule's healing on; "dry-run" only says what it would do.
    """

    action: str
    options: Mapping[str, str]
    attempts: int = 2
    wait_s: float = 30.0
    cool_down_s: float = 1800.0
    per_day: int = 3
    tells: Tells = "always"
    mode: HealMode = "act"

    def allowed(self, rule: str, mode: str, switched_on: Collection[str]) -> "Heal | None":
        """Return what may be done on a device; None for nothing.

        ``mode`` (act, dry-run, never) is the device's own, ``switched_on`` names the rules whose
        offered healing it wants.
        """
        if mode == "never" or (self.mode == "offered" and rule not in switched_on):
            return None
        return replace(self, mode="dry-run" if "dry-run" in {mode, self.mode} else "act")


STORM: Final = 8
"""So many alerts at once are no storm yet, if a file does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of ``rules``: a check, what to make of it, and what to say.

    While one of the rules it ``depends_on`` finds something wrong, it opens nothing.
    ``mode`` is "watch" for a rule that is judged and counted but opens nothing yet. ``heal`` is
    what it tries before it opens anything.
    ``startup_grace_s`` counts from the start of the computer; ``unknown_after_s`` is how long
    a target may be unreadable before that is told. ``line`` and ``column`` say where it is written.
    """

    name: str
    check: str
    every_s: float
    why: str
    only: Only
    targets: TargetFilter
    warning: Condition | None
    critical: Condition | None
    ticket: TicketText
    mode: Mode = "act"
    heal: Heal | None = None
    depends_on: tuple[str, ...] = ()
    clear_for_s: float = 600.0
    unknown_after_s: float = 86_400.0
    startup_grace_s: float = 900.0
    line: int = 1
    column: int = 1

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions it has, the graver one first."""
        return tuple(c for c in (self.critical, self.warning) if c is not None)

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that its conditions look at."""
        both = (one for c in self.conditions for one in (c.when, c.clear) if one is not None)
        return frozenset(name for one in both for name in one.metrics)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All that one file says.

    When more than ``storm`` alerts open at once, the others are one ticket.
    """

    rules: tuple[Rule, ...]
    maintenance: tuple[MaintenanceWindow, ...]
    source_path: Path
    storm: int = STORM

    def rule(self, name: str) -> Rule | None:
        """Return the rule of that name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def for_device(self, kind: str, os: str, *, has: Collection[str] = ()) -> "RuleSet":
        """Return the rules that are for this device, wherever it is.

        ``kind`` is workstation, laptop or server; ``os`` linux, windows or macos; ``has`` the
        features that its administrator says it has.
        """
        admitted = tuple(r for r in self.rules if r.only.admits(kind, os, has))
        return replace(self, rules=admitted)
