"""Waits for another agent at the link, and costs nothing while nothing happens.

On Linux the kernel tells of changes in the folder of the agent's socket (inotify; by ctypes, as
Python has no call for it). Elsewhere, and while there is no such folder, the wait is cut short
every other second, for the caller to look at the link's mark.
"""

import ctypes
import os
import select
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

LOOK_S = 1.8
"""Often enough to show a restarted agent within two seconds; each look costs about 0.1 ms."""
_CREATED, _DELETED, _MOVED_FROM, _MOVED_TO = 0x100, 0x200, 0x40, 0x80
_FOLDER_MOVED, _FOLDER_ALONE = 0x800, 0x0100_0000
_LOST = _FOLDER_MOVED | 0x8000 | 0x4000 | 0x2000  # moved, not watched, overflow, unmounted
_WATCHED = _CREATED | _DELETED | _MOVED_FROM | _MOVED_TO | _FOLDER_MOVED | _FOLDER_ALONE
_EVENT = struct.Struct("iIII")  # inotify(7)


class LinkWatch:
    """Cuts a wait short every other second."""

    def __init__(self) -> None:
        """Begin unwoken."""
        self._woken = threading.Event()

    def wake(self) -> None:
        """End the wait now; from any thread."""
        self._woken.set()

    def wait(self, longest_s: float) -> bool:
        """Return when another agent may be there; True when ``wake`` was called."""
        woken = self._woken.wait(min(longest_s, LOOK_S))
        self._woken.clear()
        return woken


if sys.platform == "linux":

    class FolderWatch(LinkWatch):
        """Has the kernel tell of a folder's changes; one thread waits."""

        def __init__(self, folder: Path) -> None:
            """Take the folder of the agent's socket; raises OSError without such watches."""
            super().__init__()
            self._folder = os.fsencode(folder)
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._events: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            if self._events < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            self._wakes: int = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            self._poll: Any = select.poll()
            self._poll.register(self._events, select.POLLIN)
            self._poll.register(self._wakes, select.POLLIN)
            self._watching = False

        def wake(self) -> None:
            """End the wait now; from any thread."""
            super().wake()
            os.write(self._wakes, struct.pack("Q", 1))

        def wait(self, longest_s: float) -> bool:
            """Return when another agent may be there; True when ``wake`` was called."""
            if not self._watching:
                added = self._libc.inotify_add_watch(self._events, self._folder, _WATCHED)
                self._watching = added >= 0
                if self._watching:  # what happened before may have gone unseen
                    return self._ended()
                longest_s = min(longest_s, LOOK_S)
            self._poll.poll(longest_s * 1000)
            return self._ended()

        def close(self) -> None:
            """Watch no longer."""
            os.close(self._events)
            os.close(self._wakes)

        def _ended(self) -> bool:
            with suppress(BlockingIOError):
                os.read(self._wakes, 8)
            with suppress(BlockingIOError):
                told = os.read(self._events, 1 << 16)
                at = 0
                while at < len(told):
                    _watch, mask, _cookie, length = _EVENT.unpack_from(told, at)
                    self._watching = self._watching and not mask & _LOST
                    at += _EVENT.size + length
            woken = self._woken.is_set()
            self._woken.clear()
            return woken


def watch(address: Path) -> LinkWatch:
    """Return what waits for another agent at ``address`` on this system."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # a kernel or C library without it
            return FolderWatch(address.parent)
    return LinkWatch()
