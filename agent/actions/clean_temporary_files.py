"""Remove what nobody has used for long from the system's temporary folders.

Never a user's folders, the recycle bin or downloads: only the places that every system means for
files that may go. What is there may be anybody's, so nothing is followed: no link, nothing that is
mounted there, be it a folder of the same file system, and each file is removed in the folder that
was opened, whatever is put in its place meanwhile. On Windows, where that cannot be had, only files
directly in the folder go.

A wall clock that is wrong makes every file old. So nothing goes once it was set ahead while the
agent ran, and the time between the computer's start and its last sign of life before, which may
be years by such a clock, is no part of a file's age.
"""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from agent import clock
from agent.action_api import ActionError, Options, RefusedActionError
from agent.host import procfs
from agent.protocol.human import human
from agent.protocol.words import Unit
from agent.rules.units import seconds
from agent.settings import default_state_dir

OLDER_THAN = "10d"
LEAST_S = 86_400.0
MOST_ENTRIES = 500_000

_MOST_AHEAD_S = 3_600.0

if sys.platform == "win32":
    _WINDOWS = os.environ.get("SYSTEMROOT", r"C:\Windows")
    _FOLDERS: tuple[str, ...] = (rf"{_WINDOWS}\Temp",)
    _LIVED: tuple[str, ...] = (rf"{_WINDOWS}\Prefetch", rf"{_WINDOWS}\System32\winevt\Logs")
elif sys.platform == "darwin":
    _FOLDERS = ("/private/tmp", "/private/var/tmp")
    _LIVED = ("/private/var/log", "/private/var/db")
else:
    _FOLDERS = ("/tmp", "/var/tmp")  # noqa: S108 - what is there is removed, not trusted
    _LIVED = ("/var/log", "/var/lib/systemd")

_KEPT = (".X", ".ICE-unix", ".font-unix", ".Test-unix", "systemd-private-", "snap-private-tmp")
"""What the system itself keeps there while it runs."""


class _Removed(NamedTuple):
    files: int = 0
    size: int = 0


def plan(_target: str, options: Options) -> str:
    """Say how much would go."""
    found, ages = _Removed(), _known_ages(options)
    for folder in _FOLDERS:
        for one in _old(folder, ages):
            found = _Removed(found.files + 1, found.size + one.size)
    return f"would have removed {_words(found, options)}"


def act(_target: str, options: Options) -> str:
    """Remove it; raises ActionError when there is nothing that may go."""
    removed, ages = _Removed(), _known_ages(options)
    for folder in _FOLDERS:
        for one in _old(folder, ages):
            if one.remove():
                removed = _Removed(removed.files + 1, removed.size + one.size)
    if not removed.files:
        raise ActionError(
            f"there is no file of more than {_age(options)} in {_places()}{ages.note()}"
        )
    return f"removed {_words(removed, options)}"


class _Ages(NamedTuple):
    """How old files are. All in Unix seconds by the wall clock of now.

    ``started``: when the computer started; ``lived``: the last sign of life before that,
    0 without one.
    """

    now: float
    started: float
    lived: float
    least_s: float

    def may_go(self, found: os.stat_result) -> bool:
        """Tell whether it is a plain file that was neither read, written nor moved for so long."""
        return stat.S_ISREG(found.st_mode) and self.of(_latest(found)) > self.least_s

    def of(self, used_at: float) -> float:
        """Return the age in seconds without the time before the start of which nobody knows."""
        if used_at >= self.started:
            return self.now - used_at
        return self.now - self.started + max(0.0, self.lived - used_at)

    def note(self) -> str:
        """Return what is to be told when much time does not count."""
        if not self.lived:
            return "; nothing tells when this computer was on before its last start"
        silent_s = self.started - self.lived
        if silent_s < self.least_s:
            return ""
        return (
            f"; by its clock this computer was off for {human(silent_s, Unit.SECONDS)} before its"
            " last start, which counts for no file's age: the clock may be wrong"
        )


def _known_ages(options: Options) -> _Ages:
    """Return the ages that can be trusted; raises RefusedActionError when none can."""
    at, least_s = clock.now(), _age_s(options)
    ahead_s = clock.set_ahead_s(at)
    if ahead_s > _MOST_AHEAD_S:
        by = human(ahead_s, Unit.SECONDS)
        raise RefusedActionError(
            f"nothing was removed: the clock was set ahead by {by} while the agent ran, so nobody"
            " knows how old a file is; set the clock right or, when it is, restart the agent"
        )
    now = at.wall.timestamp()
    started = now - at.boot_s
    folders = (*_LIVED, str(default_state_dir()))
    signs = (one for folder in folders for one in _changes(folder) if one < started)
    return _Ages(now, started, max(signs, default=0.0), least_s)


def _changes(folder: str, depth: int = 2) -> Iterator[float]:
    """Yield when the files were changed that are in a folder of the system's, or one below."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            with suppress(OSError):
                yield entry.stat(follow_symlinks=False).st_mtime
                if depth > 1 and entry.is_dir(follow_symlinks=False):
                    yield from _changes(entry.path, depth - 1)


class _Old(NamedTuple):
    """A file that may go, in a folder that is open while it is looked at."""

    folder: int | str
    name: str
    size: int

    def remove(self) -> bool:
        """Remove it; tell whether it could be."""
        with suppress(OSError):
            if isinstance(self.folder, int):
                os.unlink(self.name, dir_fd=self.folder)
            else:
                os.unlink(os.path.join(self.folder, self.name))  # noqa: PTH108, PTH118 - a text
            return True
        return False


if sys.platform == "win32":

    def _old(folder: str, ages: _Ages) -> Iterator[_Old]:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            return
        for entry in entries[:MOST_ENTRIES]:
            with suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                if ages.may_go(found):
                    yield _Old(folder, entry.name, found.st_size)

else:

    def _old(folder: str, ages: _Ages) -> Iterator[_Old]:
        """Yield what may go, the deepest first; folders that it leaves empty are not touched."""
        seen = 0
        begun_on: tuple[int, bytes] | None = None
        for _, folders, files, opened in os.fwalk(folder, topdown=True, follow_symlinks=False):
            mount = _mount(opened)
            begun_on = begun_on or mount
            if mount != begun_on:
                folders.clear()
                continue
            folders[:] = [name for name in folders if not name.startswith(_KEPT)]
            for name in files:
                seen += 1
                if seen > MOST_ENTRIES:
                    return
                if name.startswith(_KEPT):
                    continue
                with suppress(OSError):
                    found = os.stat(name, dir_fd=opened, follow_symlinks=False)
                    if ages.may_go(found):
                        yield _Old(opened, name, found.st_blocks * 512)


def _mount(folder: int) -> tuple[int, bytes]:
    """Return what an open folder is mounted by: its device and, on Linux, the mount's own number.

    A folder of the same file system that is mounted elsewhere (``mount --bind``) has the same
    device. Asked of the open folder: a name could be another's by then. Raises ActionError.
    """
    device = os.fstat(folder).st_dev
    if sys.platform != "linux":
        return device, b""
    try:
        told = procfs.read(f"/proc/self/fdinfo/{folder}")
        return device, next(line for line in told.splitlines() if line.startswith(b"mnt_id:"))
    except (OSError, StopIteration) as error:
        raise ActionError("this system does not tell what is mounted where") from error


def _latest(found: os.stat_result) -> float:
    return max(found.st_mtime, found.st_ctime, found.st_atime)


def _age(options: Options) -> str:
    return options.get("older_than", OLDER_THAN)


def _age_s(options: Options) -> float:
    """Return the age in seconds, a day at least; raises ActionError for what is none."""
    try:
        return max(LEAST_S, seconds(_age(options)))
    except ValueError as error:
        raise ActionError(f"older_than: {error}") from error


def _words(removed: _Removed, options: Options) -> str:
    size = human(removed.size, Unit.BYTES)
    return f"{removed.files} files of more than {_age(options)} ({size}) from {_places()}"


def _places() -> str:
    return " and ".join(_FOLDERS)
