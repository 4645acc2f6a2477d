"""This thread's connection as the intake uses it: its transactions, and what executes statements.

The texts of the statements are in ``sql``; how each database is handed them in its own module.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar, Protocol

from django.db import connection
from django.db.transaction import atomic

from server_stub.intake.postgresql import PostgresqlStatements
from server_stub.intake.sql import Change, Row
from server_stub.intake.sqlite import SqliteStatements


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
