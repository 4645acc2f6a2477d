"""Nodes → rules and maintenance windows: what each member of the file means.

The tuples of names are the whole vocabulary; the loader refuses every other name and the schema
is made from the same tuples.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from agent.check_api import Check, TargetFilter
from agent.protocol.words import DeviceKind, Evaluation, Priority
from agent.rules.healing import read_heal
from agent.rules.maintenance import DAYS, MINUTES_A_DAY, WEEKS, MaintenanceWindow
from agent.rules.members import Members
from agent.rules.model import Condition, Mode, Only, Rule, TicketText
from agent.rules.nodes import Scalar
from agent.rules.suggest import closest, did_you_mean, quoted

FILE: Final = ("version", "defaults", "rules", "maintenance", "storm")
TIMES: Final = {
    "every": (1, 7 * 86_400, 60),
    "clear_for": (0, 366 * 86_400, 600),
    "unknown_after": (0, 366 * 86_400, 86_400),
    "startup_grace": (0, 86_400, 900),
}
"""A rule's durations, which ``defaults`` gives for all: least, most, and ours, in seconds."""
RULE: Final = (
    *("name", "why", "check", "only", "targets", "depends_on", "warning", "critical", "ticket"),
    *("mode", "heal", *TIMES),
)
ONLY: Final = ("kind", "os", "at", "has")
TARGETS: Final = ("include", "exclude", "absent")
CONDITION: Final = ("when", "for", "clear", "clear_for", "priority")
TICKET: Final = ("title", "advice")
WINDOW: Final = ("name", "days", "weeks", "from", "to", "rules")
SYSTEMS: Final = ("linux", "windows", "macos")
MODES: Final = ("act", "watch")
NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]*"
LONGEST_NAME: Final = 100
LARGEST_STORM: Final = 1_000
LONGEST_TITLE: Final = 150
LONGEST_NOTE: Final = 4_000
LONGEST_FOR_S: Final = 366 * 86_400

_PRIORITY: Final = {Evaluation.WARNING: Priority.NORMAL, Evaluation.CRITICAL: Priority.HIGH}
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}|[{}]")
_UNIT_SUFFIX: Final = re.compile(r"_(percent|bytes|s)$")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


def read_times(members: Members | None, inherited: Mapping[str, float]) -> dict[str, float]:
    """Return the durations of a rule, or of ``defaults``; what is not given is inherited."""
    if members is None:
        return dict(inherited)
    return {
        name: members.duration(name, least, most, inherited[name])
        for name, (least, most, _) in TIMES.items()
    }


def read_rule(
    members: Members,
    checks: Mapping[str, Check],
    inherited: Mapping[str, float],
    only: Only,
) -> Rule | None:
    """Return the rule in ``members``, for ``only`` these; None when it lacks a name or a check."""
    name = _name(members)
    check = _check(members, checks)
    times = read_times(members, inherited)
    conditions = {
        evaluation: _condition(members, evaluation, check, times["clear_for"])
        for evaluation in _PRIORITY
    }
    members.need_any(*_PRIORITY)
    targets = _targets(members, check)
    title = _default_title(name, conditions.values())
    ticket = _ticket(members, title, check)
    why = members.text("why", LONGEST_NOTE)
    mode = cast("Mode", members.word("mode", MODES, "act"))
    if not name or check is None:
        return None
    return Rule(
        name=name,
        check=check.name,
        every_s=times["every"],
        why=why,
        only=only,
        targets=targets,
        warning=conditions[Evaluation.WARNING],
        critical=conditions[Evaluation.CRITICAL],
        ticket=ticket,
        mode=mode,
        heal=read_heal(members, check),
        depends_on=members.texts("depends_on", LONGEST_NAME),
        clear_for_s=times["clear_for"],
        unknown_after_s=times["unknown_after"],
        startup_grace_s=times["startup_grace"],
        line=members.node.line,
        column=members.node.column,
    )


def read_window(members: Members) -> MaintenanceWindow | None:
    """Return the maintenance window in ``members``; None when its times are wrong."""
    members.need("name")
    name = members.text("name", LONGEST_NAME)
    days = members.words("days", DAYS) if "days" in members else DAYS
    starts, ends = _minute(members, "from"), _minute(members, "to")
    if starts is None or ends is None:
        return None
    if starts == MINUTES_A_DAY:
        members.problem("from", 'a window starts by "23:59"; for midnight write "00:00"')
    if starts == ends:
        members.problem("to", 'an empty window; a whole day is from "00:00" to "24:00"')
    return MaintenanceWindow(
        name,
        tuple(DAYS.index(day) for day in days),
        starts,
        ends,
        weeks=members.words("weeks", WEEKS),
        rules=members.texts("rules", LONGEST_NAME),
    )


def _name(members: Members) -> str:
    members.need("name")
    name = members.text("name", LONGEST_NAME)
    if name and not re.fullmatch(NAME, name):
        hint = "letters, digits, - _ and . such as disk-space-server"
        members.problem("name", f"{quoted(name)} is no name for a rule; use {hint}")
    return name


def _check(members: Members, checks: Mapping[str, Check]) -> Check | None:
    """Return the rule's check, or the one that was probably meant, so that the rest is judged."""
    members.need("check")
    name = members.text("check", LONGEST_NAME)
    if name and name not in checks:
        hint = did_you_mean(name, checks)
        members.problem("check", f"there is no check {quoted(name)}; {hint}")
        name = closest(name, checks) or ""
    return checks.get(name)


def _condition(
    members: Members, evaluation: Evaluation, check: Check | None, clear_for_s: float
) -> Condition | None:
    section = members.section(evaluation, f"{evaluation}:", CONDITION)
    if section is None:
        return None
    section.need("when")
    when = section.expression("when", check)
    clear = section.expression("clear", check)
    for_s = section.duration("for", 0, LONGEST_FOR_S, 0)
    clear_for_s = section.duration("clear_for", 0, LONGEST_FOR_S, clear_for_s)
    priority = section.word("priority", list(Priority), _PRIORITY[evaluation])
    if when is None:
        return None
    place = section.node
    return Condition(
        evaluation, when, for_s, clear, clear_for_s, Priority(priority), place.line, place.column
    )


def read_only(members: Members) -> Only:
    """Return for which devices the rule in ``members`` is."""
    section = members.section("only", "only:", ONLY)
    if section is None:
        return Only()
    return Only(
        kind=section.words("kind", list(DeviceKind)),
        os=section.words("os", SYSTEMS),
        at=section.texts("at"),
        has=section.texts("has"),
    )


def _targets(members: Members, check: Check | None) -> TargetFilter:
    options = dict(check.options) if check else {}
    allowed = (*TARGETS, *options) if check else None
    section = members.section("targets", "targets:", allowed)
    if check is not None and check.needs_targets and (section is None or "include" not in section):
        hint = "write targets: {include: […]}"
        members.problem("check", f"{check.name} looks at nothing by itself; {hint}")
    if section is None:
        return TargetFilter()
    return TargetFilter(
        include=section.texts("include"),
        exclude=section.texts("exclude"),
        absent_ignored=section.word("absent", ("ignore",), "") == "ignore",
        options={name: section.words(name, options[name]) for name in options if name in section},
    )


def _ticket(members: Members, default_title: str, check: Check | None) -> TicketText:
    node = members.get("ticket")
    if isinstance(node, Scalar):
        if node.text != "none":
            members.problem("ticket", "ticket is none, or has the members title and advice")
        return TicketText(default_title, opens=False)
    section = members.section("ticket", "ticket:", TICKET)
    if section is None:
        return TicketText(default_title)
    title = section.text("title", LONGEST_TITLE, default_title)
    if check is not None:
        for offset, message in _title_mistakes(title, check):
            section.problem("title", f"title: {message}", offset)
    return TicketText(title, section.text("advice", LONGEST_NOTE))


def _title_mistakes(title: str, check: Check) -> Iterator[tuple[int, str]]:
    known = ["target", "about", *(metric.name for metric in check.metrics)]
    for match in _PLACEHOLDER.finditer(title):
        name = match[1]
        if name is None:
            yield match.start(), f"a {match[0]} without its partner"
        elif name not in known and not check.is_open(name):
            hint = did_you_mean(name, known)
            yield match.start(), f"{quoted(match[0])} stands for nothing; {hint}"


def _default_title(name: str, conditions: Iterable[Condition | None]) -> str:
    """Return the rule's name in words, the target, and the first metrics that it compares."""
    words = re.sub(r"[-_.]+", " ", name).strip().capitalize()
    metrics = dict.fromkeys(m for c in conditions if c is not None for m in c.when.metrics)
    shown = [f"{_UNIT_SUFFIX.sub('', m).replace('_', ' ')} {{{m}}}" for m in metrics]
    return f"{words}: {{target}}" + (f" ({', '.join(shown[:2])})" if shown else "")


def _minute(members: Members, name: str) -> int | None:
    """Return a local time as minutes from midnight."""
    if not members.need(name):
        return None
    node = members.get(name)
    text = node.text if isinstance(node, Scalar) and not node.plain else members.text(name, 20)
    if not text:
        return None
    match = _TIME.fullmatch(text)
    if match is None or (isinstance(node, Scalar) and node.plain):
        members.problem(name, f'{name} is a local time in quotes such as "22:00"')
        return None
    return int(match[1]) * 60 + int(match[2]) if match[1] else MINUTES_A_DAY
