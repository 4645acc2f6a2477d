"""history.db: samples of what was measured, for weeks.

It can be lost: nothing is reported from it that was not stored in agent.db, too. So it is a file
of its own, open only while it is read or written, without the care that agent.db takes; a damaged
one is begun anew. What cannot be written waits, and the oldest of it is given up.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from agent import clock
from agent.clock import Now
from agent.store import schema
from agent.store.file import reason_of

log = logging.getLogger(__name__)

_T = TypeVar("_T")

NAME = "history.db"
MOST_SAMPLES = 200_000
"""About 6 MB; those measured first go first."""
MOST_WAITING = 2_000

_CREATE = (
    """CREATE TABLE IF NOT EXISTS series (
    id         INTEGER PRIMARY KEY,
    check_name TEXT NOT NULL,
    target     TEXT NOT NULL,
    metric     TEXT NOT NULL,
    UNIQUE (check_name, target, metric))""",
    # In the order in which they were measured: at_s is what the computer's clock said.
    """CREATE TABLE IF NOT EXISTS samples (
    id     INTEGER PRIMARY KEY,
    series INTEGER NOT NULL,
    at_s   REAL NOT NULL,
    value  REAL NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS samples_by_series ON samples (series)",
)
_ADD_SERIES = "INSERT OR IGNORE INTO series (check_name, target, metric) VALUES (?, ?, ?)"
_ADD_SAMPLE = """
INSERT INTO samples (series, at_s, value) SELECT id, ?, ? FROM series
WHERE check_name = ? AND target = ? AND metric = ?
"""
_PRUNE = "DELETE FROM samples WHERE id <= (SELECT max(id) FROM samples) - ?"
_SERIES = "SELECT check_name, target, metric FROM series ORDER BY id"
_SAMPLES = """
SELECT at_s, value FROM samples WHERE series =
(SELECT id FROM series WHERE check_name = ? AND target = ? AND metric = ?) ORDER BY id
"""
_CONNECTION = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -128",
    "PRAGMA trusted_schema = OFF",
)


class SeriesKey(NamedTuple):
    """What is measured: a check, its target, one metric."""

    check: str
    target: str
    metric: str


Row = tuple[SeriesKey, float, float]
"""What, when (Unix seconds), how much."""


class HistoryFile:
    """The samples of one device."""

    def __init__(
        self,
        state_dir: Path,
        most: int = MOST_SAMPLES,
        read_clock: Callable[[], Now] = clock.now,
    ) -> None:
        """Remember the place; nothing is opened yet."""
        self._path = state_dir / NAME
        self._most = most
        self._clock = read_clock
        self._failed: tuple[str, str] | None = None
        self._waiting: list[Row] = []
        self._trusted = False

    @property
    def trouble(self) -> str:
        """What keeps the file from being used: why, since when, what is kept, what to do."""
        if self._failed is None:
            return ""
        reason, since_at = self._failed
        return (
            f"The agent's history cannot be used since {since_at}: {reason}. Checks and alerts go "
            f"on, {len(self._waiting)} samples are kept in memory. See to the disk with the state "
            "folder; the agent goes on by itself."
        )

    def append(self, rows: Sequence[Row]) -> bool:
        """Write the samples, and those that could not be written before; tell whether it did."""
        self._waiting = [*self._waiting, *rows][-MOST_WAITING:]
        if not self._use(self._write):
            return False
        self._waiting = []
        return True

    def samples(self, key: SeriesKey, since_s: float) -> list[tuple[float, float]]:
        """Return times and values of a series in the order in which they were measured.

        Of those before ``since_s`` only the last one is told.
        """
        found = self._use(lambda db: [row for row in db.execute(_SAMPLES, key) if _is_sound(row)])
        told = [
            *(found or []),
            *((at_s, value) for one, at_s, value in self._waiting if one == key),
        ]
        before = [n for n, (at_s, _) in enumerate(told) if at_s < since_s]
        return told[before[-1] :] if before else told

    def series(self) -> list[SeriesKey]:
        """Return all that was ever measured."""
        return self._use(lambda db: [SeriesKey(*row) for row in db.execute(_SERIES)]) or []

    def _write(self, db: sqlite3.Connection) -> bool:
        db.execute("BEGIN IMMEDIATE")
        for key, at_s, value in self._waiting:
            db.execute(_ADD_SERIES, key)
            db.execute(_ADD_SAMPLE, (at_s, value, *key))
        db.execute(_PRUNE, (self._most,))
        db.execute("COMMIT")
        return True

    def _use(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Open the file for ``work``; None for what the disk does to it, logged, never raised."""
        try:
            with closing(schema.connect(self._path)) as db:
                for statement in (*_CONNECTION, *_CREATE):
                    db.execute(statement)
                if not self._trusted:
                    _examine(db)
                    self._trusted = True
                done = work(db)
        except (OSError, sqlite3.OperationalError) as error:  # full, locked, gone: by and by
            if self._failed is None:
                self._failed = (reason_of(error), self._clock().label())
                log.warning("%s cannot be used: %s (%s)", NAME, self._failed[0], error)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # also of a damaged message
            log.warning("%s is damaged (%s) and begun anew", NAME, error)
            self._trusted = False
            with suppress(OSError):
                self._path.unlink()
        else:
            self._failed = None
            return done
        return None


def _examine(db: sqlite3.Connection) -> None:
    """Raise DatabaseError for a damaged file: a flipped bit in an index hides samples silently.

    Once in the life of an agent: it takes 0.2 s for the largest file.
    """
    verdict = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _is_sound(row: tuple[object, ...]) -> bool:
    """Tell whether a row holds two numbers; a damaged one may hold anything."""
    return all(isinstance(one, float) and abs(one) != float("inf") for one in row)
