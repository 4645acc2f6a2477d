"""What a device's last heartbeat tells: the state of its checks, and for how long it is silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.protocol.device import CheckState, Heartbeat, parse_heartbeat
from agent.protocol.strict import ProtocolError
from agent.protocol.words import Evaluation
from agent.protocol.words import LastWord as Announced
from server_stub.clients.models import Device
from server_stub.intake.models import LastWord
from server_stub.staff.times import from_label, span

SILENT = timedelta(minutes=15)
"""Heard nothing for three heartbeats at their usual five minutes: what is shown is old."""
_SAID: Mapping[str, str] = {
    Announced.SLEEP: "it was put to sleep",
    Announced.SHUTDOWN: "it was shut down",
    Announced.STOPPED: "its agent was stopped",
}
_WORST_FIRST = (Evaluation.CRITICAL, Evaluation.WARNING, Evaluation.UNKNOWN, Evaluation.OK)


@dataclass(frozen=True, slots=True)
class CheckLine:
    """How one rule judges one target, as the device's page shows it."""

    state: CheckState
    since: datetime | None


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What the last heartbeat told: checks, worst first, and what waits on the device."""

    checks: tuple[CheckLine, ...]
    counts: tuple[tuple[Evaluation, int], ...]
    waiting: int
    oldest: timedelta


@dataclass(frozen=True, slots=True)
class Farewell:
    """What a device announced before it went, and when it was heard again after that, if it was."""

    said: str
    at: datetime
    taken_back_at: datetime | None


def device_state(row: Device) -> DeviceState | None:
    """Return what the device's last heartbeat told; None when none has come."""
    heartbeat = _heartbeat(row)
    if heartbeat is None:
        return None
    checks = sorted(
        heartbeat.checks, key=lambda c: (_WORST_FIRST.index(c.evaluation), c.rule, c.target)
    )
    counts = [(word, sum(c.evaluation is word for c in checks)) for word in _WORST_FIRST]
    return DeviceState(
        checks=tuple(CheckLine(check, from_label(check.since)) for check in checks),
        counts=tuple((word, count) for word, count in counts if count),
        waiting=heartbeat.waiting,
        oldest=timedelta(seconds=min(max(heartbeat.oldest_s, 0), timedelta.max.days * 86_400)),
    )


def silence(row: Device, now: datetime) -> str:
    """Return for how long the device has been silent, in words; empty while it is heard."""
    quiet = now - row.last_seen_at
    return span(quiet) if quiet > SILENT else ""


def farewell(word: LastWord | None) -> Farewell | None:
    """Return what a device announced last, in words; None when it never did."""
    return Farewell(_SAID.get(word.word, word.word), word.at, word.taken_back_at) if word else None


def _heartbeat(row: Device) -> Heartbeat | None:
    tree = row.heartbeat_tree
    try:
        return parse_heartbeat(tree) if tree else None
    except ProtocolError:  # kept by a version that knew other words: as if none had come
        return None
