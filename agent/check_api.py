"""All that a check's author imports.

A check is one file in ``agent/checks`` with a module-level ``CHECK = Check(…)``. Its
``probe`` is called with the rule's ``TargetFilter`` and yields readings target by target; it
judges nothing. What it cannot read of one target it yields as ``Unreadable``; what it cannot do
at all it raises as a ``CheckError``: the result is an unknown evaluation, never a crash.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import NamedTuple

from agent.errors import CheckDeniedError, CheckError, CheckTimeoutError, UnsupportedCheckError
from agent.protocol.words import Unit

__all__ = [
    "Check",
    "CheckDeniedError",
    "CheckError",
    "CheckTimeoutError",
    "Increase",
    "Measured",
    "Metric",
    "TargetFilter",
    "Unit",
    "Unreadable",
    "UnsupportedCheckError",
    "UsedUpIn",
]


class Increase(NamedTuple):
    """By how much the counter ``of`` rose in the last ``over_s`` seconds."""

    of: str
    over_s: float


class UsedUpIn(NamedTuple):
    """In how many seconds ``of`` reaches 0 at its pace of days; ``size`` is the whole of it."""

    of: str
    size: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing a check measures: the name rules use, its unit and what it means.

    ``words`` are the values a ``Unit.WORD`` metric can take, all of them. ``derived`` is for one
    that no probe yields: it follows from what was measured before, on a computer whose agent runs.
    """

    name: str
    unit: Unit
    meaning: str
    words: tuple[str, ...] = ()
    derived: Increase | UsedUpIn | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What one probe found of one target: a value for each metric it could read.

    ``about`` are a few words on the target for the ticket: a drive's model and serial, the names of
    the units that failed, a log's last line. Nothing judges it; secrets in it are taken out later.
    """

    target: str
    values: Mapping[str, float | int | str]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A target that exists but could not be read, and why, in words for the ticket."""

    target: str
    reason: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class TargetFilter:
    """A rule's ``targets``: which ones to look at.

    ``include`` names targets (with ``*`` and ``?``), also such as a check leaves out by
    itself; empty means all that the check finds by itself. ``exclude`` takes away.
    ``absent_ignored``: a named target this device lacks is no reading at all.
    ``options`` are the check's own members of ``targets`` (``start: [automatic]``).
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    absent_ignored: bool = False
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def wants(self, target: str) -> bool:
        """Tell whether a target that the check found by itself is to be looked at."""
        return self.named(target) if self.include else not self._excluded(target)

    def named(self, target: str) -> bool:
        """Tell whether ``include`` names this target and ``exclude`` does not."""
        return _matches(target, self.include) and not self._excluded(target)

    def _excluded(self, target: str) -> bool:
        return _matches(target, self.exclude)


def _matches(target: str, patterns: tuple[str, ...]) -> bool:
    literal = (pattern.replace("[", "[[]") for pattern in patterns)  # [::1]:443 is no set
    return any(fnmatchcase(target, pattern) for pattern in literal)


Probe = Callable[..., Iterator[Measured | Unreadable]]
"""Called with the rule's ``TargetFilter``, and with its memory when the check ``remembers``."""


@dataclass(frozen=True, slots=True)
class Check:
    """A kind of probe: its name, its metrics and how to take them.

    ``needs_targets``: the rule must name targets (a process name, ``HOST:PORT``).
    ``options``: the members a rule may put under ``targets`` beside include and exclude,
    each with its allowed words (empty: any text). ``platforms``: the ``sys.platform`` values it
    works on. ``deadline_s`` is how long one probe may take before it is given up and the
    evaluation is unknown; what may block in the kernel goes through ``agent.host.abandonable``.
    ``remembers``: the probe is given a dict of short texts as well, each rule its own, which it
    may change: it is stored in one transaction with the alerts that its readings lead to.
    ``open_metrics`` is how the names of metrics begin that are known only when they are measured
    (a plugin's performance data): numbers, in seconds, bytes, percent or bare. ``aside``: the
    probe runs programs or waits for others; it is run by a second worker and holds up nothing.
    """

    name: str
    meaning: str
    metrics: tuple[Metric, ...]
    probe: Probe
    platforms: tuple[str, ...] = ("linux", "darwin", "win32")
    needs_targets: bool = False
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deadline_s: float = 10.0
    remembers: bool = False
    open_metrics: str = ""
    aside: bool = False

    def look(
        self, targets: TargetFilter, memory: dict[str, str] | None = None
    ) -> list[Measured | Unreadable]:
        """Return what the probe finds on this computer; ``memory`` is for one that remembers.

        Raises CheckError, UnsupportedCheckError for a check of other systems.
        """
        if sys.platform not in self.platforms:
            raise UnsupportedCheckError(f"{self.name} cannot be told on this system")
        if not self.remembers:
            return list(self.probe(targets))
        return list(self.probe(targets, {} if memory is None else memory))

    def metric(self, name: str) -> Metric | None:
        """Return the metric of that name: a declared one, or one that begins as open ones do."""
        declared = next((metric for metric in self.metrics if metric.name == name), None)
        if declared is None and self.is_open(name):
            return Metric(name, Unit.COUNT, "told by what is run")
        return declared

    def is_open(self, name: str) -> bool:
        """Tell whether a metric of this name may be measured though nobody declared it."""
        return bool(self.open_metrics) and name.startswith(self.open_metrics)
