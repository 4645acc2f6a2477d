"""Signs of life, written for many devices at once.

They are not durable when answered: the next one is minutes away and says the same again.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from agent.protocol.device import Heartbeat
from server_stub.intake import session, sql


class Seen(NamedTuple):
    """When a device was last heard of, and its latest heartbeat not yet written."""

    at: datetime
    heartbeat: Heartbeat | None


def write(seen: Mapping[str, Seen]) -> None:
    """Write what was heard of devices within the caller's transaction, in one order everywhere."""
    devices = sorted(seen.items())
    silent = [(one.at, device, one.at) for device, one in devices if one.heartbeat is None]
    beats = [
        (one.at, beat.to_text(), label(beat.boot_at), beat.agent_version, device, one.at)
        for device, one in devices
        if (beat := one.heartbeat)
    ]
    going_on = {
        device: one.at
        for device, one in devices
        if one.heartbeat and one.heartbeat.last_word is None
    }
    heard = sorted(going_on.values())
    taken = [(heard[-1], heard[0], json.dumps(sorted(going_on)))] if heard else []
    words = [
        (beat.last_word.value, one.at, device)
        for device, one in devices
        if (beat := one.heartbeat) and beat.last_word
    ]
    execute = session.statements()
    changes: list[sql.Change] = [
        (sql.UPDATE_SEEN, silent),
        (sql.UPDATE_HEARTBEATS, beats),
        (execute.TAKE_BACK_WORDS, taken),
        (sql.PUT_LAST_WORDS, words),
    ]
    execute.write(changes, {})


def label(text: str) -> datetime | None:
    """Return what a device's clock showed, None when it wrote no instant one can read."""
    try:
        instant = datetime.fromisoformat(text)
        return None if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
