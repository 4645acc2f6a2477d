"""By which agreement people's tickets are promised, and how much they matter; both databases."""

from datetime import date, timedelta
from typing import Any

import pytest

from agent.protocol.words import Source
from server_stub.clients.agreements import Terms, agree
from server_stub.clients.models import Client, Device, Site
from server_stub.clients.scope import ALL
from server_stub.contacts import filing
from server_stub.contacts.models import Contact
from server_stub.sla.models import Clock, PolicyVersion
from server_stub.sla.policy import load
from server_stub.tickets.actions import Draft, open_ticket
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.reports import a_report
from tests.server_stub.intake.test_standing import POLICY
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_device, a_site, a_ticket, an_entry

ANA = Actor("ana@desk.example", "api")
LONG_AGO = date(2020, 1, 1)


@pytest.fixture
def places(database: ServerDatabase) -> tuple[Client, Site, Device]:
    """Return a client with a site and a device, whose policy's targets choose by both words."""
    found = load(POLICY)
    PolicyVersion.objects.create(name="default", hash=found.hash, text=found.text)
    client = a_client()
    site = a_site(client, time_zone="Europe/Paris")
    return client, site, a_device(client, site=site)


def opened(ticket: Ticket) -> dict[str, Any]:
    tree = ticket.timeline.earliest("id").tree
    return {k: v for k, v in tree.items() if k.startswith(("agreement", "importance"))}


def promised(ticket: Ticket) -> timedelta:
    clock = Clock.objects.get(ticket=ticket)
    assert clock.due_at
    return clock.due_at - clock.started_at


def test_a_technicians_ticket_has_the_words_of_its_places(
    places: tuple[Client, Site, Device],
) -> None:
    client, site, device = places
    usual = open_ticket(ALL, ANA, Draft(client, "x", source=Source.API), NOW)
    number = agree(client, Terms("premium", LONG_AGO, sites=[site])).id
    elsewhere = open_ticket(ALL, ANA, Draft(client, "x"), NOW)
    device.importance = "key"
    covered = open_ticket(ALL, ANA, Draft(client, "x", site=site, device=device), NOW)

    assert (opened(usual), opened(elsewhere)) == ({}, {})
    assert promised(usual) == promised(elsewhere) == timedelta(hours=80)
    assert opened(covered) == {
        "agreement": "premium",
        "agreement_number": number,
        "importance": "key",
    }
    assert promised(covered) == timedelta(hours=4)


def test_a_report_matters_as_much_as_who_filed_it(places: tuple[Client, Site, Device]) -> None:
    client, _, device = places
    first = filing.file(device, a_report(), NOW)
    assert opened(first) == {}
    Contact.objects.filter(client=client).update(importance="vip")

    second = filing.file(device, a_report(), NOW)

    assert opened(second) == {"importance": "vip"}
    assert promised(second) == timedelta(hours=1)


def test_a_ticket_that_somebody_who_matters_joins_matters_as_much(
    places: tuple[Client, Site, Device],
) -> None:
    client, site, device = places
    filing.file(device, a_report(), NOW)
    Contact.objects.filter(client=client).update(importance="vip")
    known = a_ticket(
        client,
        site=site,
        device=device,
        alert_key=f"{device.id}:disk",
        created_at=NOW,
        updated_at=NOW,
    )
    an_entry(known, "opened", at=NOW, actor="monitor", payload='{"priority": "normal"}')

    later = NOW + timedelta(minutes=10)
    assert filing.file(device, a_report(same_as="disk"), later).id == known.id

    change = known.timeline.get(kind="importance")
    assert (change.tree["from"], change.tree["to"]) == ("normal", "vip")
    assert change.tree["reason"]
    clock = Clock.objects.get(ticket=known)
    assert clock.due_at == NOW + timedelta(hours=1), "the new promise counts from the beginning"
