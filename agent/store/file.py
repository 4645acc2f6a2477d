"""agent.db as a file on a disk that may be full, read-only, failing or damaged.

Nothing here raises for what the disk does but ``FailedError``; the next call tries again, and
opens the file anew where that is needed.
"""

import errno
import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from agent.clock import Now
from agent.errors import StateError
from agent.store.opening import Damage, open_store
from agent.store.schema import UnsoundError

T = TypeVar("T")

log = logging.getLogger(__name__)

RETRY_S = 10.0
"""A file that could not be opened is not tried more often than this."""

_FAILURES = (sqlite3.Error, OSError, MemoryError, UnsoundError, UnicodeDecodeError)
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk reports an input/output error",
    sqlite3.SQLITE_READONLY: "it may only be read",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_BUSY: "another program has it open",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is damaged",
}
_SYSTEMS_REASONS = {
    errno.ENOSPC: _REASONS[sqlite3.SQLITE_FULL],
    errno.EIO: _REASONS[sqlite3.SQLITE_IOERR],
    errno.EROFS: _REASONS[sqlite3.SQLITE_READONLY],
}
"""The same, where the operating system said it before SQLite could."""
_PASSING = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY})
"""After these the connection is as good as before."""
_UNSOUND = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""After these the file is to be salvaged, even if it looks sound when it is opened."""


class FailedError(Exception):
    """The file could not be changed; nothing of the change is in it."""


class StoreFile:
    """The connection to agent.db. Not for two threads at once.

    ``trouble`` is the reason and the time (RFC 3339) of the first failure since the last
    change that succeeded; ``failures`` counts such spells. ``damages`` are files set aside.
    """

    def __init__(
        self,
        folder: Path,
        read_clock: Callable[[], Now],
        opened: Callable[[sqlite3.Connection], None],
    ) -> None:
        """Open the file; ``opened`` is told of each connection and of each change undone.

        Raises StateError for a file of a newer agent.
        """
        self.trouble: tuple[str, str] | None = None
        self.failures = 0
        self.damages: list[Damage] = []
        self._folder = folder
        self._clock = read_clock
        self._opened = opened
        self._db: sqlite3.Connection | None = None
        self._distrust = ""
        self._retry_boot_s = 0.0
        self._open()

    def read(self, ask: Callable[[sqlite3.Connection], T]) -> T | None:
        """Return the answer to a question, None while there is no file to ask.

        When the file turns out to be damaged, what could be salvaged of it is asked.
        """
        for _ in range(2):
            db = self._connected()
            if db is None:
                break
            try:
                return ask(db)
            except _FAILURES as error:
                self._fail(error)
        return None

    def change(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Make a change in one transaction, durable on return. Raises FailedError."""
        db = self._connected()
        if db is None:
            raise FailedError
        try:
            db.execute("BEGIN IMMEDIATE")
            done = change(db)
            db.execute("COMMIT")
        except _FAILURES as error:
            self._undo(db)
            self._fail(error)
            raise FailedError from error
        except BaseException:
            self._undo(db)
            raise
        if self.trouble is not None:
            log.warning("the store works again; it did not since %s", self.trouble[1])
            self.trouble = None
        return done

    def close(self) -> None:
        """Let the file go."""
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _connected(self) -> sqlite3.Connection | None:
        if self._db is None and self._clock().boot_s >= self._retry_boot_s:
            try:
                self._open()
            except StateError as error:  # the file was exchanged under us
                self._fail(error)
        return self._db

    def _open(self) -> None:
        now = self._clock()
        try:
            stamp = f"{now.wall:%Y%m%dT%H%M%SZ}"
            self._db, damage = open_store(self._folder, stamp, distrust=self._distrust)
            self._opened(self._db)
        except _FAILURES as error:
            self._fail(error)
            self._retry_boot_s = now.boot_s + RETRY_S
            return
        self._distrust = ""
        if damage is not None:
            log.error("%s", damage.sentence())
            self.damages.append(damage)

    def _undo(self, db: sqlite3.Connection) -> None:
        with suppress(*_FAILURES):
            if db.in_transaction:
                db.execute("ROLLBACK")
            self._opened(db)

    def _fail(self, error: BaseException) -> None:
        """Take note of a failure; leave a connection that cannot be trusted any more.

        After a failed write or sync SQLite may or may not find that transaction in its log
        when it opens the file again; making the same change once more is right either way.
        """
        code = _code(error)
        if code not in _PASSING:
            self.close()
        unsound = isinstance(error, UnsoundError | UnicodeDecodeError)
        if unsound or code in _UNSOUND:
            self._distrust = str(error)
        if self.trouble is None:
            reason = reason_of(error)
            self.trouble = (reason, self._clock().label())
            self.failures += 1
            log.error("the store cannot be used: %s (%s)", reason, error)


def reason_of(error: BaseException) -> str:
    """Return why a file of ours cannot be used, in words for a person."""
    number = getattr(error, "errno", None) or 0
    return _REASONS.get(_code(error)) or _SYSTEMS_REASONS.get(number) or str(error)


def _code(error: BaseException) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
