"""Inodes of every real local volume: one for each file, however small."""

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
from agent.host.room import Room, Volume, rooms
from agent.targets import chosen_volumes, missing

_MADE_AS_NEEDED = frozenset({"apfs", "btrfs", "zfs"})
"""Their number of inodes is reckoned from the free room, or is none at all: disk.space tells it."""


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the inodes of each volume that has a number of them."""
    chosen = chosen_volumes(targets)
    for name in missing(targets, {volume.target for volume in chosen}):
        yield Unreadable(name, "no volume is mounted there")
    for volume, room in rooms(chosen):
        if isinstance(room, CheckError):
            yield Unreadable(volume.target, room.reason)
        elif _are_told(volume, room):
            yield Measured(volume.target, values(room))
        elif volume.target in targets.include:
            yield Unreadable(volume.target, f"{volume.kind} has no fixed number of inodes")


def values(room: Room) -> dict[str, float | int | str]:
    """Return what is told of a volume with inodes."""
    free = 100.0 * room.free_inodes / room.inodes
    return {
        "free_percent": free,
        "used_percent": 100.0 - free,
        "free_count": room.free_inodes,
    }


def _are_told(volume: Volume, room: Room) -> bool:
    return volume.kind not in _MADE_AS_NEEDED and 0 <= room.free_inodes <= room.inodes > 0


CHECK = Check(
    name="disk.inodes",
    meaning="inodes of every local volume, one for each file",
    metrics=(
        Metric("free_percent", Unit.SHARE, "share of the inodes that are free"),
        Metric("used_percent", Unit.SHARE, "share of the inodes that are used"),
        Metric("free_count", Unit.COUNT, "how many more files can be made"),
    ),
    probe=probe,
    platforms=("linux", "darwin"),
    deadline_s=15.0,
)
