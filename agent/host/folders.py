"""Which folders of a volume hold the most: a bounded look, for people, not for judging.

The walk goes level by level, so that what it does not get to lies deep everywhere. Links and
other file systems are not followed; of files nothing is told but how much they are.
"""

import os
import stat
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_ENTRIES = 20_000
MOST_IN_ONE = 5_000
"""Entries that are looked at in one folder; the rest of it is left."""
MOST_S = 3.0
LEVELS = 3
MOST_TOLD = 10

_BLOCK = 512  # st_blocks counts these whatever the file system's own are
_REPARSE = getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0x400)
_MOSTLY = 0.9


class Folder(NamedTuple):
    """A folder, with all below it: its bytes, its entries, and whether there was more to see."""

    path: str
    bytes: int
    entries: int
    cut: bool


@dataclass(slots=True)
class _Found:
    path: str
    parent: "_Found | None"
    depth: int
    bytes: int = 0
    entries: int = 0
    cut: bool = False
    below: list["_Found"] = field(default_factory=list)

    def add(self, size: int, count: int, *, cut: bool = False) -> None:
        """Count something in this folder and all above it."""
        place: _Found | None = self
        while place is not None:
            place.bytes += size
            place.entries += count
            place.cut = place.cut or cut
            place = place.parent


def largest(volume: str, *, by_entries: bool = False) -> list[Folder]:
    """Return the folders of a volume, at most ``LEVELS`` down, that hold the most.

    ``by_entries``: the most files and folders instead of bytes. A folder most of which is in one
    below it is left out for that one. Raises OSError when the volume itself cannot be read.
    """
    root = _Found(volume, None, 0)
    _walk(root, os.stat(volume).st_dev)  # noqa: PTH116 - the rest is os.scandir's, too
    found = [one for one in _all(root) if one.depth and not _is_told_below(one, by_entries)]
    found.sort(key=lambda one: (-_size(one, by_entries), one.path))
    return [
        Folder(one.path, one.bytes, one.entries, one.cut)
        for one in found[:MOST_TOLD]
        if _size(one, by_entries)
    ]


def _walk(root: _Found, device: int) -> None:
    left, until_s = MOST_ENTRIES, time.monotonic() + MOST_S
    # A folder deeper than is told counts for the one above it that is.
    waiting = deque([(root.path, root)])
    while waiting:
        path, told = waiting.popleft()
        if left <= 0 or time.monotonic() > until_s:
            told.add(0, 0, cut=True)
            continue
        try:
            with os.scandir(path) as entries:
                for seen, entry in enumerate(entries, start=1):
                    if seen > MOST_IN_ONE or left <= 0:
                        told.add(0, 0, cut=True)
                        break
                    left -= 1
                    below = _look(entry, device, told)
                    if below is not None:
                        waiting.append((entry.path, below))
        except OSError:
            told.add(0, 0, cut=True)


def _look(entry: "os.DirEntry[str]", device: int, told: _Found) -> _Found | None:
    """Count one entry; return what counts for its content when it is a folder to go into."""
    try:
        status = entry.stat(follow_symlinks=False)
        is_folder = entry.is_dir(follow_symlinks=False)
    except OSError:
        return None
    if getattr(status, "st_file_attributes", 0) & _REPARSE:
        return None
    if is_folder and status.st_dev not in {device, 0}:  # Windows' scandir tells 0
        return None
    told.add(_bytes_of(status), 1)
    if not is_folder:
        return None
    if told.depth >= LEVELS:
        return told
    below = _Found(entry.path, told, told.depth + 1)
    told.below.append(below)
    return below


def _bytes_of(status: os.stat_result) -> int:
    """Return what it takes on the disk; a file with holes takes less than its size."""
    blocks: int | None = getattr(status, "st_blocks", None)
    return status.st_size if blocks is None else blocks * _BLOCK


def _all(folder: _Found) -> Iterator[_Found]:
    yield folder
    for one in folder.below:
        yield from _all(one)


def _size(folder: _Found, by_entries: bool) -> int:  # noqa: FBT001 - asked of every folder
    return folder.entries if by_entries else folder.bytes


def _is_told_below(folder: _Found, by_entries: bool) -> bool:  # noqa: FBT001 - the same
    most = max((_size(one, by_entries) for one in folder.below), default=0)
    return most > _MOSTLY * _size(folder, by_entries)
