"""What a replay found, in words and as a tree. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from agent.clock import rfc3339
from agent.history import DAY_S
from agent.past import Past
from agent.protocol.human import human
from agent.protocol.words import Unit
from agent.replay import Replayed, Ticket, Told

_WHOLE = 0.9
"""Readings for this share of the time are for all of it."""
_NOT_REPLAYED = (
    "not replayed: what could not be read, starts of the computer, places it was at, options of "
    "targets, storms, healing"
)


def replay_lines(replayed: Sequence[Replayed], past: Past, days: float) -> list[str]:
    """Return how much history there is, and what each rule would have told of it."""
    span_s = _span_s(past, days)
    lines = [*_history(past, days, span_s), ""]
    for one in replayed:
        lines.append(f"{one.rule.name}: {_sentence(one, past, days)}")
        lines += [f"  {_target(told, past)}" for told in one.told if told.tickets]
    return lines


def replay_tree(replayed: Sequence[Replayed], past: Past, days: float) -> dict[str, Any]:
    """Return the same for programs."""
    since_s = past.until_s - _span_s(past, days)
    return {
        "history": {
            "since": _label(past.since_s),
            "until": _label(past.until_s),
            "samples": past.count,
            "replayed_s": past.until_s - since_s,
            "unseen_s": past.unseen_s(since_s),
        },
        "rules": [
            {
                "rule": one.rule.name,
                "mode": one.rule.mode,
                "lacking": list(one.lacking),
                "targets": [_told_tree(told, past) for told in one.told],
            }
            for one in replayed
        ],
    }


def _told_tree(told: Told, past: Past) -> dict[str, Any]:
    return {
        "target": told.target,
        "looked_s": told.looked_s,
        "held_back": told.held_back,
        "tickets": [
            {
                "opened_at": _label(ticket.opened_s),
                "ended_at": None if ticket.ended_s is None else _label(ticket.ended_s),
                "lasted_s": ticket.lasted_s(past.until_s),
                "evaluation": ticket.evaluation,
                "flapping": ticket.flapping,
            }
            for ticket in told.tickets
        ],
    }


def _history(past: Past, days: float, span_s: float) -> list[str]:
    since_s = past.until_s - span_s
    reach = f"from {_moment(past.since_s)} to {_moment(past.until_s)}"
    lines = [f"history: {past.count} samples {reach}"]
    if span_s < _WHOLE * days * DAY_S:
        lines.append(f"it goes back {_words(span_s)}, not {days:g} d: so much is replayed")
    if unseen_s := past.unseen_s(since_s):
        lines.append(f"nobody looked for {_words(unseen_s)} of it: the agent or the computer was "
                     "off or asleep")  # fmt: skip
    return [*lines, _NOT_REPLAYED]


def _sentence(one: Replayed, past: Past, days: float) -> str:
    span_s = _span_s(past, days)
    if not one.told:
        lacking = ", ".join(one.lacking) or "its targets"
        return f"cannot be replayed, for the history holds nothing of {lacking}"
    tickets = [ticket for told in one.told for ticket in told.tickets]
    looked_s = max(told.looked_s for told in one.told)
    seen = "" if looked_s >= _WHOLE * span_s else f" (it looked for {_words(looked_s)} of them)"
    said = (
        "opens no tickets" if not one.rule.ticket.opens else f"would have opened {_count(tickets)}"
    )
    whole = f"{days:g} days" if span_s >= _WHOLE * days * DAY_S else _words(span_s)
    text = f"{said} in {whole}{seen}"
    if flapping := sum(ticket.flapping for ticket in tickets):
        text += f", {flapping} of them flapping"
    if tickets:
        text += f"; the longest was open for {_words(_longest(tickets, past))}"
    if held := sum(told.held_back for told in one.told):
        text += f"; held back {held} times"
    if one.rule.mode == "watch":
        text += "; it only watches so far"
    if one.lacking:
        text += f"; without {', '.join(one.lacking)}, of which the history holds nothing"
    return text


def _target(told: Told, past: Past) -> str:
    tickets = told.tickets
    text = f"{told.target}: {_count(tickets)}"
    if flapping := sum(ticket.flapping for ticket in tickets):
        text += f", {flapping} flapping"
    last = tickets[-1]
    ended = "still open" if last.ended_s is None else f"open for {_words(last.lasted_s(0))}"
    text += f", the longest {_words(_longest(tickets, past))}"
    return f"{text}; the last {last.evaluation}, {_moment(last.opened_s)}, {ended}"


def _count(tickets: Sequence[Ticket]) -> str:
    if not tickets:
        return "no ticket"
    return f"{len(tickets)} ticket{'s' if len(tickets) > 1 else ''}"


def _longest(tickets: Sequence[Ticket], past: Past) -> float:
    return max(ticket.lasted_s(past.until_s) for ticket in tickets)


def _span_s(past: Past, days: float) -> float:
    return min(days * DAY_S, past.until_s - past.since_s)


def _words(seconds: float) -> str:
    return human(seconds, Unit.SECONDS)


def _label(at_s: float) -> str:
    return rfc3339(datetime.fromtimestamp(at_s, UTC))


def _moment(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M} UTC"
