"""Columns in PostgreSQL's binary form, read back by PostgreSQL; and what is prepared there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection

from server_stub.intake import arrays, session
from server_stub.intake.credentials import KnownDevice
from server_stub.tickets.models import NOT_DUE
from tests.server_stub.intake.test_plans import a_life
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device

EAST = timezone(timedelta(hours=2))
COLUMNS: list[tuple[str, Callable[[Any], arrays.Column], list[Any]]] = [
    ("text[]", arrays.texts, ["", "full disk", None, "Größe 9 ½ 🖥", "NULL", '{"a": [1,2]}']),
    ("bigint[]", arrays.numbers, [0, -1, None, 2**63 - 1, -(2**63)]),
    ("timestamptz[]", arrays.instants, [None, NOT_DUE, datetime(1970, 1, 1, tzinfo=UTC)]),
    ("timestamptz[]", arrays.instants, [datetime(2026, 11, 21, 20, 5, 6, 789, EAST)]),
    ("bytea[]", arrays.blobs, [b"", b"\0\xff", None]),
    ("text[]", arrays.texts, []),
    ("bigint[]", arrays.numbers, []),
]


@pytest.mark.parametrize(("kind", "column", "values"), COLUMNS)
def test_what_was_sent_is_read_back(
    postgresql: ServerDatabase,
    kind: str,
    column: Callable[[Any], arrays.Column],
    values: list[Any],
) -> None:
    with session.transaction():
        cursor: Any = session.statements()
        sent = cursor._cursor.execute(f"SELECT %b::{kind}", [column(values)], prepare=True)

        assert sent.fetchone() == (values,)


def test_statements_are_parsed_and_planned_once(postgresql: ServerDatabase) -> None:
    """Django turns that off for its connections, and the driver then ignores every wish for it."""
    device = a_device(a_client())
    known = KnownDevice(device.id, device.client_id, None, "UTC", None)
    connection.close()  # the writer's connection is opened by its first transaction
    for _ in range(3):
        a_life(known, 2)

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans FROM pg_prepared_statements")
        times = dict(cursor.fetchall())
    inserts = [used for statement, used in times.items() if statement.startswith("WITH i0 AS")]
    assert inserts == [15]
    assert len(times) >= 6
