"""The system details that travel with a ticket.

Facts say what a computer is, not how it is just now: they are sent only when they change. So
what moves by the hour is left out or made coarse (free room in steps of ten percent, the
start to the minute), and the hash of facts tells whether anything did.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from agent.errors import CheckError
from agent.host import computer, memory, operating_system, volumes
from agent.host.room import rooms
from agent.protocol.strict import text_of
from agent.protocol.words import DeviceKind

log = logging.getLogger(__name__)

_MOST = 64  # volumes or interfaces; a container host may have thousands
_STEP_PERCENT = 10


def collect(known: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Return the facts, version 1, without secrets; a part that cannot be read is absent.

    Parts that are ``known`` are not read again.

    - ``computer``: name, kind (guessed), maker, model; ``serial`` apart (on Linux for root)
    - ``os``: name, version, build, arch; ``user`` signed in at the computer; ``boot_at``
    - ``volumes``: of each target, type, total_bytes, free_percent (in steps of ten)
    - ``memory``: total_bytes, swap_bytes
    - ``network``: of each interface name, mac, addresses, gateways, dns
    """
    from agent.redact import redact_tree  # noqa: PLC0415 - the same

    facts: dict[str, Any] = {}
    for name, part in PARTS.items():
        try:
            value = known[name] if known and name in known else part()
        except Exception:
            log.debug("fact=%s cannot be read", name, exc_info=True)
            continue
        if value:
            facts[name] = value
    told: dict[str, Any] = redact_tree(facts)
    return told


def facts_hash(facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the facts' one JSON text, in hex."""
    import hashlib  # noqa: PLC0415 - 0.6 MB that the resident agent need not carry

    return hashlib.sha256(text_of(facts).encode()).hexdigest()


def device_kind() -> DeviceKind:
    """Guess what this computer is used as; a server, when nothing tells."""
    try:
        return computer.kind()
    except OSError:
        return DeviceKind.SERVER


def known_kind(told: str | None) -> DeviceKind:
    """Return what this device is: as the server was told at its enrolment, else a guess."""
    return DeviceKind(told) if told in tuple(DeviceKind) else device_kind()


def _computer() -> dict[str, str]:
    this = computer.read()
    told = {
        "name": computer.name(),
        "kind": device_kind(),
        "maker": this.maker,
        "model": this.model,
    }
    return {name: value for name, value in told.items() if value}


def _serial() -> str:
    return computer.read().serial


def _os() -> dict[str, str]:
    return {name: value for name, value in operating_system.read()._asdict().items() if value}


def _boot_at() -> str:
    """Return the start to the minute: the clock it is reckoned from wanders by seconds."""
    minute = round(operating_system.boot_time() / 60) * 60
    return datetime.fromtimestamp(minute, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def volume_facts() -> list[dict[str, str | int]]:
    """Return the real volumes with their room; one that does not answer is left out."""
    real, _ = volumes.read()
    return sorted(
        (
            {
                "target": volume.target,
                "type": volume.kind,
                "total_bytes": room.total_bytes,
                "free_percent": int((100 - room.used_percent) // _STEP_PERCENT * _STEP_PERCENT),
            }
            for volume, room in rooms(real[:_MOST])
            if not isinstance(room, CheckError)
        ),
        key=lambda volume: str(volume["target"]),
    )


def _memory() -> dict[str, int]:
    state = memory.read()
    return {"total_bytes": state.total_bytes, "swap_bytes": state.swap_total_bytes}


def _network() -> list[dict[str, Any]]:
    from agent.host import network  # noqa: PLC0415 - for the child that tells all facts

    return [
        {name: list(v) if isinstance(v, tuple) else v for name, v in one._asdict().items() if v}
        for one in network.read()[:_MOST]
    ]


PARTS: Mapping[str, Callable[[], object]] = {
    "computer": _computer,
    "serial": _serial,
    "os": _os,
    "user": operating_system.user,
    "boot_at": _boot_at,
    "volumes": volume_facts,
    "memory": _memory,
    "network": _network,
}
"""Each member of the facts and what reads it."""
