"""The texts in agent.db, each with a checksum: alert states, and what parts of the agent remember.

All raise UnsoundError when a text is not what was written.
"""

import sqlite3

from agent.store.schema import UnsoundError, checksum


def read_states(db: sqlite3.Connection) -> dict[str, str | None]:
    """Return the alert states, text by fingerprint."""
    rows = db.execute("SELECT fingerprint, state, crc FROM alert_states")
    return {name: _verified(name, text, crc) for name, text, crc in rows}


def read_text(db: sqlite3.Connection, name: str) -> str | None:
    """Return one text, None when there is none of this name."""
    row = db.execute("SELECT text, crc FROM texts WHERE name = ?", (name,)).fetchone()
    return _verified(name, *row) if row else None


def read_texts(db: sqlite3.Connection, beginning: str) -> dict[str, str | None]:
    """Return the texts whose names begin so."""
    rows = db.execute(
        "SELECT name, text, crc FROM texts WHERE name >= ? AND substr(name, 1, ?) = ?"
        " ORDER BY name",
        (beginning, len(beginning), beginning),
    )
    return {name: _verified(name, text, crc) for name, text, crc in rows}


def _verified(name: str, text: str, crc: int) -> str:
    if checksum(name, text) != crc:
        raise UnsoundError("a stored text's checksum does not fit")
    return text
