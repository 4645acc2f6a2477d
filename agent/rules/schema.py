"""The JSON Schema of a rules file, for editors: completion, explanations, first mistakes.

Draft 7, which the editors' YAML extensions know best. It is made from the loader's own words
and the checks' declarations, so the two cannot differ; what ``when`` says is judged by the
loader alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from agent.check_api import Check, Unit
from agent.protocol.words import DeviceKind, Priority
from agent.rules import healing
from agent.rules import sections as words
from agent.rules.maintenance import DAYS, WEEKS
from agent.rules.units import SECONDS

DURATION: Final = {
    "type": "string",
    "pattern": rf"^\s*[0-9]{{1,20}}(\.[0-9]{{1,20}})?\s*({'|'.join(SECONDS)})\s*$",
    "description": "A duration: 90s, 5m, 24h, 7d, 2w.",
}
_TEXTS: Final = {"type": "array", "items": {"type": "string", "minLength": 1}}
_TIMES: Final = {
    "every": "How often the rule is looked at.",
    "clear_for": "How long the condition must be clear before the alert resolves.",
    "unknown_after": "How long a target may be unreadable before that is told.",
    "startup_grace": "How long after the computer's start nothing is opened yet.",
}

Schema = dict[str, Any]


def schema(checks: Mapping[str, Check]) -> Schema:
    """Return the schema of a rules file on an agent that has these checks, as a JSON tree."""
    times = {name: _told(DURATION, text) for name, text in _TIMES.items()}
    defaults = _told(_mapping(words.TIMES, times), "What holds for every rule.")
    members = {
        "version": {"const": 1},
        "defaults": defaults,
        "rules": {"type": "array", "items": _rule(checks, times)},
        "maintenance": {"type": "array", "items": _window()},
        "storm": _told(
            _whole(1, words.LARGEST_STORM),
            "When more alerts than this open within two minutes, the others are one ticket.",
        ),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "watchdesk rules",
        **_mapping(words.FILE, members, ("version", "rules")),
    }


def _rule(checks: Mapping[str, Check], times: Schema) -> Schema:
    name = {"type": "string", "pattern": f"^{words.NAME}$", "maxLength": words.LONGEST_NAME}
    members = {
        "name": _told(name, "The rule's name, unique in the file; alerts go by it."),
        "why": _told(_text(words.LONGEST_NOTE), "Why this rule is as it is, for its readers."),
        "check": {"enum": list(checks), "description": "\n".join(map(_line, checks.values()))},
        "only": _told(_only(), "Which devices the rule is for; without it, all."),
        "targets": {"type": "object"},
        "depends_on": _told(_TEXTS, "Rules; while one finds something wrong, this opens nothing."),
        "warning": _condition(),
        "critical": _condition(),
        "ticket": _ticket(),
        "heal": _heal(),
        "mode": _told({"enum": [*words.MODES]}, "watch: judged and counted, but opens nothing."),
        **times,
    }
    return {
        **_mapping(words.RULE, members, ("name", "check")),
        "anyOf": [{"required": ["warning"]}, {"required": ["critical"]}],
        "allOf": [_targets_of(check) for check in checks.values()],
    }


def _heal() -> Schema:
    actions = "\n".join(f"{name}: {takes.meaning}" for name, takes in healing.ACTIONS.items())
    options = {takes.option: _text(healing.LONGEST_OPTION) for takes in healing.ACTIONS.values()}
    options.pop("")
    members = {
        "action": _told({"enum": [*healing.ACTIONS]}, actions),
        "attempts": _told(_whole(1, 5), "How often it is tried for one trouble."),
        "wait": _told(DURATION, "How long after it the check looks again."),
        "cool_down": _told(DURATION, "How long after an earlier trouble nothing is tried."),
        "per_day": _told(_whole(1, 24), "How often it is tried in 24 hours."),
        "tell": _told({"enum": [*healing.TELLS]}, "failures: what was healed makes no ticket."),
        "mode": _told(
            {"enum": [*healing.MODES]},
            "offered: only where device.yaml switches it on; dry-run: says what it would do.",
        ),
        **options,
    }
    return _told(
        _mapping((*healing.HEAL, *options), members, ("action",)),
        "What is tried before a ticket is opened.",
    )


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _only() -> Schema:
    members = {
        "kind": _list_of([*DeviceKind]),
        "os": _list_of(words.SYSTEMS),
        "at": _told(_TEXTS, "Places of which the device must be at one."),
        "has": _told(_TEXTS, "Features that the device must have."),
    }
    return _mapping(words.ONLY, members)


def _condition() -> Schema:
    members = {
        "when": _told(_text(), "What is wrong: free_percent < 10 and free_bytes < 20 GiB."),
        "for": _told(DURATION, "How long it must hold before anything is opened."),
        "clear": _told(_text(), "What must hold again; without it, that when no longer does."),
        "clear_for": _told(DURATION, _TIMES["clear_for"]),
        "priority": _told({"enum": [*Priority]}, "The ticket's; normal for warning, else high."),
    }
    return _mapping(words.CONDITION, members, ("when",))


def _ticket() -> Schema:
    title = _told(_text(words.LONGEST_TITLE), "May hold {target} and any {metric} of the check.")
    advice = _told(_text(words.LONGEST_NOTE), "What to do, for whoever gets the ticket.")
    texts = _mapping(words.TICKET, {"title": title, "advice": advice})
    return {"oneOf": [{"const": "none"}, texts]}


def _window() -> Schema:
    time = {"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"}
    members = {
        "name": _text(words.LONGEST_NAME),
        "days": _told(_list_of(DAYS), "On which days it starts; without it, on all."),
        "weeks": _told(_list_of(WEEKS), "Which of these days in a month; without it, all."),
        "rules": _told(_TEXTS, "The rules that are quiet; without it, all."),
        "from": _told(time, 'Local time in quotes: "22:00".'),
        "to": _told(time, "Local time in quotes; not later than from: on the following day."),
    }
    return _mapping(words.WINDOW, members, ("name", "from", "to"))


def _targets_of(check: Check) -> Schema:
    """Return what ``targets`` may hold when a rule is about this check."""
    members = {
        "include": _told(_TEXTS, "Which targets, with * and ?; without it, all it finds."),
        "exclude": _told(_TEXTS, "Which not."),
        "absent": _told({"const": "ignore"}, "A named target this device lacks is no fault."),
        **{name: _list_of(known) if known else _TEXTS for name, known in check.options.items()},
    }
    needed = ("include",) if check.needs_targets else ()
    then: Schema = {"properties": {"targets": _mapping(members, members, needed)}}
    if check.needs_targets:
        then["required"] = ["targets"]
    about = {"properties": {"check": {"const": check.name}}, "required": ["check"]}
    return {"if": about, "then": then}


def _mapping(names: Iterable[str], members: Schema, required: Sequence[str] = ()) -> Schema:
    """Return a mapping of exactly these names; KeyError when we forgot to describe one."""
    found: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: members[name] for name in names},
    }
    if required:
        found["required"] = list(required)
    return found


def _text(longest: int = 1_000) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _list_of(allowed: Sequence[str]) -> Schema:
    return {"type": "array", "items": {"enum": [str(word) for word in allowed]}}


def _told(schema: Mapping[str, Any], description: str) -> Schema:
    return {**schema, "description": description}


def _line(check: Check) -> str:
    """Return a check and its metrics in one line."""
    metrics = ", ".join(
        f"{metric.name} ({'|'.join(metric.words) if metric.unit is Unit.WORD else metric.unit})"
        for metric in check.metrics
    )
    return f"{check.name}: {check.meaning}: {metrics}"
