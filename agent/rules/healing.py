"""``heal``: what a rule may do about its trouble before it tells."""

from collections.abc import Mapping
from typing import Final, NamedTuple, cast

from agent.check_api import Check
from agent.rules.members import Members
from agent.rules.model import Heal, HealMode, Tells
from agent.rules.suggest import quoted
from agent.rules.units import seconds

HEAL: Final = ("action", "attempts", "wait", "cool_down", "per_day", "tell", "mode")
MODES: Final = ("act", "dry-run", "offered")
TELLS: Final = ("always", "failures")
LONGEST_OPTION: Final = 200


class Takes(NamedTuple):
    """What an action does, the option it takes, and whether a rule must give it.

    It need not where the targets of the rule's check are what the action is about (``checks``).
    """

    meaning: str
    option: str = ""
    is_needed: bool = False
    checks: tuple[str, ...] = ()


_OF_SERVICES: Final = ("service", "service.restarts")
ACTIONS: Final[Mapping[str, Takes]] = {
    "clean-temporary-files": Takes(
        "remove what nobody used for long (10d) from the system's temporary folders", "older_than"
    ),
    "command": Takes("run a command of the device's own file", "command", is_needed=True),
    "flush-dns-cache": Takes("empty the system's cache of names"),
    "renew-dhcp-lease": Takes("ask the network for this computer's address again"),
    "restart-service": Takes(
        "stop a service and start it", "service", checks=_OF_SERVICES, is_needed=True
    ),
    "start-service": Takes("start a service", "service", checks=_OF_SERVICES, is_needed=True),
    "synchronize-clock": Takes("have the system set its clock by its own time servers"),
}
_USUAL: Final = Heal("", {})
_OPTIONS: Final = tuple(sorted({one.option for one in ACTIONS.values() if one.option}))


def read_heal(members: Members, check: Check | None) -> Heal | None:
    """Return what a rule does to heal; None when it does nothing or says it wrongly."""
    section = members.section("heal", "heal:", (*HEAL, *_OPTIONS))
    if section is None:
        return None
    section.need("action")
    action = section.word("action", tuple(ACTIONS), "")
    options = {name: section.text(name, LONGEST_OPTION) for name in _OPTIONS if name in section}
    heal = Heal(
        action,
        options,
        attempts=section.count("attempts", 1, 5, _USUAL.attempts),
        wait_s=section.duration("wait", 1, 3600, _USUAL.wait_s),
        cool_down_s=section.duration("cool_down", 60, 7 * 86_400, _USUAL.cool_down_s),
        per_day=section.count("per_day", 1, 24, _USUAL.per_day),
        tells=cast("Tells", section.word("tell", TELLS, _USUAL.tells)),
        mode=cast("HealMode", section.word("mode", MODES, _USUAL.mode)),
    )
    if not action:
        return None
    _judge(section, ACTIONS[action], heal, check)
    return heal


def _judge(section: Members, takes: Takes, heal: Heal, check: Check | None) -> None:
    for name in heal.options:
        if name != takes.option:
            section.problem(name, f"{heal.action} takes no {name}")
    itself = check is not None and check.name in takes.checks
    if takes.is_needed and takes.option not in heal.options and not itself:
        section.problem("action", f"{heal.action} needs {takes.option}: to know which")
    older = heal.options.get("older_than")
    if older:
        try:
            seconds(older)
        except ValueError as error:
            section.problem("older_than", f"{quoted(older)} is no age: {error}")
