"""How much room the volumes of this computer have, asked in the way that cannot hang us."""

import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from agent.errors import CheckError
from agent.host import abandonable, probe_child

DEADLINE_S = 3.0
"""Time a volume has to answer; a plain one answers in a microsecond."""

_SLOW_S = 0.5
_LONGEST_TARGET = 200

_overran: set[str] = set()


class Volume(NamedTuple):
    """A place that files are kept on.

    ``target`` is its name in rules and tickets (``/home``, ``C:``), ``path`` where it is,
    ``kind`` its file system's type. ``plain``: asking for its room cannot block. ``pooled``
    are the paths of file systems in the same pool: what they use, this one cannot have.
    """

    target: str
    path: str
    kind: str
    plain: bool
    pooled: tuple[str, ...] = ()


class Room(NamedTuple):
    """Bytes of one volume: all, used, and free for a user without privileges; and inodes.

    ``inodes`` is 0 where there is no fixed number of them.
    """

    total_bytes: int
    used_bytes: int
    free_bytes: int
    inodes: int = 0
    free_inodes: int = 0

    @property
    def used_percent(self) -> float:
        """What is used of all that users can have, as ``df`` reckons it."""
        return 100.0 * self.used_bytes / ((self.used_bytes + self.free_bytes) or 1)


def target_of(path: str) -> str:
    """Return a path as it can be stored and shown: any bytes may stand in a folder's name."""
    shown = path.encode(errors="surrogateescape").decode(errors="replace")
    return shown if len(shown) <= _LONGEST_TARGET else f"…{shown[1 - _LONGEST_TARGET :]}"


def rooms(volumes: Iterable[Volume]) -> Iterator[tuple[Volume, Room | CheckError]]:
    """Yield each volume with its room or the reason why it is not known.

    Plain volumes come first, asked directly; a volume that may block, or that once took long,
    is asked in an abandonable child.
    """
    risky = []
    for volume in volumes:
        if volume.plain and volume.path not in _overran:
            yield volume, _directly(volume.path)
        else:
            risky.append(volume)
    paths = [path for volume in risky for path in (volume.path, *volume.pooled)]
    answers = abandonable.ask("room", paths, DEADLINE_S)
    for volume in risky:
        room, *pooled = (_room(next(answers)[1]) for _ in (volume.path, *volume.pooled))
        yield volume, _within(room, pooled)


def _directly(path: str) -> Room | CheckError:
    asked = time.monotonic()
    try:
        room = _room(probe_child.room(path))
    except OSError as error:
        return CheckError(error.strerror or str(error))
    if time.monotonic() - asked > _SLOW_S:
        _overran.add(path)
    return room


def _room(answer: str | CheckError) -> Room | CheckError:
    if isinstance(answer, CheckError):
        return answer
    room = Room(*map(int, answer.split()))
    return room if room.total_bytes else CheckError("it has no size: not a place for files")


def _within(room: Room | CheckError, pooled: Iterable[Room | CheckError]) -> Room | CheckError:
    """Return the room of a whole pool: what all its file systems use, and what is left."""
    if isinstance(room, CheckError):
        return room
    others = sum(other.used_bytes for other in pooled if isinstance(other, Room))
    return room._replace(total_bytes=room.total_bytes + others, used_bytes=room.used_bytes + others)
