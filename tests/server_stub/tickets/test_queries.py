from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from server_stub import walls
from server_stub.clients.scope import ALL, Scope
from server_stub.tickets.models import Ticket
from server_stub.tickets.queries import Only, clocks_of, queue, ticket, timeline, unresolved
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_clock, a_device, a_site, a_ticket, an_entry


def titles(tickets: object) -> list[str]:
    assert hasattr(tickets, "__iter__")
    return [row.title for row in tickets]


def test_the_queue_is_what_is_due_first_and_the_dueless_last(database: ServerDatabase) -> None:
    client = a_client()
    a_ticket(client, "no clock")
    a_ticket(client, "tomorrow", next_due_at=NOW + timedelta(days=1))
    a_ticket(client, "late", next_due_at=NOW - timedelta(hours=1))
    a_ticket(client, "soon", next_due_at=NOW + timedelta(microseconds=1))
    a_ticket(client, "done", status="resolved", resolved_at=NOW, next_due_at=NOW)

    assert titles(queue(ALL).tickets) == ["late", "soon", "tomorrow", "no clock"]


def test_paging_through_the_queue_shows_every_ticket_once(database: ServerDatabase) -> None:
    """Many tickets are due at the same instant; those without a clock all are."""
    client = a_client()
    for number in range(25):
        due = {"next_due_at": NOW + timedelta(minutes=number // 4)} if number < 16 else {}
        a_ticket(client, f"{number:02}", **due)

    seen: list[str] = []
    place = None
    while True:
        page = queue(ALL, after=place, limit=4)
        seen += titles(page.tickets)
        place = page.next
        if place is None:
            break

    assert seen == [f"{number:02}" for number in range(25)]


def test_the_last_full_page_has_no_next(database: ServerDatabase) -> None:
    client = a_client()
    for _ in range(4):
        a_ticket(client)

    assert queue(ALL, limit=4).next is None
    assert queue(ALL, limit=3).next is not None
    assert queue(Scope.of([]), limit=3).next is None


def test_who_sees_some_clients_pages_through_theirs_in_order(database: ServerDatabase) -> None:
    mine = [a_client(), a_client(), a_client()]
    for hours in range(9):
        a_ticket(mine[hours % 3], title=str(hours), next_due_at=NOW + timedelta(hours=hours))
        a_ticket(a_client(), title="another's", next_due_at=NOW + timedelta(hours=hours))
    a_ticket(mine[0], title="8, too", next_due_at=NOW + timedelta(hours=8))
    a_ticket(mine[1], title="no clock")
    scope = Scope.of([client.id for client in mine])
    pages, place = [], None
    while True:
        page = queue(scope, after=place, limit=4)
        pages.append(titles(page.tickets))
        place = page.next
        if place is None:
            break

    assert pages == [
        ["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "8, too", "no clock"]
    ]  # fmt: skip


def test_filters_narrow_the_queue_together(database: ServerDatabase) -> None:
    acme, other = a_client(), a_client()
    a_ticket(acme, "match", status="open", priority="high")
    a_ticket(acme, "status", status="new", priority="high")
    a_ticket(acme, "priority", status="open", priority="low")
    a_ticket(other, "client", status="open", priority="high")

    only = Only(status="open", priority="high", client=acme.id)

    assert titles(unresolved(ALL, only)) == ["match"]
    assert titles(queue(ALL, only=only).tickets) == ["match"]
    assert titles(queue(Scope.of([other.id]), only=only).tickets) == []


def test_a_page_of_the_queue_costs_the_same_queries_however_long(
    database: ServerDatabase,
) -> None:
    client = a_client()
    site = a_site(client)
    for _ in range(7):
        a_clock(a_ticket(client, site=site, device=a_device(client)))

    with CaptureQueriesContext(connection) as counted:
        page = queue(ALL)
        clocks = clocks_of(ALL, page.tickets)
        for row in page.tickets:
            assert row.client.name
            assert row.site is not None
            assert row.device is not None
            assert row.device.name
            assert len(clocks[row.id]) == 1

    assert len(counted) == 2


def plan_of(captured: CaptureQueriesContext) -> str:
    """Return how the database would execute the last of these statements."""
    sql = captured.captured_queries[-1]["sql"]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
        return "\n".join(str(row) for row in cursor.fetchall())


def test_a_narrowed_queue_reads_its_tickets_by_their_numbers(database: ServerDatabase) -> None:
    """SQLite took the index of the other conditions and read every new ticket: 1,000,000."""
    client = a_client()
    Ticket.objects.bulk_create(
        Ticket(client=client, title=str(n), priority="low", status="new", next_due_at=NOW)
        for n in range(3000)
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    with CaptureQueriesContext(connection) as captured:
        page = queue(ALL, only=Only(status="new"), limit=3)
    plan = plan_of(captured)

    assert len(page.tickets) == 3
    assert "tickets_ticket USING INTEGER PRIMARY KEY" in plan or "ticket_pkey" in plan, plan


@pytest.mark.parametrize("limited", [False, True])
def test_the_queue_is_read_from_an_index_without_sorting(
    database: ServerDatabase, *, limited: bool
) -> None:
    """Sorting would read every unresolved ticket for every page."""
    client = a_client()
    Ticket.objects.bulk_create(
        Ticket(
            client=client,
            title=str(n),
            priority="low",
            status="new",
            next_due_at=NOW + timedelta(n),
        )
        for n in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    scope = Scope.of([client.id]) if limited else ALL
    place = queue(scope).next

    with CaptureQueriesContext(connection) as captured:
        queue(scope, after=place)
    plan = plan_of(captured)

    assert "ticket_queue" in plan, plan
    assert "TEMP B-TREE" not in plan, plan
    assert "Sort " not in plan, plan


def test_the_queue_of_some_clients_is_not_sorted_either(postgresql: ServerDatabase) -> None:
    """The planner took what the second wall lets pass for a two-hundredth: 200 ms for a page."""
    clients = [a_client() for _ in range(50)]
    Ticket.objects.bulk_create(
        Ticket(
            client=client, title="", priority="low", status="new", next_due_at=NOW + timedelta(n)
        )
        for client in clients
        for n in range(200)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    some = frozenset(client.id for client in clients[:40])

    with walls.seen_by(some), CaptureQueriesContext(connection) as captured:
        queue(Scope(some))
        plan = plan_of(captured)

    assert "ticket_queue" in plan, plan
    assert "Sort " not in plan, plan


def test_a_ticket_comes_with_its_device_and_the_timeline_in_order(
    database: ServerDatabase,
) -> None:
    client = a_client()
    number = a_ticket(client, device=a_device(client, facts='{"computer":"pc"}')).id
    row = Ticket.objects.get(id=number)
    for kind in ("opened", "changed", "resolved"):
        an_entry(row, kind, at=NOW)

    found = ticket(ALL, number)

    assert found.device is not None
    assert found.device.facts_tree == {"computer": "pc"}
    assert [entry.kind for entry in timeline(ALL, number)] == ["opened", "changed", "resolved"]
