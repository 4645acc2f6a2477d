from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from server_stub.tickets.models import NOT_DUE, Ticket, TimelineEntry
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_device, a_ticket, an_entry


def test_an_alert_has_at_most_one_unresolved_ticket(database: ServerDatabase) -> None:
    client = a_client()
    key = f"{a_device(client).id}:disk:/"
    first = a_ticket(client, alert_key=key)

    with pytest.raises(IntegrityError), transaction.atomic():
        a_ticket(client, alert_key=key)

    first.status, first.resolved_at = "resolved", NOW
    first.save()
    a_ticket(client, alert_key=key)


def test_tickets_without_an_alert_do_not_exclude_each_other(database: ServerDatabase) -> None:
    client = a_client()

    a_ticket(client)
    a_ticket(client)

    assert Ticket.objects.filter(alert_key__isnull=True).count() == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "resolved"},
        {"status": "closed"},
        {"status": "open", "resolved_at": NOW},
        {"status": "opne"},
        {"status": "opne", "resolved_at": NOW},
    ],
)
def test_resolved_at_and_status_cannot_contradict_each_other(
    database: ServerDatabase, fields: dict[str, Any]
) -> None:
    client = a_client()

    with pytest.raises(IntegrityError), transaction.atomic():
        a_ticket(client, **fields)


def test_a_ticket_without_a_running_clock_is_not_due(database: ServerDatabase) -> None:
    client = a_client()

    assert a_ticket(client).due_at is None
    assert a_ticket(client, next_due_at=NOW).due_at == NOW
    assert a_ticket(client).next_due_at == NOT_DUE


def test_plain_sql_may_leave_out_every_column_with_a_default(database: ServerDatabase) -> None:
    """The intake writes sets of rows by SQL, past Django's own defaults."""
    client = a_client()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_ticket (client_id, title, priority) VALUES (%s, %s, %s)",
            [client.id, "Low disk space", "high"],
        )
    ticket = Ticket.objects.get()

    assert (ticket.status, ticket.type, ticket.level, ticket.source) == (
        "new",
        "incident",
        1,
        "monitor",
    )
    assert (ticket.touched, ticket.occurrences, ticket.next_due_at) == (False, 1, NOT_DUE)
    assert abs(ticket.created_at - ticket.updated_at) < timedelta(seconds=1)


def test_an_entry_keeps_its_payload_as_the_text_that_came(database: ServerDatabase) -> None:
    text = '{"z":1,"a":"é"}'
    entry = an_entry(a_ticket(a_client()), payload=text)
    entry = TimelineEntry.objects.get(id=entry.id)

    assert entry.payload == text
    assert entry.tree == {"z": 1, "a": "é"}
    assert an_entry(entry.ticket).tree == {}
