"""The server's own alert: a device fell silent. It goes the way of all alerts, through the intake.

So it becomes one ticket, joins an open one, reopens what was resolved a short while ago, and is
resolved on return unless a person touched it, by the very rules that hold for the agent's.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from agent.protocol.device import Heartbeat, parse_heartbeat
from agent.protocol.events import AlertEvent
from agent.protocol.evidence import Evidence
from agent.protocol.ids import uuid7
from agent.protocol.receipts import Receipt
from agent.protocol.strict import ProtocolError
from agent.protocol.words import Change, DeviceKind, Evaluation, LastWord, Priority
from server_stub.clients.models import Device
from server_stub.intake.credentials import known_devices
from server_stub.intake.decode import Arrived
from server_stub.intake.group import Request, store
from server_stub.quiet.active import Quiet
from server_stub.quiet.models import SILENT

_CHECK = "server.heartbeat"
_ADVICE = (
    "Is the computer on, and does it reach this server? If it is: is the agent's service running? "
    "If it was taken out of use, retire it on its page and close this ticket."
)
_NOTHING = Quiet()
_MOST_LINES = 14


class Silence(NamedTuple):
    """A device that is silent: since when, for how long that is allowed, and its last word."""

    device: Device
    alert_id: str
    since: datetime
    grace: timedelta
    priority: Priority
    last_word: str


def opened(one: Silence) -> AlertEvent:
    """Return the event that tells of a silence, with the device's last words."""
    is_server = one.device.kind == DeviceKind.SERVER
    minutes = one.grace // timedelta(minutes=1)
    title = f"No sign of life from {one.device.name} since {one.since:%Y-%m-%d %H:%M} UTC"
    return AlertEvent(
        id=uuid7(),
        alert_id=one.alert_id,
        sequence=1,
        change=Change.OPENED,
        fingerprint=SILENT,
        rule=SILENT,
        check=_CHECK,
        target=one.device.name,
        evaluation=Evaluation.CRITICAL if is_server else Evaluation.WARNING,
        priority=one.priority,
        title=title[:300],
        at="",
        opened_at=one.since.isoformat(),
        condition=f"nothing heard for {minutes} minutes",
        advice=_ADVICE,
        reason=_farewell(one.last_word),
        evidence=_last_words(one.device),
    )


def resolved(device: Device, alert_id: str, since: datetime) -> AlertEvent:
    """Return the event that tells of a return."""
    return AlertEvent(
        id=uuid7(),
        alert_id=alert_id,
        sequence=2,
        change=Change.RESOLVED,
        fingerprint=SILENT,
        rule=SILENT,
        check=_CHECK,
        target=device.name,
        evaluation=Evaluation.OK,
        priority=Priority.LOW,
        title=f"{device.name} is heard again"[:300],
        at="",
        opened_at=since.isoformat(),
    )


def tell(events: Sequence[tuple[str, AlertEvent]], now: datetime) -> dict[str, int]:
    """Store one event each of devices (by their ids); return the ticket of each that has one."""
    receipts = tell_all(events, now)
    told = zip(events, receipts, strict=True)
    return {device: receipt.ticket for (device, _), receipt in told if receipt.ticket}


def tell_all(events: Sequence[tuple[str, AlertEvent]], now: datetime) -> list[Receipt]:
    """Store events of devices within the caller's transaction; return their receipts in order.

    Maintenance was asked before.
    """
    if not events:
        return []
    known = known_devices({device for device, _ in events})
    requests = [
        Request(known[device], [Arrived(event, sha256(event.to_text().encode()).digest())])
        for device, event in events
    ]
    return [receipt for (receipt,) in store(requests, now, _NOTHING)]


def _farewell(last_word: str) -> str:
    if last_word == LastWord.STOPPED:
        return "Its agent was stopped there; the computer itself may be running."
    return "It announced neither sleep nor shutdown."


def _last_words(device: Device) -> tuple[Evidence, ...]:
    """Return what the last heartbeat told, as far as something was wrong."""
    heartbeat = _heartbeat(device)
    if heartbeat is None:
        return ()
    wrong = [
        f"{one.evaluation}: {one.rule}, {one.target}: {one.summary}"
        for one in heartbeat.checks
        if one.evaluation is not Evaluation.OK
    ]
    lines = wrong[:_MOST_LINES] or ["all its checks were well"]
    if heartbeat.waiting:
        lines.append(f"{heartbeat.waiting} messages waited to be sent")
    return (Evidence("Its last words", tuple(line[:200] for line in lines)),)


def _heartbeat(device: Device) -> Heartbeat | None:
    try:
        tree = device.heartbeat_tree
        return parse_heartbeat(tree) if tree else None
    except ProtocolError:  # kept by a version that knew other words
        return None
