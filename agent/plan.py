"""What a device has to do, by its files: the rules, and what the device file says it has."""

import logging
from collections.abc import Mapping
from typing import Any

from agent.check_api import Check
from agent.clock import Now
from agent.device import here
from agent.device_file import DeviceFile, beside
from agent.protocol.words import DeviceKind
from agent.rules.model import RuleSet
from agent.rules.rules_file import RulesFile
from agent.schedule import Plan, Schedule
from agent.settings import os_word

log = logging.getLogger(__name__)


def plan_of(rules: RuleSet, checks: Mapping[str, Check], kind: DeviceKind) -> Plan:
    """Return what a device of this kind has to do by these rules."""
    mine = rules.for_device(kind, os_word(), has=here().has)
    schedules = [Schedule(rule, checks[rule.check]) for rule in mine.rules]
    return Plan(schedules, mine.maintenance, mine.storm)


class PlanFiles:
    """The files of a running agent, read again when they change."""

    def __init__(self, rules: RulesFile, checks: Mapping[str, Check], kind: DeviceKind) -> None:
        """Read the device file, which lies beside the rules."""
        self._rules = rules
        self._device = DeviceFile(beside(rules.path))
        self._checks = checks
        self._kind = kind
        self.paths = (rules.path, beside(rules.path))

    def plan(self) -> Plan:
        """Return the plan by what the files said when they were read last."""
        return plan_of(self._rules.rules, self._checks, self._kind)

    def changed_plan(self, now: Now) -> Plan | None:
        """Return the plan when one of the files says something else by now."""
        changed = [file for file in (self._rules, self._device) if _reread(file, now)]
        return self.plan() if changed else None

    def tree(self, count: int) -> dict[str, Any]:
        """Return as a JSON object how the files stand; ``count`` is of the rules in force here."""
        return {
            "file": str(self._rules.path),
            "loaded_at": self._rules.loaded_at,
            "count": count,
            "problems": [*self._rules.problems, *self._device.problems],
        }


def _reread(file: RulesFile | DeviceFile, now: Now) -> bool:
    before = file.problems
    changed = file.reread(now)
    if changed:
        log.info("file=%s was read anew", file.path)
    elif file.problems != before:
        log.error("file=%s has mistakes now:\n%s", file.path, "\n".join(file.problems))
    return changed
