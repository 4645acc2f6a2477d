"""The state folder: private to the agent's account, held by one process at a time."""

import errno
import os
import stat
import sys
from pathlib import Path

from agent.errors import StateError, StateLockedError

LOCK_NAME = "agent.lock"


def private_folder(path: Path) -> None:
    """Make the state folder, or see that it is ours alone (0700).

    Raises StateError when it cannot be made or belongs to someone else: whoever owns it could
    read and change what the agent keeps.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform == "win32":
            return
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise StateError(f"{path} is not a folder: name another one with --state")
        if found.st_uid != os.geteuid():
            raise StateError(
                f"{path} belongs to another account (uid {found.st_uid}): the agent keeps its "
                "identity there and needs a folder of its own"
            )
        if found.st_mode & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise StateError(f"the state folder {path} cannot be used: {error.strerror}") from error


class FolderLock:
    """Holds the state folder until ``release`` or the end of the process, however it ends.

    An operating-system lock, not a pid file: it cannot be stale. The pid in it is for the
    message only.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock; raises StateLockedError when another process has it, else StateError."""
        path = folder / LOCK_NAME
        try:
            self._descriptor = _opened(path)
        except OSError as error:
            raise StateError(f"{path} cannot be opened: {error.strerror}") from error
        try:
            _take(self._descriptor)
        except OSError as error:
            holder = _pid(self._descriptor)
            os.close(self._descriptor)
            if error.errno in _HELD:
                raise StateLockedError(folder, holder) from error
            raise StateError(f"{path} cannot be locked: {error.strerror}") from error
        self._write_pid()

    def release(self) -> None:
        """Let the folder go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write_pid(self) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, str(os.getpid()).encode())
        except OSError:  # a full or read-only disk: the lock holds all the same
            return


_HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def _opened(path: Path) -> int:
    try:
        return os.open(path, _FLAGS | os.O_CREAT, 0o600)
    except OSError:
        if not path.exists():
            raise
        return os.open(path, _FLAGS & ~os.O_RDWR)  # of a read-only file system


def _pid(descriptor: int) -> int | None:
    try:
        return int(os.read(descriptor, 20))
    except (OSError, ValueError):
        return None


if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 20  # locks are mandatory there: the pid before it stays readable

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
