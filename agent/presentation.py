"""How the command line shows things: pure functions from trees to lines of text."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.check_api import Check
from agent.protocol.human import human
from agent.protocol.words import Evaluation, Unit

_MARKS = {
    Evaluation.OK: "ok",
    Evaluation.WARNING: "WARNING",
    Evaluation.CRITICAL: "CRITICAL",
    Evaluation.UNKNOWN: "unknown",
}


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return heads and rows in columns as wide as they need to be, the last one ragged."""
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *rows)
    ]


def json_text(tree: object) -> str:
    """Return what a program is told, as a person can read it too."""
    return json.dumps(tree, indent=2, ensure_ascii=False)


def check_lines(checks: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the table of how each rule judges each target just now."""
    rows = [
        (check["rule"], check["target"], _MARKS[Evaluation(check["evaluation"])], check["summary"])
        for check in checks
    ]
    return table(("rule", "target", "evaluation", "values"), rows)


def status_lines(status: Mapping[str, Any]) -> list[str]:
    """Return the running agent's status: what it sees, what waits, what is wrong."""
    rules, outbox, delivery = status["rules"], status["outbox"], status["delivery"]
    lines = [
        f"watchdesk-agent {status['version']}, running since {status['since']}",
        f"device    {status['device_id'] or 'none yet'}",
        f"server    {status['server'] or 'none yet'}",
        f"rules     {rules['count']} from {rules['file']}",
        f"outbox    {outbox_sentence(outbox)}",
        f"delivery  {delivery_sentence(delivery)}",
        f"cost      {cost_sentence(status['cost'])}",
    ]
    lines += [f"slowed    {slowed_sentence(one)}" for one in status["cost"]["slowed"]]
    lines += [f"trouble   {trouble}" for trouble in status["troubles"]]
    lines += [f"rules     {problem}" for problem in rules["problems"]]
    told = unsupported_lines(status["unsupported"])
    held = held_back_lines(status["held_back"])
    return [*lines, "", *check_lines(status["checks"]), *told, *held]


def unsupported_lines(unsupported: Mapping[str, str]) -> list[str]:
    """Return which rules this computer cannot check, and why: not an alarm, but to be known."""
    return [f"not checked here: {rule}: {reason}" for rule, reason in unsupported.items()]


def held_back_lines(records: Iterable[Mapping[str, str]]) -> list[str]:
    """Return what is wrong and opens nothing for the time being, and why."""
    return [
        f"held back: {one['rule']} on {one['target']} since {one['since']}: {one['reason']}"
        for one in records
        if not one["until"]
    ]


def outbox_sentence(outbox: Mapping[str, Any]) -> str:
    """Return in words what waits to be sent, what was refused and what was lost."""
    waiting = outbox["waiting"]
    text = f"{waiting} waiting" if waiting else "empty, everything was delivered"
    if waiting:
        text += f", the oldest for {round(outbox['oldest_s'])} s"
    if outbox["parked"]:
        text += f"; {outbox['parked']} refused by the server and kept"
    lost = sum(outbox["dropped"].values())
    return f"{text}; {lost} dropped for want of room" if lost else text


def delivery_sentence(delivery: Mapping[str, Any]) -> str:
    """Return in words when the server last answered and what is wrong since."""
    last = delivery["last_success_at"] or "never yet"
    if not delivery["last_problem"]:
        return f"works; the server last answered {last}"
    again = delivery["next_try_s"]
    text = f"{delivery['last_problem']} (the server last answered: {last}; nothing is lost)"
    return text if again is None else f"{text}; next try in {round(again)} s"


def cost_sentence(cost: Mapping[str, Any]) -> str:
    """Return in words what the agent itself takes of the computer."""
    memory = human(cost["memory_bytes"], Unit.BYTES)
    return f"{cost['processor_ms_a_minute']:g} ms of one processor a minute, {memory} of memory"


def slowed_sentence(slowed: Mapping[str, Any]) -> str:
    """Return in words that a rule is looked at less often than it wants, and why."""
    return (
        f"{slowed['rule']}: a look takes {slowed['look_s']:g} s of processor time, so it is looked"
        f" at every {slowed['instead_s']:g} s instead of every {slowed['every_s']:g} s"
    )


def parked_lines(parked: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the server refused, with the reasons and what can be done."""
    if not parked:
        return ["Nothing was refused by the server."]
    rows = [(one["id"], one["kind"], one["parked_at"], one["problem"]) for one in parked]
    hint = "Mend the cause, then: watchdesk-agent outbox --requeue ID (or --drop ID)"
    return [*table(("id", "kind", "since", "refused because"), rows), hint]


def metric_lines(checks: Iterable[Check]) -> list[str]:
    """Return every check with its metrics, units and options."""
    lines: list[str] = []
    for check in checks:
        lines += (
            ["", f"{check.name}: {check.meaning}"] if lines else [f"{check.name}: {check.meaning}"]
        )
        rows = [
            (f"  {m.name}", " | ".join(m.words) if m.words else m.unit.value, m.meaning)
            for m in check.metrics
        ]
        lines += table(("  metric", "unit", "meaning"), rows)
        lines += [
            f"  targets.{name}: {' | '.join(words) if words else 'any text'}"
            for name, words in check.options.items()
        ]
    return lines


def metric_trees(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """Return the same for programs."""
    return [
        {
            "name": check.name,
            "meaning": check.meaning,
            "needs_targets": check.needs_targets,
            "platforms": list(check.platforms),
            "metrics": [
                {"name": m.name, "unit": m.unit, "meaning": m.meaning, "words": list(m.words)}
                for m in check.metrics
            ],
            "options": {name: list(words) for name, words in check.options.items()},
        }
        for check in checks
    ]
