"""Which volumes should take writes, and a folder on each to try it in."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence

from agent.host import mounts, procfs, volumes
from agent.host.mounts import Mount
from agent.host.room import Volume, target_of
from agent.host.writing import Place

_OPTIONS = 3  # of an fstab entry, counted from 0
_FOR_STARTING = ("/boot", "/efi")
"""Written by updates alone; a FAT there is not to be risked by a look every few minutes."""
_MACOS_DATA = "/private/var/tmp"
"""macOS seals its root; what users write lies on another volume, of which this is a folder."""


class MountedPlaces:
    """Linux: the places of this computer; remembers which were seen writable."""

    def __init__(self, table: str = "/proc/self/mountinfo", fstab: str = "/etc/fstab") -> None:
        """Take where it is told what is mounted and what should be."""
        self._table = table
        self._fstab = fstab
        self._seen: frozenset[str] = frozenset()

    def read(self) -> tuple[list[Place], list[Place]]:
        """Return those that should be writable, and all that can be named; raises OSError."""
        table = mounts.parse(procfs.read(self._table))
        should_be = writable_by_fstab(procfs.text(self._fstab)) | self._seen
        expected = choose(table, should_be, mounts.is_removable, os.path.isdir)
        self._seen |= {place.target for place in expected}
        named = {volume.path for volume in mounts.mounted(table)}
        return expected, [_place(mount, mount) for mount in table if mount.path in named]


def choose(
    table: Iterable[Mount],
    should_be: Iterable[str],
    removable: Callable[[str], bool],
    is_folder: Callable[[str], bool],
) -> list[Place]:
    """Return the real local volumes that are to be writable, each with where to write.

    A read-only one is among them if ``should_be`` has a mount point of it. The folder is the
    first through which this service may write (in a sandbox not every one is); a volume
    without any is left out, and so is what the computer starts from.
    """
    expected = frozenset(should_be)
    places = []
    for group in mounts.groups(table, removable, is_folder):
        first = group[0]
        if first.path.startswith(_FOR_STARTING):
            continue
        opened = next((mount for mount in group if not mount.closed), None)
        if not first.read_only:
            places += [_place(first, opened)] if opened else []
        elif expected.intersection(mount.path for mount in group):
            places.append(_place(first, first)._replace(closed=False))
    return sorted(places)


def writable_by_fstab(text: str) -> frozenset[str]:
    """Return the mount points that ``/etc/fstab`` wants and does not want read-only."""
    entries = [line.split() for line in text.splitlines() if not line.lstrip().startswith("#")]
    return frozenset(
        mounts.unescape(os.fsencode(entry[1]))
        for entry in entries
        if len(entry) > _OPTIONS and "ro" not in entry[_OPTIONS].split(",")
    )


def _place(volume: Mount, opened: Mount) -> Place:
    return Place(
        target=target_of(volume.path),
        folder=opened.path,
        device=volume.device,
        kind=volume.kind,
        read_only=volume.read_only,
        closed=opened.closed,
    )


def on_macos(
    found: tuple[Sequence[Volume], Sequence[Volume]],
    sealed: Callable[[str], bool],
) -> tuple[list[Place], list[Place]]:
    """Return the places of a macOS with these (real, all) volumes; a sealed one is an image."""
    real, every = (
        [
            Place(volume.target, _MACOS_DATA if volume.path == "/" else volume.path)
            for volume in some
        ]
        for some in found
    )
    return [place for place in real if not sealed(place.folder)], every


def _is_sealed(path: str) -> bool:
    if sys.platform == "win32":
        return False
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


class DrivePlaces:
    """macOS: the places of this computer."""

    def read(self) -> tuple[list[Place], list[Place]]:
        """Return those that should be writable, and all that can be named; raises OSError."""
        return on_macos(volumes.read(), _is_sealed)


Places = MountedPlaces if sys.platform == "linux" else DrivePlaces
