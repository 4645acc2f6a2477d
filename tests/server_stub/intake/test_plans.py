"""Every statement of the intake finds its rows by an index, and a group costs few of them.

SQLite scans for ``(a, b) IN (…)``, PostgreSQL for what it last saw empty: both are fast in every
other test and slow in production. So what is executed is recorded, not listed.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from agent.protocol.words import Evaluation, Priority
from server_stub.intake import heartbeats, session, sql
from server_stub.intake.credentials import KnownDevice
from server_stub.intake.decode import Arrived
from server_stub.intake.group import Request, store
from server_stub.intake.heartbeats import Seen
from server_stub.sla.models import PolicyVersion
from tests.server_stub.intake.messages import (
    a_heartbeat,
    an_event,
    next_event,
    resolved,
    some_facts,
)
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_device

Executed = list[tuple[str, Any]]


class Recorder:
    """A driver's cursor that remembers each statement and the (first) values it got."""

    def __init__(self, cursor: Any, executed: Executed) -> None:
        self._cursor = cursor
        self._executed = executed

    def execute(self, statement: str, values: Any, **options: Any) -> Any:
        self._executed.append((statement, values))
        return self._cursor.execute(statement, values, **options)

    def executemany(self, statement: str, rows: Any) -> None:
        every = list(rows)
        if every:
            self._executed.append((statement, every[0]))
        self._cursor.executemany(statement, every)

    def fetchall(self) -> Any:
        return self._cursor.fetchall()


@pytest.fixture
def executed(database: ServerDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executed]:
    """Record what is executed, on a connection opened as the writer's is."""
    found: Executed = []
    real = session.statements

    def recording() -> Any:
        statements: Any = real()
        for name in ("_cursor", "_second"):
            if hasattr(statements, name):
                setattr(statements, name, Recorder(getattr(statements, name), found))
        return statements

    monkeypatch.setattr(session, "statements", recording)
    connection.close()
    yield found
    connection.close()


@pytest.fixture
def known(executed: Executed, policy: PolicyVersion) -> Callable[[], KnownDevice]:
    """Return a function that makes a device."""
    del executed

    def make() -> KnownDevice:
        device = a_device(a_client())
        connection.close()
        return KnownDevice(device.id, device.client_id, None, "UTC", policy.id)

    return make


def commit(device: KnownDevice, *messages: Any, at: datetime = NOW) -> None:
    with session.transaction():
        store([Request(device, [Arrived(m, m.id.encode()[-32:]) for m in messages])], at)


def a_life(device: KnownDevice, alerts: int) -> None:
    """Let alerts open, get graver, resolve and come back, with facts and heartbeats between."""
    events = [an_event(target=f"/{number}") for number in range(alerts)]
    commit(device, *events)
    commit(
        device,
        *(next_event(e, evaluation=Evaluation.CRITICAL, priority=Priority.HIGH) for e in events),
    )
    commit(device, *(resolved(e, sequence=3) for e in events))
    commit(device, *(an_event(target=f"/{number}") for number in range(alerts)))
    commit(device, *(some_facts(user=str(number)) for number in range(alerts)))
    with session.transaction():
        heartbeats.write({device.id: Seen(NOW, a_heartbeat())})
    with session.transaction():
        heartbeats.write({device.id: Seen(NOW, None)})


def plan(statement: str, values: Any) -> list[str]:
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with session.transaction():
        cursor: Any = session.statements()
        rows = cursor._cursor.execute(explain + statement, values).fetchall()
    return [str(row[-1]).strip() for row in rows]


def scans(lines: list[str]) -> list[str]:
    """Return the lines that read a whole table; a list of values handed in is none.

    Nor is an index read from end to end a way to find rows: PostgreSQL takes one when it may
    not look up by a condition, as behind a policy with one that is not leakproof.
    """
    return [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if "Seq Scan" in line
        or ("Index" in line and " Scan" in line and "Index Cond" not in following)
        or (line.startswith("SCAN") and "VIRTUAL TABLE" not in line)
    ]


def test_every_statement_finds_its_rows_by_an_index(
    known: Callable[[], KnownDevice], executed: Executed
) -> None:
    a_life(known(), 30)
    devices = sql.KNOWN_DEVICE[connection.vendor]
    executed.append(
        (devices.replace("%s", "?") if connection.vendor == "sqlite" else devices, ["0"])
    )

    looked_at = set()
    for statement, values in list(executed):
        verb = statement.split()[0]
        if verb in ("INSERT", "COPY") or "sqlite_sequence" in statement:
            continue
        if statement not in looked_at:
            looked_at.add(statement)
            assert scans(plan(statement, values)) == [], statement
    assert len(looked_at) >= 11


def test_a_group_costs_the_same_statements_whatever_its_size(
    known: Callable[[], KnownDevice], executed: Executed
) -> None:
    counts = []
    for alerts in (1, 60):
        device = known()
        executed.clear()
        a_life(device, alerts)
        counts.append([statement for statement, _ in executed])

    assert counts[0] == counts[1]


def test_recording_sees_a_scan(known: Callable[[], KnownDevice]) -> None:
    """The two tests above could not fail if this one passed over a scan."""
    a_life(known(), 3)

    assert scans(plan("SELECT id FROM tickets_ticket WHERE title = 'x'", ()))
