"""Remove what nobody has used for long from the system's temporary folders.

Never a user's folders, the recycle bin or downloads: only the places that every system means for
files that may go. What is there may be anybody's, so nothing is followed: no link, no other
file system, and each file is removed in the folder that was opened, whatever is put in its place
meanwhile. On Windows, where that cannot be had, only files directly in the folder go.
"""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from agent import clock
from agent.action_api import ActionError, Options
from agent.protocol.human import human
from agent.protocol.words import Unit
from agent.rules.units import seconds

OLDER_THAN = "10d"
LEAST_S = 86_400.0
MOST_ENTRIES = 500_000

if sys.platform == "win32":
    _FOLDERS: tuple[str, ...] = (os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "Temp"),)  # noqa: PTH118 - a text
elif sys.platform == "darwin":
    _FOLDERS = ("/private/tmp", "/private/var/tmp")
else:
    _FOLDERS = ("/tmp", "/var/tmp")  # noqa: S108 - what is there is removed, not trusted

_KEPT = (".X", ".ICE-unix", ".font-unix", ".Test-unix", "systemd-private-", "snap-private-tmp")
"""What the system itself keeps there while it runs."""


class _Removed(NamedTuple):
    files: int = 0
    size: int = 0


def plan(_target: str, options: Options) -> str:
    """Say how much would go."""
    found = _Removed()
    for folder in _FOLDERS:
        for one in _old(folder, _age_s(options)):
            found = _Removed(found.files + 1, found.size + one.size)
    return f"would have removed {_words(found, options)}"


def act(_target: str, options: Options) -> str:
    """Remove it; raises ActionError when there is nothing that may go."""
    removed = _Removed()
    for folder in _FOLDERS:
        for one in _old(folder, _age_s(options)):
            if one.remove():
                removed = _Removed(removed.files + 1, removed.size + one.size)
    if not removed.files:
        raise ActionError(f"there is no file of more than {_age(options)} in {_places()}")
    return f"removed {_words(removed, options)}"


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

    def _old(folder: str, age_s: float) -> Iterator[_Old]:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            return
        for entry in entries[:MOST_ENTRIES]:
            with suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                if _may_go(found, age_s):
                    yield _Old(folder, entry.name, found.st_size)

else:

    def _old(folder: str, age_s: float) -> Iterator[_Old]:
        """Yield what may go, the deepest first; folders that it leaves empty are not touched."""
        seen = 0
        device: int | None = None
        for _, folders, files, opened in os.fwalk(folder, topdown=True, follow_symlinks=False):
            here = os.fstat(opened)
            device = here.st_dev if device is None else device
            if here.st_dev != device:
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
                    if _may_go(found, age_s):
                        yield _Old(opened, name, found.st_blocks * 512)


def _may_go(found: os.stat_result, age_s: float) -> bool:
    """Tell whether it is a plain file that was neither read, written nor moved for so long."""
    age = clock.now().wall.timestamp() - _latest(found)
    return stat.S_ISREG(found.st_mode) and age > age_s


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
