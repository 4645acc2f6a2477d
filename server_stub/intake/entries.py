"""What the timeline tells of an alert event: its own words, and all that it measured."""

from dataclasses import dataclass
from typing import Any

from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation, Priority
from server_stub.intake.tried import tried_in_words
from server_stub.tickets.models import EntryKind


@dataclass(frozen=True, slots=True)
class Entry:
    """One timeline entry to be written; ``device_at`` is the device's own label."""

    kind: EntryKind
    device_at: str
    body: str
    payload: dict[str, Any]


def reprioritised(before: Priority, after: Priority, event: AlertEvent) -> Entry:
    """Tell that the ticket took the priority of the monitor's rule."""
    body = f"Priority {before} → {after}, as the monitor's rule says."
    return Entry(EntryKind.PRIORITY, event.at, body, {"from": before, "to": after})


def judged(kind: EntryKind, before: Evaluation, event: AlertEvent, body: str) -> Entry:
    """Tell of an event and of how it changes the ticket's evaluation."""
    return of_event(kind, event, body, evaluation={"from": before, "to": event.evaluation})


def of_event(kind: EntryKind, event: AlertEvent, body: str, **members: object) -> Entry:
    """Return an entry with all that an event says, and further members of its payload."""
    told = {
        "alert_id": event.alert_id,
        "sequence": event.sequence,
        "change": event.change,
        "rule": event.rule,
        "check": event.check,
        "target": event.target,
        "condition": event.condition,
        "advice": event.advice,
        "reason": event.reason,
        "about": event.about,
        "opened_at": event.opened_at,
        "facts_hash": event.facts_hash,
        "readings": [
            {"metric": r.metric, "value": r.value, "unit": r.unit} for r in event.readings
        ],
    }
    payload = {name: value for name, value in told.items() if value not in ("", [])}
    return Entry(kind, event.at, body, payload | event.beside("series", "evidence") | members)


def tried(event: AlertEvent) -> Entry:
    """Tell what the agent has tried by itself."""
    return Entry(EntryKind.TRIED, event.at, tried_in_words(event.tried), event.beside("tried"))
