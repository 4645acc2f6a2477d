"""Every function that reads clients' rows shows nobody another client's.

The functions are found, not listed: one that is added without a row here fails.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model

from server_stub.audit import queries as audit_queries
from server_stub.audit.models import AuditEntry
from server_stub.audit.record import record
from server_stub.clients import queries as client_queries
from server_stub.clients.models import Agreement, Client, Device, Site
from server_stub.clients.scope import ALL, Scope
from server_stub.contacts import queries as contact_queries
from server_stub.contacts.models import Attachment, Report
from server_stub.errors import NotFoundError
from server_stub.fleet import queries as fleet_queries
from server_stub.fleet.models import Member
from server_stub.knowledge import queries as knowledge_queries
from server_stub.knowledge.models import Note
from server_stub.quiet import queries as quiet_queries
from server_stub.quiet.models import HeldBack, MaintenanceWindow
from server_stub.sla.models import Clock
from server_stub.tickets import queries as ticket_queries
from server_stub.tickets.models import (
    NOT_DUE,
    Link,
    Notice,
    Participant,
    Ticket,
    TimelineEntry,
)
from tests.support.databases import ServerDatabase
from tests.support.filed_reports import a_filed_report
from tests.support.fleet_rows import a_held_back, a_member, a_window
from tests.support.rows import NOW, a_client, a_clock, a_device, a_note, a_site, a_ticket, an_entry


@dataclass(frozen=True)
class World:
    """One client with one row of everything."""

    client: Client
    site: Site
    device: Device
    ticket: Ticket
    entry: TimelineEntry
    clock: Clock
    report: Report
    attachment: Attachment
    note: Note
    link: Link
    participant: Participant
    notice: Notice
    alike: Ticket
    accepted: Ticket


def a_world(name: str) -> World:
    client = a_client(name)
    site = a_site(client, f"{name} site")
    device = a_device(client, f"{name} pc")
    ticket = a_ticket(client, device=device)
    report = a_filed_report(ticket, name)
    attachment = report.attachments.get()
    entry, clock = an_entry(ticket), a_clock(ticket)
    note = a_note(client, name)
    Agreement.objects.create(client=client, name="premium", starts=NOW)
    a_held_back(device, window=a_window(client))
    record("kim@desk.example", "page", "probe", client_id=client.id)
    a_member(device, ticket, site)
    alike = a_ticket(client, ticket.title)
    return World(
        client,
        site,
        device,
        ticket,
        entry,
        clock,
        report,
        attachment,
        note,
        Link.objects.create(ticket=ticket, other=alike, kind="related"),
        Participant.objects.create(ticket=ticket, email=f"a@{client.id}.example"),
        Notice.objects.create(ticket=ticket, kind="warning", to="x", text="x", send_at=NOW),
        alike,
        a_ticket(client, accepted_until=NOT_DUE),
    )


def locked(scope: Scope, number: int) -> Ticket:
    with transaction.atomic():
        return ticket_queries.locked(scope, number)


def of(model: type[Model], world: World) -> Model:
    """Return the one row of a client."""
    return model._default_manager.get(client=world.client)


Call = Callable[[Scope, World], Iterable[object]]

CALLS: dict[str, tuple[Call, Callable[[World], object]]] = {
    "clients": (lambda scope, _: client_queries.clients(scope), lambda w: w.client),
    "client": (lambda scope, w: [client_queries.client(scope, w.client.id)], lambda w: w.client),
    "client_named": (
        lambda scope, w: [client_queries.client_named(scope, w.client.name)],
        lambda w: w.client,
    ),
    "sites": (lambda scope, _: client_queries.sites(scope), lambda w: w.site),
    "site": (
        lambda scope, w: [client_queries.site(scope, w.client, w.site.id)],
        lambda w: w.site,
    ),
    "site_named": (
        lambda scope, w: [client_queries.site_named(scope, w.client, w.site.name)],
        lambda w: w.site,
    ),
    "agreements": (
        lambda scope, w: client_queries.agreements(scope, w.client),
        lambda w: of(Agreement, w),
    ),
    "agreement": (
        lambda scope, w: [client_queries.agreement(scope, w.client, of(Agreement, w).pk)],
        lambda w: of(Agreement, w),
    ),
    "devices": (lambda scope, _: client_queries.devices(scope), lambda w: w.device),
    "device_named": (
        lambda scope, w: [client_queries.device_named(scope, w.device.name)],
        lambda w: w.device,
    ),
    "device": (lambda scope, w: [client_queries.device(scope, w.device.id)], lambda w: w.device),
    "tickets": (lambda scope, _: ticket_queries.tickets(scope), lambda w: w.ticket),
    "unresolved": (lambda scope, _: ticket_queries.unresolved(scope), lambda w: w.ticket),
    "queue": (lambda scope, _: ticket_queries.queue(scope).tickets, lambda w: w.ticket),
    "ticket": (lambda scope, w: [ticket_queries.ticket(scope, w.ticket.id)], lambda w: w.ticket),
    "locked": (lambda scope, w: [locked(scope, w.ticket.id)], lambda w: w.ticket),
    "reports": (lambda scope, w: contact_queries.reports(scope, w.ticket.id), lambda w: w.report),
    "attachments": (
        lambda scope, w: contact_queries.attachments(scope, w.ticket.id),
        lambda w: w.attachment,
    ),
    "contacts": (
        lambda scope, w: contact_queries.contacts(scope, w.client.id),
        lambda w: w.report.contact,
    ),
    "contact": (
        lambda scope, w: [contact_queries.contact(scope, w.client.id, w.report.contact.pk)],
        lambda w: w.report.contact,
    ),
    "notes": (lambda scope, _: knowledge_queries.notes(scope), lambda w: w.note),
    "note": (lambda scope, w: [knowledge_queries.note(scope, w.note.id)], lambda w: w.note),
    "notes_counted": (lambda scope, _: knowledge_queries.notes_counted(scope), lambda w: w.note),
    "entries": (
        lambda scope, _: audit_queries.entries(scope),
        lambda w: AuditEntry.objects.get(client=w.client.id),
    ),
    "windows": (lambda scope, _: quiet_queries.windows(scope), lambda w: of(MaintenanceWindow, w)),
    "window": (
        lambda scope, w: [quiet_queries.window(scope, of(MaintenanceWindow, w).pk)],
        lambda w: of(MaintenanceWindow, w),
    ),
    "held_back": (lambda scope, _: quiet_queries.held_back(scope), lambda w: of(HeldBack, w)),
    "members": (
        lambda scope, w: fleet_queries.members(scope, w.ticket.id),
        lambda w: Member.objects.get(device=w.device),
    ),
    "links": (lambda scope, w: ticket_queries.links(scope, w.ticket.id), lambda w: w.link),
    "participants": (
        lambda scope, w: ticket_queries.participants(scope, w.ticket.id),
        lambda w: w.participant,
    ),
    "notices": (lambda scope, w: ticket_queries.notices(scope, w.ticket.id), lambda w: w.notice),
    "acceptances": (lambda scope, _: ticket_queries.acceptances(scope), lambda w: w.accepted),
    "like": (lambda scope, w: ticket_queries.like(scope, w.ticket.id), lambda w: w.alike),
    "timeline": (lambda scope, w: ticket_queries.timeline(scope, w.ticket.id), lambda w: w.entry),
    "clocks": (lambda scope, w: ticket_queries.clocks(scope, w.ticket.id), lambda w: w.clock),
    "clocks_of": (
        lambda scope, w: ticket_queries.clocks_of(scope, [w.ticket])[w.ticket.id],
        lambda w: w.clock,
    ),
}


def found(call: Call, scope: Scope, world: World) -> list[object]:
    try:
        return list(call(scope, world))
    except NotFoundError:
        return []


def takes_a_scope(function: Any) -> bool:
    return inspect.isfunction(function) and "scope" in inspect.signature(function).parameters


@pytest.mark.parametrize(
    "module",
    [
        *(
            audit_queries,
            client_queries,
            contact_queries,
            fleet_queries,
            knowledge_queries,
            quiet_queries,
        ),
        ticket_queries,
    ],
    ids=["audit", "clients", "contacts", "fleet", "knowledge", "quiet", "tickets"],
)
def test_every_query_function_takes_a_scope_first_and_is_tested_here(module: Any) -> None:
    public = {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
        and name != "most_like"  # reads no rows itself
    }

    assert public
    for name, function in public.items():
        first = next(iter(inspect.signature(function).parameters.values()))
        assert first.name == "scope", name
        assert first.default is inspect.Parameter.empty, name
        assert name in CALLS, f"{name} is not probed"


def test_each_query_shows_a_scope_its_own_clients_rows_and_no_others(
    database: ServerDatabase,
) -> None:
    mine, other = a_world("Mine"), a_world("Other")

    for name, (call, row) in CALLS.items():
        own = Scope.of([mine.client.id])
        assert row(mine) in found(call, own, mine), name
        assert row(other) not in found(call, own, mine), name
        assert row(other) not in found(call, own, other), name
        assert found(call, Scope.of([]), mine) == [], name
        assert row(other) in found(call, ALL, other), name


def test_foreign_and_missing_are_told_alike(database: ServerDatabase) -> None:
    mine, other = a_world("Mine"), a_world("Other")
    own = Scope.of([mine.client.id])

    with pytest.raises(NotFoundError) as foreign:
        ticket_queries.ticket(own, other.ticket.id)
    with pytest.raises(NotFoundError) as missing:
        ticket_queries.ticket(own, 10**9)

    assert str(foreign.value).replace(str(other.ticket.id), "N") == str(missing.value).replace(
        str(10**9), "N"
    )


def test_a_suggestion_never_names_a_foreign_client(database: ServerDatabase) -> None:
    mine, _ = a_client("Mine"), a_client("Acme")

    with pytest.raises(NotFoundError) as told:
        client_queries.client_named(Scope.of([mine.id]), "Acmee")

    assert "Acme'?" not in str(told.value)
