"""What people of the desk do to tickets is in the audit log, in the transaction of it."""

import pytest

from server_stub.audit.models import AuditEntry
from server_stub.clients.scope import ALL
from server_stub.errors import ConflictError
from server_stub.tickets import acts
from server_stub.tickets.actions import amend
from server_stub.tickets.amendment import Actor
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_ticket

KIM = Actor("kim@desk.example")


def test_an_act_is_written_down_with_who_and_how(database: ServerDatabase) -> None:
    ticket = a_ticket(a_client())

    amend(ALL, ticket.id, KIM, acts.reply("On my way."), acts.note("x"), now=NOW)
    amend(ALL, ticket.id, Actor("ana@desk.example", "api"), acts.note("y"), now=NOW)

    first, second = AuditEntry.objects.order_by("id")
    assert (first.who, first.via, first.client) == ("kim@desk.example", "page", ticket.client_id)
    assert (first.act, first.subject) == ("reply, status, note", f"ticket {ticket.id}")
    assert (second.who, second.via, second.act) == ("ana@desk.example", "api", "note")
    assert "On my way" not in first.detail, "what was said is on the timeline alone"


def test_what_was_refused_leaves_no_trace(database: ServerDatabase) -> None:
    ticket = a_ticket(a_client())

    with pytest.raises(ConflictError):
        amend(ALL, ticket.id, KIM, acts.note("x"), acts.reopen(), now=NOW)

    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("actor", [Actor("server"), Actor("rui@client.example", "tray")])
def test_the_server_and_contacts_are_on_the_timeline_alone(
    database: ServerDatabase, actor: Actor
) -> None:
    ticket = a_ticket(a_client())

    amend(ALL, ticket.id, actor, acts.note("x"), now=NOW)

    assert not AuditEntry.objects.exists()
