"""The intake's statements on SQLite: lists go as JSON text, instants as Django writes them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar

from server_stub.intake import sql

_INSERTS = {
    table: f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - names of ours
    for table, names in sql.INSERTS.items()
}
_INSTANTS = {
    table: [n for n, name in enumerate(names) if name == "at" or name.endswith("_at")]
    for table, names in sql.INSERTS.items()
}


class SqliteStatements:
    """``session.Statements`` on SQLite, in IMMEDIATE transactions: nobody else writes meanwhile."""

    SEEN: ClassVar[str] = """
        SELECT device_id, envelope_id, body_sha256, ticket_number FROM intake_seenenvelope
        WHERE envelope_id IN (SELECT value FROM json_each(?))"""
    TAKE_BACK_WORDS: ClassVar[str] = sql.TAKE_BACK_WORDS.format("json_each", "")
    TICKETS: ClassVar[str] = (
        sql.TICKETS_OF
        + " FROM json_each(?) AS k JOIN tickets_ticket AS t ON t.id = "
        + sql.NUMBER_OF_KEY
    )
    TIMELINE: ClassVar[str] = """
        SELECT ticket_id, at, kind, actor, channel, payload FROM tickets_timelineentry
        WHERE ticket_id IN (SELECT value FROM json_each(?))
            AND kind IN (SELECT value FROM json_each(?)) ORDER BY ticket_id, id"""
    _LAST_NUMBER = """
        SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'tickets_ticket'), 0)"""

    def __init__(self, raw: Any) -> None:  # noqa: ANN401 - sqlite3's or pysqlite3's connection
        """Take the driver's connection."""
        self._cursor = raw.cursor()

    def known(
        self, envelope_ids: Sequence[str], alert_keys: Sequence[str]
    ) -> tuple[list[sql.Row], list[sql.Row]]:
        """See the protocol."""
        tickets = [
            (*row[:11], *map(_instant, row[11:14]), row[14], _instant(row[15]), *row[16:])
            for row in self._rows(self.TICKETS, json.dumps(alert_keys))
        ]
        return self._rows(self.SEEN, json.dumps(envelope_ids)), tickets

    def timeline(self, tickets: Sequence[int], kinds: Sequence[str]) -> list[sql.Row]:
        """See the protocol."""
        rows = self._rows(self.TIMELINE, json.dumps(tickets), json.dumps(kinds))
        return [(row[0], _instant(row[1]), *row[2:]) for row in rows]

    def new_numbers(self, count: int) -> list[int]:
        """See the protocol. Numbers of deleted tickets are not used again."""
        last: int = self._rows(self._LAST_NUMBER)[0][0]
        return list(range(last + 1, last + 1 + count))

    def write(self, changes: Sequence[sql.Change], new: Mapping[str, Sequence[sql.Row]]) -> None:
        """See the protocol."""
        for statement, rows in changes:
            if rows:  # SQLite would compile the statement and its triggers nevertheless
                self._cursor.executemany(
                    statement.replace("%s", "?"),
                    [[_text(v) if type(v) is datetime else v for v in row] for row in rows],
                )
        for table, rows in new.items():
            if rows:
                instants = _INSTANTS[table]
                self._cursor.executemany(_INSERTS[table], [_adapted(row, instants) for row in rows])

    def _rows(self, statement: str, *values: object) -> list[sql.Row]:
        found: list[sql.Row] = self._cursor.execute(statement, values).fetchall()
        return found


def _adapted(row: sql.Row, instants: Iterable[int]) -> list[Any]:
    """Write the instants at these places as Django does on SQLite."""
    adapted = list(row)
    for place in instants:
        if adapted[place] is not None:
            adapted[place] = _text(adapted[place])
    return adapted


@lru_cache(maxsize=1024)
def _text(instant: datetime) -> str:
    """Return an instant in UTC, without saying so. Most rows of a group share their instants."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def _instant(naive: datetime | None) -> datetime | None:
    """Return an instant that Django's converter read without its zone."""
    return None if naive is None else naive.replace(tzinfo=UTC)
