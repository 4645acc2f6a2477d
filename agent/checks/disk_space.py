"""Room on every real local volume, and on others that a rule names."""

from collections.abc import Iterator

from agent.check_api import (
    Check,
    CheckError,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UsedUpIn,
)
from agent.host.room import Room, rooms
from agent.targets import chosen_volumes, missing


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the room of each volume; those that may hang come last."""
    chosen = chosen_volumes(targets)
    for name in missing(targets, {volume.target for volume in chosen}):
        yield Unreadable(name, "no volume is mounted there")
    for volume, room in rooms(chosen):
        if isinstance(room, CheckError):
            yield Unreadable(volume.target, room.reason)
        else:
            yield Measured(volume.target, _values(room))


def _values(room: Room) -> dict[str, float | int | str]:
    used = room.used_percent
    return {
        "free_percent": 100.0 - used,
        "used_percent": used,
        "free_bytes": room.free_bytes,
        "total_bytes": room.total_bytes,
    }


CHECK = Check(
    name="disk.space",
    meaning="room on every local volume",
    metrics=(
        Metric("free_percent", Unit.SHARE, "share of the volume that users may still write"),
        Metric("used_percent", Unit.SHARE, "share of the volume that is used"),
        Metric("free_bytes", Unit.BYTES, "what users may still write"),
        Metric("total_bytes", Unit.BYTES, "size of the volume"),
        Metric(
            "full_in",
            Unit.SECONDS,
            "when it will be full at the pace of the last days; never, while there is no such pace",
            derived=UsedUpIn("free_bytes", "total_bytes"),
        ),
    ),
    probe=probe,
    deadline_s=15.0,
)
