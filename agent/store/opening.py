"""The ladder: open → check → salvage into a new file → set the damaged one aside → afresh.

What the file holds never keeps the agent from starting. The new file is complete before the
damaged one is moved, so a kill at any point leaves either of them to go on from.
"""

import os
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path

from agent.store import schema
from agent.store.salvage import Salvaged, salvage
from agent.store.schema import UnsoundError

SALVAGED_NAME = "agent.db.salvaged"
MOST_ASIDE = 3
"""Damaged files kept for a person to look at; older ones are deleted."""

_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_ERROR,  # a table or column is missing
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_SCHEMA,
    }
)
"""Causes that lie in the file; all others (no room, no right, in use) pass by themselves."""
_UNREADABLE = frozenset(
    {
        sqlite3.SQLITE_IOERR_READ,
        sqlite3.SQLITE_IOERR_SHORT_READ,
        sqlite3.SQLITE_IOERR_CORRUPTFS,
    }
)
"""A part of the disk that cannot be read; what cannot be written now may be another time."""

_COUNT_DAMAGE = (
    "INSERT INTO counters (name, value) VALUES ('store_damaged', 1)"
    " ON CONFLICT (name) DO UPDATE SET value = value + 1"
)


@dataclass(frozen=True, slots=True)
class Damage:
    """A damaged file was found: ``recovered`` states and envelopes of it live on.

    ``complete``: nothing in it was unreadable. ``aside`` is where it is kept.
    """

    reason: str
    recovered: int
    complete: bool
    aside: Path

    def sentence(self) -> str:
        """Return what happened, what is kept, what to do."""
        lost = "nothing was lost" if self.complete else "what could not be read is lost"
        return (
            f"The agent's store was damaged ({self.reason}). {self.recovered} alert states and "
            f"messages were recovered, {lost}. The damaged file is kept as {self.aside}; check "
            "this computer's disk."
        )


def open_store(
    folder: Path, stamp: str, *, distrust: str = ""
) -> tuple[sqlite3.Connection, Damage | None]:
    """Return a sound agent.db of the folder, and what was damaged if it was.

    ``stamp`` names a file that is set aside; ``distrust`` says in what way the file turned out
    to be damaged although it looks sound. Raises StateError for a newer agent's file;
    sqlite3.Error or OSError when the disk does not let us have any file for now.
    """
    path = folder / schema.NAME
    _finish_interrupted(folder, stamp)
    if _has_only_a_log(path):
        return _replaced(folder, "the file is gone, its log is not", stamp)
    if distrust:
        return _replaced(folder, distrust, stamp)
    try:
        return _opened(path), None
    except (UnsoundError, UnicodeDecodeError) as error:  # a message may be damaged too
        return _replaced(folder, str(error), stamp)
    except sqlite3.Error as error:
        if not _is_damage(getattr(error, "sqlite_errorcode", 0)):
            raise
        return _replaced(folder, str(error), stamp)


def _is_damage(code: int) -> bool:
    return code in _UNREADABLE or code & 0xFF in _DAMAGE


def _opened(path: Path) -> sqlite3.Connection:
    connection = schema.connect(path)
    try:
        schema.prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _has_only_a_log(path: Path) -> bool:
    size = path.stat().st_size if path.exists() else 0
    log = _log(path)
    return size == 0 and log.exists() and log.stat().st_size > 0


def _replaced(folder: Path, reason: str, stamp: str) -> tuple[sqlite3.Connection, Damage]:
    path = folder / schema.NAME
    fresh = folder / SALVAGED_NAME
    found = _salvaged(path, fresh)
    aside = _set_aside(path, stamp)
    fresh.rename(path)
    _sync_folder(folder)
    _delete_oldest(folder)
    damage = Damage(" ".join(reason.split())[:200], found.count, found.complete, aside)
    return _opened(path), damage


def _salvaged(path: Path, fresh: Path) -> Salvaged:
    """Write what can be salvaged to a new file, all of it durable on return."""
    fresh.unlink(missing_ok=True)
    connection = schema.connect(fresh)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        schema.create(connection)
        with fresh.open("rb") as file:
            first_page = file.read(schema.PAGE_SIZE)
        connection.execute("BEGIN IMMEDIATE")
        only_a_log = _has_only_a_log(path)  # which SQLite would delete at a look
        found = Salvaged(complete=False) if only_a_log else salvage(path, connection, first_page)
        connection.execute(_COUNT_DAMAGE)
        connection.execute("COMMIT")
    finally:
        connection.close()
    return found


def _finish_interrupted(folder: Path, stamp: str) -> None:
    """Go on where a kill stopped ``_replaced``."""
    path, fresh = folder / schema.NAME, folder / SALVAGED_NAME
    if not fresh.exists():
        return
    if path.exists():  # perhaps half written: it is made again if the file is still damaged
        fresh.unlink()
        return
    _set_aside(path, stamp)  # its log, which must not meet another file
    fresh.rename(path)
    _sync_folder(folder)


def _set_aside(path: Path, stamp: str) -> Path:
    """Rename the file and its log; return the file's new name."""
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    turn = 1
    while aside.exists() or _log(aside).exists():
        turn += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{turn}")
    if path.exists():
        path.rename(aside)
    if _log(path).exists():
        _log(path).rename(_log(aside))
    return aside


def _delete_oldest(folder: Path) -> None:
    names = {f.name.removesuffix("-wal") for f in folder.glob(f"{schema.NAME}.damaged-*")}
    for name in sorted(names)[:-MOST_ASIDE]:
        for old in (folder / name, _log(folder / name)):
            old.unlink(missing_ok=True)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _sync_folder(folder: Path) -> None:
    """Make renames durable; Windows does so by itself and opens no folders."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
