"""Every statement of the intake, for both databases: sets of rows, never row by row.

A group of requests costs the same number of statements however many events it holds. SQLite is
handed lists as JSON text (``json_each``), PostgreSQL as arrays: the statements' texts are
constant, so both prepare them once. SQLite must never be asked for ``(a, b) IN (VALUES …)``:
it scans the table for it (measured: 51 events/s at 80,000 tickets).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import repeat
from typing import Any, ClassVar, Protocol

import psycopg
from django.db import connection
from django.db.transaction import atomic
from psycopg.adapt import Dumper
from psycopg.pq import Format

from server_stub.intake import arrays

Row = tuple[Any, ...]
Change = tuple[str, Sequence[Row]]
"""A statement to be executed once for each row of values."""

_KNOWN_DEVICE = """
    SELECT d.id, d.client_id, d.site_id, s.time_zone, coalesce(
        (SELECT max(v.id) FROM sla_policyversion v WHERE v.name = c.policy),
        (SELECT max(v.id) FROM sla_policyversion v WHERE v.name = 'default')),
        coalesce(n.version, 0), coalesce(n.reports, 0), d.kind, c.notes_version,
        c.importance, d.importance, (
        SELECT rows_of(row_of(coalesce(
            (SELECT 2 FROM clients_covered v WHERE v.agreement_id = a.id AND v.device_id = d.id),
            (SELECT 1 FROM clients_covered v WHERE v.agreement_id = a.id AND v.site_id = d.site_id),
            CASE WHEN a.whole THEN 0 END), a.starts, a.ends, a.name, a.id))
        FROM clients_agreement a WHERE a.client_id = d.client_id)
    FROM clients_device d
    JOIN clients_client c ON c.id = d.client_id
    LEFT JOIN clients_site s ON s.id = d.site_id
    LEFT JOIN tickets_devicenews n ON n.device_id = d.id
    WHERE d.token_hash = %s"""
KNOWN_DEVICE = {
    "sqlite": _KNOWN_DEVICE.replace("rows_of", "json_group_array").replace("row_of", "json_array"),
    "postgresql": _KNOWN_DEVICE.replace("rows_of", "json_agg").replace(
        "row_of", "json_build_array"
    ),
}
"""By one token's hash; the newest version of the client's policy, else of the default one.

Last the client's agreements as a JSON list: narrowness (NULL: it does not cover the device), first
and last day, name, number. Which of them holds is a matter of the day at the device's site.
"""

KNOWN_DEVICES = {
    "sqlite": KNOWN_DEVICE["sqlite"].replace(
        "d.token_hash = %s", "d.id IN (SELECT value FROM json_each(%s))"
    ),
    "postgresql": KNOWN_DEVICE["postgresql"].replace(
        "d.token_hash = %s", "d.id IN (SELECT jsonb_array_elements_text(%s::jsonb))"
    ),
}
"""The same by the ids of devices, given as a JSON list."""

_NUMBER_OF_KEY = """(
        SELECT coalesce(max(a.id) FILTER (WHERE a.resolved_at IS NULL), max(a.id))
        FROM tickets_ticket a WHERE a.alert_key = k.value)"""
"""Of one alert's tickets (one more a day at the most) the unresolved one, else the latest.

Asked for by ``resolved_at IS NULL``, PostgreSQL may take an index of the queue instead and read
it from end to end: while it has no statistics of a young table it believes nothing is unresolved.
"""
_TICKETS_OF = """
    SELECT k.value, t.id, t.status, t.priority, t.title, t.evaluation, t.alert_id, t.sequence,
        t.occurrences, t.touched, t.facts_hash, t.created_at, t.resolved_at, t.accepted_until,
        t.accepted, t.next_due_at,
        t.source, t.type, t.level, coalesce(t.policy_version,
        (SELECT max(c.policy_version_id) FROM sla_clock c WHERE c.ticket_id = t.id))"""

INSERTS: Mapping[str, tuple[str, ...]] = {
    "tickets_ticket": (
        *("id", "client_id", "site_id", "device_id", "title", "status", "priority"),
        *("fingerprint", "alert_key", "alert_id", "sequence", "evaluation", "occurrences"),
        *("facts_hash", "created_at", "updated_at", "resolved_at", "next_due_at", "stage"),
        *("type", "level", "policy_version"),
    ),
    "tickets_timelineentry": (
        *("ticket_id", "at", "device_at", "kind", "actor", "channel", "body", "payload"),
    ),
    "sla_clock": (
        *("ticket_id", "policy_version_id", "name", "state", "started_at", "due_at"),
        *("stopped_at", "breached_at"),
    ),
    "work_duework": ("kind", "key", "due_at", "payload"),
    "intake_seenenvelope": ("device_id", "envelope_id", "body_sha256", "ticket_number", "at"),
}
"""Tables that get sets of new rows, and the columns a row is given in."""

UPDATE_TICKETS = """
    UPDATE tickets_ticket SET status = %s, priority = %s, title = %s, evaluation = %s,
        alert_id = %s, sequence = %s, occurrences = %s, facts_hash = %s, updated_at = %s,
        resolved_at = %s, next_due_at = %s, accepted_until = %s, accepted = %s,
        stage = CASE WHEN status = %s THEN stage ELSE %s END,
        close_reason = CASE WHEN status = %s THEN close_reason ELSE '' END
    WHERE id = %s"""
"""A status the monitor changes is at the stage that is called like it."""
DELETE_CLOCKS = "DELETE FROM sla_clock WHERE ticket_id = %s"
DELETE_WORK = "DELETE FROM work_duework WHERE kind = %s AND key = %s"
PUT_FACTS = """
    INSERT INTO intake_factsrecord (device_id, hash, text, at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (device_id, hash) DO NOTHING"""
UPDATE_FACTS = "UPDATE clients_device SET facts = %s, facts_hash = %s, facts_at = %s WHERE id = %s"
UPDATE_SEEN = """
    UPDATE clients_device SET last_seen_at = %s WHERE id = %s AND last_seen_at < %s"""
UPDATE_HEARTBEATS = """
    UPDATE clients_device SET last_seen_at = %s, heartbeat = %s, boot_at = %s, agent_version = %s
    WHERE id = %s AND last_seen_at < %s"""
"""Another process may have written a later one meanwhile; that one stays."""
PUT_LAST_WORDS = """
    INSERT INTO intake_lastword (device_id, word, at)
    SELECT id, %s, %s FROM clients_device WHERE id = %s
    ON CONFLICT (device_id) DO UPDATE
    SET word = excluded.word, at = excluded.at, taken_back_at = NULL"""
"""Of a device that is not there any more nothing is kept: it must not keep the others' back."""
_TAKE_BACK_WORDS = """
    UPDATE intake_lastword SET taken_back_at = %s
    WHERE taken_back_at IS NULL AND at < %s AND device_id IN (SELECT value FROM {}(%s{}))"""

HOLD_BACK = """
    INSERT INTO quiet_heldback (client_id, device_id, fingerprint, title, evaluation, priority,
        because, window_id, who, at, last_at, event)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (device_id, fingerprint) WHERE released_at IS NULL DO UPDATE
    SET title = excluded.title, evaluation = excluded.evaluation, priority = excluded.priority,
        last_at = excluded.last_at, event = excluded.event, times = quiet_heldback.times + 1"""


class Statements(Protocol):
    """What a database must be able to do for the intake, inside one transaction."""

    SEEN: ClassVar[str]
    TAKE_BACK_WORDS: ClassVar[str]
    TICKETS: ClassVar[str]
    TIMELINE: ClassVar[str]

    def known(
        self, envelope_ids: Sequence[str], alert_keys: Sequence[str]
    ) -> tuple[list[Row], list[Row]]:
        """Return what is known of envelopes and alerts.

        Of the envelopes seen before: device, id, body hash and ticket number. Of each alert key
        its unresolved ticket, else its latest, locked; the key comes first.
        """

    def timeline(self, tickets: Sequence[int], kinds: Sequence[str]) -> list[Row]:
        """Return ticket, at, kind, actor, channel, payload of entries, in the order written."""

    def new_numbers(self, count: int) -> list[int]:
        """Return so many ticket numbers never used before."""

    def write(self, changes: Sequence[Change], new: Mapping[str, Sequence[Row]]) -> None:
        """Execute changes in order, then insert new rows by table.

        A new row's values are in the order of ``INSERTS``.
        """


_POSTGRESQL_SESSION = """
    SET lock_timeout = '10s';
    SET plan_cache_mode = force_generic_plan; SET jit = off;
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"""
"""Every statement here finds its rows by an index, whatever the planner believes of a table that
was empty when it last looked. Plans are made once (measured: planning was a fifth of the time)."""


_SQLITE_SESSION = ("PRAGMA cache_size = -16384", "PRAGMA wal_autocheckpoint = 4000")
"""16 MB each. Every event touches thirty pages, most of them of indexes and anywhere in them: with
SQLite's own 2 MB they are read again and again, and its 4 MB log is copied back every 30 groups."""
_SESSION = {"postgresql": (_POSTGRESQL_SESSION,), "sqlite": _SQLITE_SESSION}


@contextmanager
def transaction() -> Iterator[None]:
    """Make the block one transaction of this thread's connection, with Django's errors.

    A lock held by somebody else is waited for, but not longer than ten seconds.
    """
    if connection.connection is None:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            for statement in _SESSION[connection.vendor]:
                cursor.execute(statement)
    with atomic(), connection.wrap_database_errors:
        yield


def statements() -> Statements:
    """Return the statements for this thread's connection, which must be open."""
    if connection.vendor == "sqlite":
        return SqliteStatements(connection.connection)
    return PostgresqlStatements(connection.connection)


class SqliteStatements:
    """On SQLite; the transaction is IMMEDIATE, so nobody else writes between its statements."""

    SEEN: ClassVar[str] = """
        SELECT device_id, envelope_id, body_sha256, ticket_number FROM intake_seenenvelope
        WHERE envelope_id IN (SELECT value FROM json_each(?))"""
    TAKE_BACK_WORDS: ClassVar[str] = _TAKE_BACK_WORDS.format("json_each", "")
    TICKETS: ClassVar[str] = (
        _TICKETS_OF + " FROM json_each(?) AS k JOIN tickets_ticket AS t ON t.id = " + _NUMBER_OF_KEY
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
    ) -> tuple[list[Row], list[Row]]:
        """See the protocol."""
        tickets = [
            (*row[:11], *map(_instant, row[11:14]), row[14], _instant(row[15]), *row[16:])
            for row in self._rows(self.TICKETS, json.dumps(alert_keys))
        ]
        return self._rows(self.SEEN, json.dumps(envelope_ids)), tickets

    def timeline(self, tickets: Sequence[int], kinds: Sequence[str]) -> list[Row]:
        """See the protocol."""
        rows = self._rows(self.TIMELINE, json.dumps(tickets), json.dumps(kinds))
        return [(row[0], _instant(row[1]), *row[2:]) for row in rows]

    def new_numbers(self, count: int) -> list[int]:
        """See the protocol. Numbers of deleted tickets are not used again."""
        last: int = self._rows(self._LAST_NUMBER)[0][0]
        return list(range(last + 1, last + 1 + count))

    def write(self, changes: Sequence[Change], new: Mapping[str, Sequence[Row]]) -> None:
        """See the protocol."""
        for statement, rows in changes:
            if rows:  # SQLite would compile the statement and its triggers nevertheless
                self._cursor.executemany(
                    statement.replace("%s", "?"),
                    [[_text(v) if type(v) is datetime else v for v in row] for row in rows],
                )
        for table, rows in new.items():
            if rows:
                instants = _SQLITE_INSTANTS[table]
                self._cursor.executemany(
                    _SQLITE_INSERTS[table], [_adapted(row, instants) for row in rows]
                )

    def _rows(self, statement: str, *values: object) -> list[Row]:
        found: list[Row] = self._cursor.execute(statement, values).fetchall()
        return found


class PostgresqlStatements:
    """On PostgreSQL; rows found are locked, new ones come as one array for each column.

    Not by COPY: PostgreSQL refuses it where row-level security holds (measured: as fast when the
    arrays go in binary form, half as fast as text).
    """

    SEEN: ClassVar[str] = """
        SELECT device_id, envelope_id, body_sha256, ticket_number FROM intake_seenenvelope
        WHERE envelope_id = ANY(%b)"""
    TAKE_BACK_WORDS: ClassVar[str] = _TAKE_BACK_WORDS.format("json_array_elements_text", "::json")
    TICKETS: ClassVar[str] = (
        # Numbers first: behind a row's policy a condition with a subquery finds no index.
        "WITH found (value, id) AS MATERIALIZED (SELECT k.value, "  # noqa: S608 - all ours
        + _NUMBER_OF_KEY
        + " FROM unnest(%b::text[]) AS k(value))"
        + _TICKETS_OF
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
    ) -> tuple[list[Row], list[Row]]:
        """See the protocol. Locked in one order everywhere, so that groups cannot deadlock."""
        with self._raw.pipeline():
            self._cursor.execute(self.SEEN, [arrays.texts(envelope_ids)], prepare=True)
            self._second.execute(self.TICKETS, [arrays.texts(sorted(alert_keys))], prepare=True)
            return self._cursor.fetchall(), self._second.fetchall()

    def timeline(self, tickets: Sequence[int], kinds: Sequence[str]) -> list[Row]:
        """See the protocol."""
        return self._rows(self.TIMELINE, list(tickets), list(kinds))

    def new_numbers(self, count: int) -> list[int]:
        """See the protocol. Numbers of a transaction that failed are left out for ever."""
        return [row[0] for row in self._rows(self._NEW_NUMBERS, count)]

    def write(self, changes: Sequence[Change], new: Mapping[str, Sequence[Row]]) -> None:
        """See the protocol. One round trip; that of a pipeline costs more than one statement's."""
        if any(rows for _, rows in changes):
            with self._raw.pipeline():
                for statement, rows in changes:
                    if rows:
                        self._cursor.executemany(statement, rows)
                self._insert(new)
        else:
            self._insert(new)

    def _insert(self, new: Mapping[str, Sequence[Row]]) -> None:
        """Insert rows into all tables by one statement."""
        if not any(new.values()):
            return
        columns: list[arrays.Column] = []
        for table, kinds in _POSTGRESQL_KINDS.items():
            rows = new[table]
            values = zip(*rows, strict=True) if rows else repeat(())
            columns += [kind(column) for kind, column in zip(kinds, values, strict=False)]
        self._cursor.execute(_POSTGRESQL_INSERT, columns, prepare=True)

    def _rows(self, statement: str, *values: object) -> list[Row]:
        return self._cursor.execute(statement, values, prepare=True).fetchall()


_SQLITE_INSERTS = {
    table: f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - names of ours
    for table, names in INSERTS.items()
}
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


_POSTGRESQL_KINDS = {table: [_kind(name) for name in names] for table, names in INSERTS.items()}


def _inserts() -> str:
    """Return the one statement that inserts into all tables, one array for each column."""
    parts = [
        f"INSERT INTO {table} ({', '.join(names)})"  # noqa: S608 - names of ours
        f" SELECT * FROM unnest({', '.join(['%b'] * len(names))})"
        for table, names in INSERTS.items()
    ]
    return f"WITH {', '.join(f'i{n} AS ({part})' for n, part in enumerate(parts[:-1]))} {parts[-1]}"


_POSTGRESQL_INSERT = _inserts()
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


_SQLITE_INSTANTS = {
    table: [n for n, name in enumerate(names) if name == "at" or name.endswith("_at")]
    for table, names in INSERTS.items()
}


def _adapted(row: Row, instants: Iterable[int]) -> list[Any]:
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
