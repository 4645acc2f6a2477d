"""Tickets that are written down for somebody who called: who, how bad it is, whom they reached."""

import pytest

from server_stub.contacts.models import Contact
from server_stub.sla.models import PolicyVersion
from server_stub.tickets.models import Participant, Ticket, TimelineEntry
from tests.server_stub.api.caller import Caller
from tests.server_stub.tickets.desk import a_policy
from tests.support.rows import a_client, a_device

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def asked(api: Caller, policy: str, **body: object) -> Ticket:
    a_policy(policy)
    client = a_client(policy=policy)
    number = api.post("tickets", {"client": client.id, "title": "No sound", **body}, 201).tree
    return Ticket.objects.get(id=number["number"])


def test_a_contact_who_calls_takes_part_and_matters_as_ever(
    api: Caller, policy: PolicyVersion
) -> None:
    client = a_client()
    contact = Contact.objects.create(
        client=client,
        device=a_device(client),
        account="1000:eva",
        name="Eva",
        email="Eva@mill.example",
        importance="vip",
    )
    others = [{"name": "Rui", "email": "rui@mill.example"}]
    body = {"client": client.id, "title": "No sound", "contact": contact.pk, "participants": others}

    number = api.post("tickets", body, 201).tree["number"]

    entries = TimelineEntry.objects.filter(ticket=number).order_by("id")
    assert [entry.kind for entry in entries] == ["opened", "joined", "joined"]
    assert entries[0].tree["importance"] == "vip"
    rows = Participant.objects.filter(ticket=number).order_by("id")
    assert list(rows.values_list("name", "email", "contact")) == [
        ("Eva", "eva@mill.example", contact.pk),
        ("Rui", "rui@mill.example", 0),
    ]
    ticket = Ticket.objects.get(id=number)
    assert (ticket.touched, ticket.version) == (False, 0)
    elsewhere = {"client": a_client().id, "title": "No sound", "contact": contact.pk}
    assert api.post("tickets", elsewhere, 404).tree["detail"]


def test_urgency_and_impact_make_the_priority_and_the_first_level(api: Caller) -> None:
    graded = {"urgency": "now", "impact": "many", "complexity": "known"}
    ticket = asked(api, "managed-provider", **graded)

    assert (ticket.priority, ticket.level) == ("urgent", 2)
    assert ticket.timeline.get(kind="opened").tree.items() >= graded.items()
    twice = {"client": ticket.client_id, "title": "x", "priority": "low", **graded}
    assert "the matrix makes it" in api.post("tickets", twice, 422).tree["detail"]
    wrong = {"client": ticket.client_id, "title": "x", "urgency": "soon", "impact": "many"}
    assert "now, today, later" in api.post("tickets", wrong, 422).tree["detail"]


def test_who_turned_to_another_level_is_with_it_at_once(api: Caller) -> None:
    """003.10: 3rd line takes tickets of 2nd line, and those of its direct contacts."""
    ticket = asked(api, "three-line-helpdesk", level="3")

    assert ticket.level == 3
    assert ticket.timeline.get(kind="opened").tree["routed"] == "3rd line was contacted directly"
    none = {"client": ticket.client_id, "title": "x", "level": "7"}
    assert "1, 2, 3" in api.post("tickets", none, 422).tree["detail"]
