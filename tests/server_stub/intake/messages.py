"""Messages a device might send, each with the least one must say."""

from hashlib import sha256
from typing import Any

from agent.protocol.device import Enrolment, Facts, Heartbeat
from agent.protocol.events import AlertEvent, Reading
from agent.protocol.ids import uuid7
from agent.protocol.strict import text_of
from agent.protocol.words import Change, DeviceKind, Evaluation, Priority, Unit

DEVICE_AT = "2026-11-21T20:00:00.000Z"


def an_event(**changes: Any) -> AlertEvent:
    """Return the first event of a new alert: free space on / is below its warning."""
    target = changes.pop("target", "/")
    members: dict[str, Any] = {
        "id": uuid7(),
        "alert_id": uuid7(),
        "sequence": 1,
        "change": Change.OPENED,
        "fingerprint": f"disk-space-server:{target}",
        "rule": "disk-space-server",
        "check": "disk.space",
        "target": target,
        "evaluation": Evaluation.WARNING,
        "priority": Priority.LOW,
        "title": f"Low disk space on {target}: 3.2 GiB free",
        "at": DEVICE_AT,
        "opened_at": DEVICE_AT,
        "condition": "free_percent < 10",
        "readings": (Reading("free_percent", 8.5, Unit.SHARE),),
    }
    return AlertEvent(**members | changes)


def next_event(event: AlertEvent, **changes: Any) -> AlertEvent:
    """Return the event that follows this one on the same alert: a change, unless said otherwise."""
    members = {name: getattr(event, name) for name in AlertEvent.__slots__}
    following: dict[str, Any] = {
        "id": uuid7(),
        "sequence": event.sequence + 1,
        "change": Change.CHANGED,
    }
    return AlertEvent(**members | following | changes)


def resolved(event: AlertEvent, **changes: Any) -> AlertEvent:
    """Return the event that ends this one's alert."""
    end = {"change": Change.RESOLVED, "evaluation": Evaluation.OK, "readings": ()}
    return next_event(event, **end | changes)


def events_body(*events: AlertEvent) -> bytes:
    """Return the body of ``POST events``."""
    return f'{{"events":[{",".join(event.to_text() for event in events)}]}}'.encode()


def some_facts(**facts: Any) -> Facts:
    """Return a facts envelope whose hash is right."""
    tree = {"computer": "pc-1", "memory": {"total_bytes": 8 * 2**30}} | facts
    return Facts(uuid7(), DEVICE_AT, sha256(text_of(tree).encode()).hexdigest(), tree)


def a_heartbeat(**changes: Any) -> Heartbeat:
    """Return a sign of life."""
    members = {"at": DEVICE_AT, "agent_version": "0.1.0", "boot_at": "2026-11-20T08:00:00Z"}
    return Heartbeat(**members | changes)


def an_enrolment(device_token: str, **changes: Any) -> Enrolment:
    """Return the request of a new workstation."""
    members: dict[str, Any] = {
        "device_id": uuid7(),
        "device_token": device_token,
        "name": "pc-1",
        "kind": DeviceKind.WORKSTATION,
        "os": "linux",
        "agent_version": "0.1.0",
    }
    return Enrolment(**members | changes)
