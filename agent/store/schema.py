"""The tables of agent.db, how a connection to it is set up, and when a file is sound."""

import os
import sqlite3
import sys
from binascii import crc32
from pathlib import Path
from typing import Final

from agent.errors import StateError

NAME = "agent.db"
PAGE_SIZE = 4096
VERSION = 1
APPLICATION_ID = 2003067234
"""``wdab`` as a number: tells our file from any other of SQLite's."""

_CREATE = (
    # One row per alert that is more than quiet: AlertState as JSON.
    """CREATE TABLE alert_states (
    fingerprint TEXT PRIMARY KEY,
    state       TEXT NOT NULL,
    crc         INTEGER NOT NULL)""",
    # What waits to be sent, in the order of `position`.
    """CREATE TABLE outbox (
    position   INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    importance INTEGER NOT NULL,
    body       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    crc        INTEGER NOT NULL)""",
    "CREATE INDEX outbox_by_importance ON outbox (importance, position)",
    # What was refused for good and waits for a person.
    """CREATE TABLE parked (
    position   INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    importance INTEGER NOT NULL,
    body       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    crc        INTEGER NOT NULL,
    problem    TEXT NOT NULL,
    parked_at  TEXT NOT NULL)""",
    # What was counted since this device was set up: dropped envelopes, damaged files.
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    # Single texts by name: the schema's version once more, the hash of the facts sent last.
    "CREATE TABLE texts (name TEXT PRIMARY KEY, text TEXT NOT NULL, crc INTEGER NOT NULL)",
    "PRAGMA application_id = 2003067234",
    "PRAGMA user_version = 1",
)

READ: Final = {
    "alert_states": "SELECT rowid, fingerprint, state, crc FROM alert_states NOT INDEXED"
    " WHERE rowid BETWEEN ? AND ? ORDER BY rowid",
    "outbox": "SELECT position, id, kind, importance, body, created_at, crc"
    " FROM outbox NOT INDEXED WHERE position BETWEEN ? AND ? ORDER BY position",
    "parked": "SELECT position, id, kind, importance, body, created_at, crc, problem, parked_at"
    " FROM parked NOT INDEXED WHERE position BETWEEN ? AND ? ORDER BY position",
    "counters": "SELECT rowid, name, value FROM counters NOT INDEXED"
    " WHERE rowid BETWEEN ? AND ? ORDER BY rowid",
    "texts": "SELECT rowid, name, text, crc FROM texts NOT INDEXED"
    " WHERE rowid BETWEEN ? AND ? ORDER BY rowid",
}
"""Every table read by a range of its rowid, no index needed. Texts have a checksum: a flipped bit
within one is no damage to SQLite."""

_CONNECTION = (
    # Before anything else: no -shm file, and no second connection from anywhere.
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    # The commit is on the disk when it returns: what is accepted survives a power cut.
    "PRAGMA synchronous = FULL",
    "PRAGMA cache_size = -256",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 256",
    "PRAGMA journal_size_limit = 1048576",
    "PRAGMA cell_size_check = ON",
    "PRAGMA trusted_schema = OFF",
)


class UnsoundError(Exception):
    """The file is no sound agent.db; the text says in what way."""


def checksum(*values: object) -> int:
    """Return the CRC-32 of a row's values; of any type, for a damaged row may hold any."""
    return crc32("\0".join(map(str, values)).encode(errors="surrogatepass"))


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, made private (0600) if it is new; autocommit, any thread.

    Raises sqlite3.Error or OSError.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        if sys.platform != "win32":
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    connection = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
    connection.text_factory = _lenient_text
    return connection


def _lenient_text(raw: bytes) -> str:
    """Read damaged text too; its checksum will tell."""
    return raw.decode(errors="replace")


def prepare(connection: sqlite3.Connection) -> None:
    """Set the connection up, create the tables in an empty file, and see that it is sound.

    Raises UnsoundError, StateError for a file of a newer agent, sqlite3.Error.
    """
    for statement in _CONNECTION:
        connection.execute(statement)
    if _number(connection, "SELECT count(*) FROM sqlite_master") == 0:
        create(connection)
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise UnsoundError(str(verdict))
    version = _number(connection, "PRAGMA user_version")
    if version > VERSION and _version_text(connection) == str(version):
        raise StateError(
            f"agent.db was written by a newer agent (schema {version}, this one knows {VERSION}): "
            "nothing was changed; install the newer version again"
        )
    if version != VERSION or _number(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise UnsoundError("its header is not that of an agent.db")
    for statement in READ.values():
        connection.execute(statement, (0, 0)).fetchall()


def create(connection: sqlite3.Connection) -> None:
    """Create the tables in an empty file, in one transaction."""
    connection.execute("PRAGMA page_size = 4096")
    connection.execute("BEGIN IMMEDIATE")
    for statement in _CREATE:
        connection.execute(statement)
    # A second time, so that a flipped bit in the header is not taken for a newer agent.
    connection.execute(
        "INSERT INTO texts (name, text, crc) VALUES ('schema', ?, ?)",
        (str(VERSION), checksum("schema", str(VERSION))),
    )
    connection.execute("COMMIT")


def _number(connection: sqlite3.Connection, question: str) -> int:
    return int(connection.execute(question).fetchone()[0])


def _version_text(connection: sqlite3.Connection) -> str:
    """Return the version as the table has it."""
    row = connection.execute("SELECT text FROM texts WHERE name = 'schema'").fetchone()
    return str(row[0]) if row else ""
