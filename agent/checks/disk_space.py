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
)
from agent.host import volumes
from agent.host.room import Room, Volume, rooms

_WILD = frozenset("*?")


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the room of each volume; those that may hang come last."""
    try:
        real, every = volumes.read()
    except OSError as error:
        # Passing by itself, as a want of descriptors does: unknown, and asked again next time.
        raise CheckError(f"the list of volumes cannot be read: {error.strerror}") from error
    chosen = [volume for volume in real if targets.wants(volume.target)]
    if targets.include:
        chosen = [volume for volume in every if targets.named(volume.target)]
        yield from _absent(targets, chosen)
    for volume, room in rooms(chosen):
        if isinstance(room, CheckError):
            yield Unreadable(volume.target, room.reason)
        else:
            yield Measured(volume.target, _values(room))


def _absent(targets: TargetFilter, chosen: list[Volume]) -> Iterator[Unreadable]:
    """Yield the volumes that a rule names outright and this computer does not have."""
    if targets.absent_ignored:
        return
    there = {volume.target for volume in chosen}
    for name in targets.include:
        if name not in there and _WILD.isdisjoint(name) and targets.named(name):
            yield Unreadable(name, "no volume is mounted there")


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
    ),
    probe=probe,
    deadline_s=15.0,
)
