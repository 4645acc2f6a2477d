"""The outbox within agent.db: its SQL and its bounds. Everything here is part of a transaction.

Bounds: when it holds too much, envelopes go until it fits, the least important first, of these
the parked before the waiting, and of these the oldest. So none goes for a less important one, and
what is new goes last among its equals. What goes is counted.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from agent.store.envelope import Envelope, Importance, Parked
from agent.store.schema import UnsoundError, checksum

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 50_000
MAX_ENVELOPE_BYTES = 8 * 1024 * 1024

_INSERT = (
    "INSERT OR IGNORE INTO outbox (id, kind, importance, body, created_at, crc)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_WAITING = (
    "SELECT id, kind, importance, body, created_at, crc FROM outbox ORDER BY position LIMIT ?"
)
_PARKED = (
    "SELECT id, kind, importance, body, created_at, crc, problem, parked_at FROM parked"
    " ORDER BY position LIMIT ?"
)
_PARK = (
    "INSERT OR REPLACE INTO parked"
    " (id, kind, importance, body, created_at, crc, problem, parked_at)"
    " SELECT id, kind, importance, body, created_at, crc, ?, ? FROM outbox WHERE id = ?"
)
_REQUEUE = (
    "INSERT OR IGNORE INTO outbox (id, kind, importance, body, created_at, crc)"
    " SELECT id, kind, importance, body, created_at, crc FROM parked WHERE id = ?"
)
_TAKE = "DELETE FROM outbox WHERE id = ? RETURNING length(CAST(body AS BLOB))"
_TAKE_PARKED = "DELETE FROM parked WHERE id = ? RETURNING length(CAST(body AS BLOB))"
_FIRST_TO_GO = (
    "SELECT importance, position, length(CAST(body AS BLOB)) FROM outbox"
    " ORDER BY importance, position LIMIT 1"
)
_FIRST_PARKED_TO_GO = (
    "SELECT importance, position, length(CAST(body AS BLOB)) FROM parked"
    " ORDER BY importance, position LIMIT 1"
)
_MEASURE = "SELECT count(*), ifnull(sum(length(CAST(body AS BLOB))), 0) FROM outbox"
_MEASURE_PARKED = "SELECT count(*), ifnull(sum(length(CAST(body AS BLOB))), 0) FROM parked"


@dataclass(slots=True)
class Size:
    """What is held: rows of each table, and the bytes of all bodies."""

    waiting: int = 0
    parked: int = 0
    bytes: int = 0


class Outbox:
    """Adds, finds and takes envelopes; keeps its size in mind so that nothing is counted twice."""

    def __init__(self, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES) -> None:
        """Take the bounds."""
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self.size = Size()

    def measure(self, db: sqlite3.Connection) -> None:
        """Count what a newly opened file holds."""
        waiting = db.execute(_MEASURE).fetchone()
        parked = db.execute(_MEASURE_PARKED).fetchone()
        self.size = Size(waiting[0], parked[0], waiting[1] + parked[1])

    def add(self, db: sqlite3.Connection, envelope: Envelope) -> None:
        """Append an envelope; one whose id is there already is the same one."""
        rank = envelope.importance.rank
        texts = (envelope.id, envelope.kind, rank, envelope.body, envelope.created_at)
        if db.execute(_INSERT, (*texts, checksum(*texts))).rowcount == 1:
            self.size.waiting += 1
            self.size.bytes += len(envelope.body.encode())

    def take(self, db: sqlite3.Connection, identifier: str) -> None:
        """Delete a waiting envelope."""
        for (size,) in db.execute(_TAKE, (identifier,)).fetchall():
            self.size.waiting -= 1
            self.size.bytes -= size

    def take_parked(self, db: sqlite3.Connection, identifier: str) -> bool:
        """Delete a parked envelope; tell whether there was one."""
        rows = db.execute(_TAKE_PARKED, (identifier,)).fetchall()
        for (size,) in rows:
            self.size.parked -= 1
            self.size.bytes -= size
        return bool(rows)

    def park(self, db: sqlite3.Connection, identifier: str, problem: str, at: str) -> None:
        """Set a waiting envelope aside."""
        if db.execute(_PARK, (problem, at, identifier)).rowcount == 1:
            db.execute(_TAKE, (identifier,)).fetchall()
            self.size.waiting -= 1
            self.size.parked += 1

    def requeue(self, db: sqlite3.Connection, identifier: str) -> bool:
        """Let a parked envelope wait again, last in order; tell whether there was one."""
        if db.execute(_REQUEUE, (identifier,)).rowcount != 1:
            return False
        db.execute(_TAKE_PARKED, (identifier,)).fetchall()
        self.size.waiting += 1
        self.size.parked -= 1
        return True

    def trim(self, db: sqlite3.Connection) -> dict[str, int]:
        """Bring it within its bounds; return the counts of what had to go."""
        gone: dict[str, int] = {}
        while self._is_over():
            waiting = db.execute(_FIRST_TO_GO).fetchone()
            parked = db.execute(_FIRST_PARKED_TO_GO).fetchone()
            if parked and (not waiting or parked[0] <= waiting[0]):
                rank, position, size = parked
                db.execute("DELETE FROM parked WHERE position = ?", (position,))
                self.size.parked -= 1
            else:
                rank, position, size = waiting
                db.execute("DELETE FROM outbox WHERE position = ?", (position,))
                self.size.waiting -= 1
            self.size.bytes -= size
            name = dropped(Importance.of_rank(rank))
            gone[name] = gone.get(name, 0) + 1
        return gone

    def waiting(self, db: sqlite3.Connection, limit: int) -> Iterator[Envelope]:
        """Yield waiting envelopes in order; raises UnsoundError at a damaged one."""
        for row in db.execute(_WAITING, (limit,)):
            yield _envelope(*row)

    def parked(self, db: sqlite3.Connection, limit: int) -> Iterator[Parked]:
        """Yield parked envelopes in order; raises UnsoundError at a damaged one."""
        for *row, problem, parked_at in db.execute(_PARKED, (limit,)):
            yield Parked(_envelope(*row), problem, parked_at)

    def _is_over(self) -> bool:
        rows = self.size.waiting + self.size.parked
        return rows > self._max_rows or (rows > 0 and self.size.bytes > self._max_bytes)


def dropped(importance: Importance) -> str:
    """Return the counter's name for envelopes that were given up for lack of room."""
    return f"dropped_{importance}"


def _envelope(  # noqa: PLR0917 - the row's columns
    identifier: str, kind: str, importance: int, body: str, created_at: str, crc: int
) -> Envelope:
    if checksum(identifier, kind, importance, body, created_at) != crc:
        raise UnsoundError("a message's checksum does not fit")
    return Envelope(identifier, kind, Importance.of_rank(importance), body, created_at)
