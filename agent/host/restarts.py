"""Linux: whether a restart is asked for, and whether the last one was meant."""

import os
import re
import struct
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from pathlib import Path
from typing import NamedTuple

from agent.host import procfs

ASKED = ("run/reboot-required", "run/reboot-needed")
"""Files by which Debian and Ubuntu, and SUSE, ask for a restart."""

_RELEASE = "/proc/sys/kernel/osrelease"
_MOST_RECORDS = 1024 * 1024  # bytes of wtmp that are read, from its end
_SAME_BOOT_S = 3600.0
_SIZES = (384, 400)
"""Bytes of a record of wtmp: most processors, and those with wider times (ARM)."""
_RUN_LEVEL, _BOOT, _LAST_KIND = 1, 2, 9


class Record(NamedTuple):
    """A start (``is_boot``) or an orderly end of the system in wtmp, and when."""

    is_boot: bool
    at_s: int


def records(wtmp: bytes) -> list[Record]:
    """Return the starts and orderly ends that a wtmp file tells; none when it is something else."""
    for size in _SIZES:
        pieces = [wtmp[at : at + size] for at in range(0, len(wtmp) - size + 1, size)]
        kinds = [struct.unpack_from("=h", piece)[0] for piece in pieces]
        if len(wtmp) % size == 0 and all(0 <= kind <= _LAST_KIND for kind in kinds):
            pairs = zip(kinds, pieces, strict=True)
            return [
                Record(kind == _BOOT, _time_of(piece))
                for kind, piece in pairs
                if kind == _BOOT or (kind == _RUN_LEVEL and piece[44:53] == b"shutdown\0")
            ]
    return []


def _time_of(record: bytes) -> int:
    layout, place = ("=i", 340) if len(record) == _SIZES[0] else ("=q", 344)
    return int(struct.unpack_from(layout, record, place)[0])


def was_meant(found: Iterable[Record], booted_s: float) -> bool | None:
    """Tell whether the system was shut down in order before this boot.

    ``booted_s`` is when it began (Unix seconds). A first start is meant. None where wtmp does not
    tell of this boot: newer systems no longer keep it, and an old one may lie around.
    """
    before = list(found)
    while before and not before[-1].is_boot:
        before.pop()
    if not before or abs(before[-1].at_s - booted_s) > _SAME_BOOT_S:
        return None
    return len(before) == 1 or not before[-2].is_boot


def count(
    memory: MutableMapping[str, str], boot_id: str, was_this_meant: Callable[[], bool | None]
) -> int | None:
    """Return how many restarts were not meant since the first look, by ``memory``.

    Each boot is judged once, as soon as ``was_this_meant`` can tell. None until it ever could.
    """
    if memory.get("judged") != boot_id:
        meant = was_this_meant()
        if meant is not None:
            news = not meant and "judged" in memory
            memory["unexpected"] = str(int(memory.get("unexpected", "0")) + news)
            memory["judged"] = boot_id
    return int(memory["unexpected"]) if "unexpected" in memory else None


def is_asked_for(root: Path, running: str, booted_s: float) -> bool | None:
    """Tell whether the system waits for a restart; None where it cannot tell.

    It does when its packages ask for one, or when a newer kernel of the running one's kind was
    installed since the boot. An older one that was chosen at the boot menu asks for nothing.
    """
    if any((root / path).exists() for path in ASKED):
        return True
    kernels = list(_kernels(root))
    return bool(_newer(kernels, running, booted_s)) if kernels else None


def asked_by(root: Path, running: str, booted_s: float) -> str:
    """Return which packages or kernels ask for the restart, in words; empty when none is named."""
    named = [line for path in ASKED for line in procfs.text(f"{root / path}.pkgs").splitlines()]
    newer = [f"kernel {one}" for one in _newer(_kernels(root), running, booted_s)]
    return ", ".join(sorted({*named, *newer}))


def _newer(kernels: Iterable[tuple[str, float]], running: str, booted_s: float) -> set[str]:
    mine = _version(running)
    return {
        release
        for release, installed_s in kernels
        if installed_s > booted_s and _kind(release) == _kind(running) and _version(release) > mine
    }


def _kernels(root: Path) -> Iterator[tuple[str, float]]:
    """Yield the releases of the kernels that are installed, and since when."""
    for path in (*root.glob("boot/vmlinuz-*"), *root.glob("lib/modules/*")):
        try:
            # A package keeps the time its files were built at; ctime is when they came here.
            yield path.name.removeprefix("vmlinuz-"), path.stat().st_ctime
        except OSError:
            continue


def _kind(release: str) -> str:
    return re.sub(r"\d+", "#", release)


def _version(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release)]


def read_meant(folder: str = "/var/log") -> bool | None:
    """Tell whether the last restart of this computer was meant; None where it is not told."""
    kept = b"".join(_tail(f"{folder}/{name}") for name in ("wtmp.1", "wtmp"))
    return was_meant(records(kept), procfs.boot_time())


def read_asked_for() -> bool | None:
    """Tell whether this computer waits for a restart; None where it cannot tell."""
    return is_asked_for(Path("/"), procfs.text(_RELEASE), procfs.boot_time())


def read_asked_by() -> str:
    """Return what asks for a restart of this computer; empty when nothing is named."""
    return asked_by(Path("/"), procfs.text(_RELEASE), procfs.boot_time())


def _tail(path: str) -> bytes:
    """Return the end of a file of records; nothing of one that cannot be read."""
    try:
        with Path(path).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            whole = _SIZES[0] * _SIZES[1]  # a multiple of either size
            file.seek(max(0, (size - _MOST_RECORDS) // whole * whole))
            return file.read(_MOST_RECORDS + whole)
    except OSError:
        return b""
