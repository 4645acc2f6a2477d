"""The intake's statements on PostgreSQL: lists go as arrays in binary form."""

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Any, ClassVar

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from server_stub.intake import arrays, sql

_NUMBERS = frozenset(
    {"id", "client_id", "site_id", "sequence", "occurrences", "ticket_id", "policy_version_id"}
    | {"ticket_number", "level", "policy_version"}
)


def _kind(name: str) -> Callable[[Sequence[Any]], arrays.Column]:
    """Return what makes an array of a column's values."""
    if name in _NUMBERS:
        return arrays.numbers
    if name == "at" or name.endswith("_at"):
        return arrays.instants
    return arrays.blobs if name == "body_sha256" else arrays.texts


_KINDS = {table: [_kind(name) for name in names] for table, names in sql.INSERTS.items()}


def _inserts() -> str:
    """Return the one statement that inserts into all tables, one array for each column."""
    parts = [
        f"INSERT INTO {table} ({', '.join(names)})"  # noqa: S608 - names of ours
        f" SELECT * FROM unnest({', '.join(['%b'] * len(names))})"
        for table, names in sql.INSERTS.items()
    ]
    return f"WITH {', '.join(f'i{n} AS ({part})' for n, part in enumerate(parts[:-1]))} {parts[-1]}"


_INSERT = _inserts()
_PREPARE_AFTER = 5
"""Executions of a statement not marked to be prepared at once; the driver's own default."""


class _ColumnDumper(Dumper):
    """Tells the driver that a column is in its binary form already."""

    format = Format.BINARY

    def dump(self, obj: arrays.Column) -> bytes:
        return obj


_DUMPERS = {
    kind: type(f"{kind.__name__}Dumper", (_ColumnDumper,), {"oid": kind.array_oid})
    for kind in (arrays.Texts, arrays.Numbers, arrays.Instants, arrays.Blobs)
}


class PostgresqlStatements:
    """``session.Statements`` on PostgreSQL: rows found are locked, new ones come as arrays.

    Not by COPY: PostgreSQL refuses it where row-level security holds (measured: as fast when the
    arrays go in binary form, half as fast as text).
    """

    SEEN: ClassVar[str] = """
        SELECT device_id, envelope_id, body_sha256, ticket_number FROM intake_seenenvelope
        WHERE envelope_id = ANY(%b)"""
    TAKE_BACK_WORDS: ClassVar[str] = sql.TAKE_BACK_WORDS.format(
        "json_array_elements_text", "::json"
    )
    TICKETS: ClassVar[str] = (
        # Numbers first: behind a row's policy a condition with a subquery finds no index.
        "WITH found (value, id) AS MATERIALIZED (SELECT k.value, "  # noqa: S608 - all ours
        + sql.NUMBER_OF_KEY
        + " FROM unnest(%b::text[]) AS k(value))"
        + sql.TICKETS_OF
        + " FROM found AS k JOIN tickets_ticket AS t ON t.id = k.id FOR UPDATE OF t"
    )
    TIMELINE: ClassVar[str] = """
        SELECT ticket_id, at, kind, actor, channel, payload FROM tickets_timelineentry
        WHERE ticket_id = ANY(%s) AND kind = ANY(%s) ORDER BY ticket_id, id"""
    _NEW_NUMBERS = """
        SELECT nextval(pg_get_serial_sequence('tickets_ticket', 'id'))
        FROM generate_series(1, %s)"""

    def __init__(self, raw: psycopg.Connection) -> None:
        """Take the driver's connection. Django's cursors would bind values on our side."""
        if raw.prepare_threshold is None:  # as Django leaves it: nothing is ever prepared
            raw.prepare_threshold = _PREPARE_AFTER
            for kind, dumper in _DUMPERS.items():
                raw.adapters.register_dumper(kind, dumper)
        self._raw = raw
        self._cursor = psycopg.Cursor(raw)
        self._second = psycopg.Cursor(raw)

    def known(
        self, envelope_ids: Sequence[str], alert_keys: Sequence[str]
    ) -> tuple[list[sql.Row], list[sql.Row]]:
        """See the protocol. Locked in one order everywhere, so that groups cannot deadlock."""
        with self._raw.pipeline():
            self._cursor.execute(self.SEEN, [arrays.texts(envelope_ids)], prepare=True)
            self._second.execute(self.TICKETS, [arrays.texts(sorted(alert_keys))], prepare=True)
            return self._cursor.fetchall(), self._second.fetchall()

    def timeline(self, tickets: Sequence[int], kinds: Sequence[str]) -> list[sql.Row]:
        """See the protocol."""
        return self._rows(self.TIMELINE, list(tickets), list(kinds))

    def new_numbers(self, count: int) -> list[int]:
        """See the protocol. Numbers of a transaction that failed are left out for ever."""
        return [row[0] for row in self._rows(self._NEW_NUMBERS, count)]

    def write(self, changes: Sequence[sql.Change], new: Mapping[str, Sequence[sql.Row]]) -> None:
        """See the protocol. One round trip; that of a pipeline costs more than one statement's."""
        if any(rows for _, rows in changes):
            with self._raw.pipeline():
                for statement, rows in changes:
                    if rows:
                        self._cursor.executemany(statement, rows)
                self._insert(new)
        else:
            self._insert(new)

    def _insert(self, new: Mapping[str, Sequence[sql.Row]]) -> None:
        """Insert rows into all tables by one statement."""
        if not any(new.values()):
            return
        columns: list[arrays.Column] = []
        for table, kinds in _KINDS.items():
            rows = new[table]
            values = zip(*rows, strict=True) if rows else repeat(())
            columns += [kind(column) for kind, column in zip(kinds, values, strict=False)]
        self._cursor.execute(_INSERT, columns, prepare=True)

    def _rows(self, statement: str, *values: object) -> list[sql.Row]:
        return self._cursor.execute(statement, values, prepare=True).fetchall()
