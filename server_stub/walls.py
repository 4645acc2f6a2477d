"""The second wall between clients: PostgreSQL shows a connection no row but its clients'.

The first wall is the scope that every query function takes. The second one stands in the
database, for the day the first one has a hole: each table with clients' rows has a policy, forced
on its owner too, which compares the row's client with the setting ``watchdesk.clients`` of the
session. ``*`` opens every client's rows (full staff, the intake, the command line), ``7,12`` those
of two clients; while nothing is set there are no rows at all.

A thread's word is told to its connection when it changes and when a new connection is opened, and
taken back when its frame (a request) ends. SQLite has no such thing: there all this does nothing.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.backends.utils import CursorWrapper
from django.http import HttpRequest, HttpResponse

NOBODY: frozenset[int] = frozenset()
_EVERYBODY = "*"
_IN_ERROR = 3
"""libpq's PQTRANS_INERROR."""

_TICKETS = "(SELECT t.client_id FROM tickets_ticket t WHERE t.id = {})"
_DEVICES = "(SELECT d.client_id FROM clients_device d WHERE d.id = {})"
_AGREEMENTS = "(SELECT a.client_id FROM clients_agreement a WHERE a.id = {})"
WALLED: Mapping[str, str] = {
    "clients_client": "id",
    "clients_site": "client_id",
    "clients_device": "client_id",
    "clients_enrolmenttoken": "client_id",
    "clients_agreement": "client_id",
    "clients_covered": _AGREEMENTS.format("agreement_id"),
    "tickets_ticket": "client_id",
    "tickets_timelineentry": _TICKETS.format("ticket_id"),
    "tickets_link": _TICKETS.format("ticket_id"),
    "tickets_participant": _TICKETS.format("ticket_id"),
    "tickets_notice": _TICKETS.format("ticket_id"),
    "sla_clock": _TICKETS.format("ticket_id"),
    "intake_seenenvelope": _DEVICES.format("device_id"),
    "intake_factsrecord": _DEVICES.format("device_id"),
    "intake_lastword": _DEVICES.format("device_id"),
    "tickets_devicenews": _DEVICES.format("device_id"),
    "audit_auditentry": "client",
    "quiet_maintenancewindow": "client_id",
    "quiet_heldback": "client_id",
    "fleet_watch": _DEVICES.format("device_id"),
    "fleet_outage": "client_id",
    "fleet_member": _DEVICES.format("device_id"),
    "contacts_contact": "client_id",
    "contacts_report": _TICKETS.format("ticket_id"),
    "contacts_attachment": _TICKETS.format("ticket_id"),
    "contacts_piece": (
        "(SELECT t.client_id FROM tickets_ticket t JOIN contacts_attachment a"
        " ON a.ticket_id = t.id WHERE a.id = attachment_id)"
    ),
    "knowledge_note": "client_id",
    "knowledge_solution": "client_id",
    "api_keptanswer": f"coalesce(client, {_TICKETS.format('ticket_number')})",
}
"""Tables with clients' rows, and whose a row is.

By a subquery where the row does not say so itself: no column to keep equal to another, and for
those who see everything it is never looked up. Never ``EXISTS``: of that the planner makes a hash
over all tickets.
"""

SHARED = {"knowledge_note": "client_id IS NULL"}
"""Tables some of whose rows are for everybody who sees any client; none of these may write them."""

_SEEN = """
    CASE WHEN (SELECT current_setting('watchdesk.clients', true)) = '*' THEN true
    ELSE ({})::text
        = ANY (string_to_array((SELECT current_setting('watchdesk.clients', true)), ',')) END
"""
"""As text: a cast of the setting to numbers could fail, and the planner may try it beforehand.

Of a CASE the planner supposes that half the rows pass; of the same with OR one in two hundred, and
then it sorts all the tickets that somebody may see for a page of fifty.
"""

_ANYBODY = "(SELECT current_setting('watchdesk.clients', true)) <> ''"
_POLICY = "watchdesk_clients"


class _Sight(threading.local):
    """What this thread may see, as the setting's word. A new thread begins as the process does."""

    word = ""


_sight = _Sight()


def open_to_all() -> None:
    """Let every thread of this process see all clients, unless it says otherwise: a command.

    The server never does: its threads see nothing before a request says whose rows.
    """
    _Sight.word = _EVERYBODY


@contextmanager
def seen_by(client_ids: frozenset[int] | None) -> Iterator[None]:
    """Show this thread the rows of these clients alone, of all for None, during the block."""
    before = _sight.word
    _look(_word(client_ids))
    try:
        yield
    finally:
        _look(before)


def see(client_ids: frozenset[int] | None) -> None:
    """Show this thread the rows of these clients, of all for None, until the request ends."""
    _look(_word(client_ids))


def seen_once_by_all(cursor: CursorWrapper, statement: str, values: Sequence[str]) -> None:
    """Execute one statement, outside any transaction, that sees the rows of all clients.

    On PostgreSQL the word travels in front of it and ends with it: one round trip instead of
    the three of ``seen_by`` (measured: 450 µs of a device's request).
    """
    if connection.vendor == "postgresql":
        cursor.execute(
            "SELECT set_config('watchdesk.clients', '*', true);" + statement, list(values)
        )
        cursor.nextset()
    else:
        cursor.execute(statement, list(values))


def walled(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let each request begin and end seeing nothing; Django's middleware, the outermost."""

    def behind_the_wall(request: HttpRequest) -> HttpResponse:
        with seen_by(NOBODY):
            return answer(request)

    return behind_the_wall


def put_up(**_signal: object) -> None:
    """Give each table here its policy; what stands already is replaced. After migrations."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for table, whose in WALLED.items():
            if table in tables:
                cursor.execute(_wall(table, whose))


def missing() -> list[str]:
    """Return the tables here whose wall does not stand; none on SQLite."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relname = ANY(%s) "
            "AND pg_table_is_visible(c.oid) AND NOT (c.relrowsecurity AND c.relforcerowsecurity "
            "AND (SELECT array_agg(p.polname::text) FROM pg_policy p WHERE p.polrelid = c.oid)"
            " = ARRAY[%s]) ORDER BY 1",
            [list(WALLED), _POLICY],
        )
        return [name for (name,) in cursor.fetchall()]


def walks_through() -> str:
    """Return why this database role is not held by the walls, empty when it is."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        name, is_superuser, bypasses = cursor.fetchone()
    if is_superuser:
        return f"the database role {name} is a superuser"
    return f"the database role {name} has BYPASSRLS" if bypasses else ""


def _wall(table: str, whose: str) -> str:
    """Return the statements for one table; names and expressions are ours, from ``WALLED``."""
    seen = _SEEN.format(whose)
    readable = f"({seen}) OR ({SHARED[table]} AND {_ANYBODY})" if table in SHARED else seen
    return (
        f"DROP POLICY IF EXISTS {_POLICY} ON {table};"
        f"CREATE POLICY {_POLICY} ON {table} USING ({readable}) WITH CHECK ({seen});"
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    )


def _word(client_ids: Iterable[int] | None) -> str:
    return _EVERYBODY if client_ids is None else ",".join(map(str, sorted(client_ids)))


def _look(word: str) -> None:
    if word != _sight.word:
        _sight.word = word
        if connection.vendor == "postgresql" and connection.connection is not None:
            _tell(connection)


def _tell(to: BaseDatabaseWrapper) -> None:
    """Tell a connection this thread's word; one that cannot be told is closed.

    Inside a transaction it is told for the transaction's rest: whether it commits or rolls back,
    what held before it holds again. One that failed takes no statement, and will roll back.
    """
    raw: Any = to.connection
    if raw.info.transaction_status == _IN_ERROR:
        return
    try:
        with to.wrap_database_errors:
            raw.execute(
                "SELECT set_config('watchdesk.clients', %s, %s)",
                [_sight.word, to.in_atomic_block],
                prepare=True,
            )
    except DatabaseError:
        to.close()


def _opened(connection: BaseDatabaseWrapper, **_signal: object) -> None:
    """Tell a new connection (or a pool's used one) the thread's word before anything else."""
    if connection.vendor == "postgresql":
        _tell(connection)


connection_created.connect(_opened, dispatch_uid="watchdesk-walls")
