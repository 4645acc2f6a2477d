r"""Windows: whether a restart is waited for, and how many nobody meant.

The keys are those that Windows' own servicing, its update service, its setup and its computer name
leave until the next boot. Files to be replaced count below ``\Windows`` alone: every browser that
updates itself leaves some of its own there all the time.
"""

import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from agent.host import event_log_windows

MARKS = (
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
)
"""Keys that are there, and no more than that, while a restart is waited for."""

_SESSION = r"SYSTEM\CurrentControlSet\Control\Session Manager"
_NAMES = r"SYSTEM\CurrentControlSet\Control\ComputerName"
_BEGINNING = datetime(1601, 1, 1, tzinfo=UTC)
_IN_WINDOWS = re.compile(r"[!*1]*(?:\\\?\?\\)?[A-Za-z]:\\Windows\\(?!Temp\\)", re.IGNORECASE)


class Pending(NamedTuple):
    """Whether a restart is waited for, and since when as far as that is told."""

    waits: bool
    since: datetime | None


def pending(
    marks: Mapping[str, datetime | None],
    renames: Sequence[str],
    names: tuple[str, str],
) -> Pending:
    """Return whether a restart is waited for.

    ``marks`` are those of ``MARKS`` that are there, with their times; ``renames`` the texts of
    ``PendingFileRenameOperations``, in pairs; ``names`` the computer's active and its next name.
    """
    active, following = (name.casefold() for name in names)
    renamed = bool(active and following and active != following)
    since = min((at for at in marks.values() if at), default=None)
    return Pending(bool(marks) or renamed or replaces(renames), since)


def replaces(renames: Sequence[str]) -> bool:
    r"""Tell whether a file of Windows is to be replaced (source, target, source, target…).

    A pair without a target is a file that is to be deleted: rubbish, no reason to restart.
    """
    pairs = zip(renames[::2], renames[1::2], strict=False)
    return any(target and _IN_WINDOWS.match(target) for _, target in pairs)


def instant(ticks: int) -> datetime | None:
    """Return a time of Windows (100 ns since 1601); None for what cannot be one."""
    try:
        found = _BEGINNING + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
    return found if found.year >= 2000 else None  # noqa: PLR2004 - before any Windows of ours


if sys.platform == "win32":
    import winreg

    def read() -> Pending:
        """Return whether a restart is waited for, from the registry."""
        marks = {}
        for path in MARKS:
            with _key(path) as key:
                if key is not None:
                    marks[path] = instant(winreg.QueryInfoKey(key)[2])
        with _key(_SESSION) as key:
            renames = _value(key, "PendingFileRenameOperations")
        named = []
        for which in ("ActiveComputerName", "ComputerName"):
            with _key(rf"{_NAMES}\{which}") as key:
                named.append(str(_value(key, "ComputerName") or ""))
        texts = [str(text) for text in renames] if isinstance(renames, list) else []
        return pending(marks, texts, (named[0], named[1]))

    @contextmanager
    def _key(path: str) -> Iterator[winreg.HKEYType | None]:
        """Open a key of the computer for the block; None when it is not there."""
        access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        try:
            key = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path, 0, access)
        except OSError:
            yield None
            return
        with key:
            yield key

    def _value(key: winreg.HKEYType | None, name: str) -> object:
        try:
            return winreg.QueryValueEx(key, name)[0] if key is not None else None
        except OSError:
            return None


def unexpected(memory: MutableMapping[str, str]) -> int:
    """Return how many restarts nobody meant there were since the first look, by ``memory``.

    Raises CheckError, UnsupportedCheckError where the event log cannot be read.
    """
    return event_log_windows.counts(memory)["unexpected-shutdown"]
