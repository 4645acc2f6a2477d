"""Whether volumes take writes: seen by writing, for a failed file system still says ``rw``.

After an error ext4 refuses every write, yet the mount table, ``statvfs`` and ``access`` all
call it writable (measured on Linux 6.1 and 6.18); so does XFS after a shutdown.
"""

import errno
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from agent.errors import CheckDeniedError, CheckError
from agent.host import abandonable, procfs

WORDS = ("ok", "failed", "read_only", "full")
DEADLINE_S = 10.0
"""Time a volume has to write a few bytes down; a busy one may take seconds."""

_FAILURES = frozenset(
    getattr(errno, name, 0)
    for name in ("EIO", "EUCLEAN", "EBADMSG", "ENXIO", "ENODEV", "ESHUTDOWN", "EREMOTEIO")
)
"""What only a failing disk or file system says; any other error tells nothing of it."""
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_DENIED = frozenset({errno.EACCES, errno.EPERM})


class Place(NamedTuple):
    """A volume, and a folder on it to write in.

    ``target`` is its name as ``disk.space`` has it, ``device`` its ``major:minor``.
    ``read_only``: the file system was mounted so; ``closed``: this service alone sees it so.
    """

    target: str
    folder: str
    device: str = ""
    kind: str = ""
    read_only: bool = False
    closed: bool = False


class Outcome(NamedTuple):
    """One of ``WORDS`` or why it is not known; and the errors the file system has counted."""

    probe: str | CheckError
    errors: int | None


def outcomes(places: Iterable[Place]) -> Iterator[tuple[Place, Outcome]]:
    """Yield each place with what came of writing there, tried in an abandonable child."""
    every = list(places)
    answers = abandonable.ask("written", [place.folder for place in every], DEADLINE_S)
    for place, (_, answer) in zip(every, answers, strict=True):
        errors = counted_errors(place)
        known = answer if isinstance(answer, CheckError) else verdict(place, answer, errors)
        yield place, Outcome(known, errors)


def verdict(place: Place, answer: str, errors: int | None) -> str | CheckError:
    """Return what the child's answer (an error's number and text) says of a place.

    Older kernels make a file system with errors read-only in its mount table, too.
    """
    number, _, text = answer.partition(" ")
    code = int(number)
    if code == 0:
        return "ok"
    if code in _FULL:
        return "full"
    if code in _DENIED or (code == errno.EROFS and place.closed):
        return CheckDeniedError(f"this service may not write there: {text}")
    if code == errno.EROFS:
        return "read_only" if place.read_only and not errors else "failed"
    return "failed" if code in _FAILURES else CheckError(text)


def counted_errors(place: Place, sys_folder: str = "/sys") -> int | None:
    """Return the errors ext4 has counted since its last check (fsck); None elsewhere."""
    if not place.kind.startswith("ext"):
        return None
    try:
        name = Path(f"{sys_folder}/dev/block/{place.device}").readlink().name
    except OSError:
        return None
    count = procfs.text(f"{sys_folder}/fs/ext4/{name}/errors_count")
    return int(count) if count.isdecimal() else None
