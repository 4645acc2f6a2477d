"""What can still be read of a damaged agent.db.

Every table is read in the order of its rowid. Where that fails, the next rowid from which it can be
read again is searched for in growing steps, then by halves. A row whose checksum does not fit is
left out. Without its first page (the
header and where the tables begin), or when it was cut short, SQLite reads nothing of a file: then
it is given the first page of a new one, which is the same but for the sizes, and read once more.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.store.envelope import Importance
from agent.store.schema import READ, checksum, connect

_LAST_ROWID = 2**62
_UNREADABLE = (sqlite3.Error, TypeError, ValueError)
"""What reading damage raises; ValueError: a message of SQLite's that is no UTF-8."""
_COUNTED = ("alert_states", "outbox", "parked")

Row = tuple[Any, ...]

_WRITE = {
    "alert_states": "INSERT OR IGNORE INTO alert_states (fingerprint, state, crc) VALUES (?, ?, ?)",
    "outbox": "INSERT OR IGNORE INTO outbox (id, kind, importance, body, created_at, crc)"
    " VALUES (?, ?, ?, ?, ?, ?)",
    "parked": "INSERT OR IGNORE INTO parked"
    " (id, kind, importance, body, created_at, crc, problem, parked_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "counters": "INSERT OR IGNORE INTO counters (name, value) VALUES (?, ?)",
    "texts": "INSERT OR IGNORE INTO texts (name, text, crc) VALUES (?, ?, ?)",
}


@dataclass(slots=True)
class Salvaged:
    """How many alert states and envelopes were found sound; whether nothing was unreadable."""

    count: int = 0
    complete: bool = True


def salvage(path: Path, into: sqlite3.Connection, first_page: bytes) -> Salvaged:
    """Copy what can be read of a file and its log into a new store, in the open transaction.

    ``first_page`` is that of a new, empty store; the damaged file may be given it. Raises
    sqlite3.Error when the new store cannot be written, never for the old one.
    """
    found = _copied(path, into)
    if not found.complete and _mended(path, first_page):
        again = _copied(path, into)
        found = Salvaged(found.count + again.count, complete=False)
    return found


def _copied(path: Path, into: sqlite3.Connection) -> Salvaged:
    found = Salvaged()
    try:
        damaged = connect(path)
    except (sqlite3.Error, OSError):
        return Salvaged(complete=False)
    try:
        for table, statement in READ.items():
            rows = _rows(damaged, table, statement, found)
            copied = into.executemany(_WRITE[table], rows).rowcount
            found.count += copied if table in _COUNTED else 0
    finally:
        _close(damaged)
    return found


def _mended(path: Path, first_page: bytes) -> bool:
    """Give a file the first page of a new one, with the size it has; tell whether it has any."""
    page_size = len(first_page)
    try:
        pages = path.stat().st_size // page_size
        logged = path.with_name(f"{path.name}-wal").exists()
        page = bytearray(first_page)
        page[18:20] = b"\2\2" if logged else b"\1\1"  # whether the log is to be read
        page[28:32] = pages.to_bytes(4, "big")
        page[32:40] = bytes(8)  # no free pages: they are only not used again
        page[92:96] = page[24:28]  # the size is valid for this change counter
        if pages:
            with path.open("r+b") as file:
                file.write(page)
    except OSError:
        return False
    return pages > 0


def _close(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # it may try to tidy the damaged file up
        connection.close()


def _rows(
    damaged: sqlite3.Connection, table: str, statement: str, found: Salvaged
) -> Iterator[Row]:
    """Yield the sound rows of a table, without their rowid."""
    first = 0
    while first <= _LAST_ROWID:
        try:
            for rowid, *row in damaged.execute(statement, (first, _LAST_ROWID)):
                first = max(first, rowid + 1)
                if _SOUND[table](*row):
                    yield tuple(row)
                else:
                    found.complete = False
        except _UNREADABLE:
            found.complete = False
            first = _next_readable(damaged, statement, first)
        else:
            return


def _next_readable(damaged: sqlite3.Connection, statement: str, unreadable: int) -> int:
    """Return the first rowid behind a damaged part, one beyond all when there is none."""
    step = 1
    while not _is_readable(damaged, statement, unreadable + step):
        step *= 2
        if unreadable + step > _LAST_ROWID:
            return _LAST_ROWID + 1
    low, high = unreadable + step // 2, unreadable + step
    while high - low > 1:
        middle = (low + high) // 2
        if _is_readable(damaged, statement, middle):
            high = middle
        else:
            low = middle
    return high


def _is_readable(damaged: sqlite3.Connection, statement: str, first: int) -> bool:
    try:
        damaged.execute(statement, (first, _LAST_ROWID)).fetchone()
    except _UNREADABLE:
        return False
    return True


def _sound_text(name: object, text: object, crc: object) -> bool:
    return isinstance(name, str) and isinstance(text, str) and checksum(name, text) == crc


def _sound_envelope(  # noqa: PLR0917 - the row's columns
    identifier: object,
    kind: object,
    importance: object,
    body: object,
    created_at: object,
    crc: object,
    *_parked: object,
) -> bool:
    return (
        isinstance(importance, int)
        and importance in range(len(Importance))
        and all(isinstance(text, str) for text in (identifier, kind, body, created_at))
        and checksum(identifier, kind, importance, body, created_at) == crc
    )


def _sound_counter(name: object, value: object) -> bool:
    return isinstance(name, str) and isinstance(value, int) and value >= 0


_SOUND: dict[str, Callable[..., bool]] = {
    "alert_states": _sound_text,
    "texts": _sound_text,
    "outbox": _sound_envelope,
    "parked": _sound_envelope,
    "counters": _sound_counter,
}
