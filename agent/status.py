"""What the agent tells of itself: the status for people, the heartbeat for the server. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from agent.clock import Now
from agent.evaluate import TargetEvaluation
from agent.protocol import VERSION
from agent.protocol.device import MAX_CHECKS, CheckState, Heartbeat
from agent.protocol.words import Evaluation, LastWord
from agent.rules.model import Rule
from agent.schedule import Schedule
from agent.store import Counts
from agent.wording import storable, summary

_SUMMARY = 400

Judged = Iterable[tuple[Rule, TargetEvaluation, str]]
"""Rule, its latest evaluation of one target, and since when (RFC 3339)."""


def check_states(judged: Judged) -> list[CheckState]:
    """Return how each rule judges each target just now, the graver ones first."""
    states = [
        CheckState(
            rule=rule.name,
            check=rule.check,
            target=storable(one.target),
            evaluation=one.evaluation,
            since=since,
            summary=storable(one.reason or summary(one.readings()), _SUMMARY),
        )
        for rule, one, since in judged
    ]
    return sorted(states, key=lambda state: _GRAVITY[state.evaluation])


_GRAVITY = {
    Evaluation.CRITICAL: 0,
    Evaluation.WARNING: 1,
    Evaluation.UNKNOWN: 2,
    Evaluation.OK: 3,
}


def heartbeat_text(
    now: Now,
    boot_at: str,
    *,
    waiting: int,
    oldest_s: float,
    counters: Mapping[str, int],
    facts_hash: str,
    states: Iterable[CheckState],
    last_word: LastWord | None = None,
) -> str:
    """Return the body of a heartbeat; of very many checks the gravest are told."""
    return Heartbeat(
        at=now.label(),
        agent_version=VERSION,
        boot_at=boot_at,
        waiting=waiting,
        oldest_s=oldest_s,
        facts_hash=facts_hash,
        counters=dict(counters),
        checks=tuple(states)[:MAX_CHECKS],
        last_word=last_word,
    ).to_text()


def check_trees(states: Iterable[CheckState]) -> list[dict[str, Any]]:
    """Return check states as JSON objects."""
    return [{name: getattr(state, name) for name in state.__slots__} for state in states]


def outbox_tree(counts: Counts, counters: Mapping[str, int]) -> dict[str, Any]:
    """Return what waits to be sent, what was refused, and what was given up for lack of room."""
    return {
        "waiting": counts.waiting,
        "bytes": counts.bytes,
        "oldest_s": counts.oldest_s,
        "parked": counts.parked,
        "dropped": {
            name.removeprefix("dropped_"): number
            for name, number in counters.items()
            if name.startswith("dropped_")
        },
    }


def cost_tree(
    schedules: Iterable[Schedule], *, processor_s: float, memory_bytes: int, running_s: float
) -> dict[str, Any]:
    """Return what the agent costs its computer, and which rules were slowed for theirs."""
    return {
        "processor_s": round(processor_s, 3),
        "processor_ms_a_minute": round(1000 * processor_s / max(running_s / 60, 1), 1),
        "memory_bytes": memory_bytes,
        "slowed": [
            {
                "rule": one.rule.name,
                "look_s": round(one.cost.look_s, 3),
                "every_s": one.rule.every_s,
                "instead_s": round(one.cost.pace_s(one.rule.every_s), 1),
            }
            for one in schedules
            if one.cost.pace_s(one.rule.every_s) > one.rule.every_s
        ],
    }
