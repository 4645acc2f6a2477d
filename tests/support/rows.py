"""Rows for tests, each with the least one must say: ``a_ticket(client, priority="high")``."""

import itertools
from datetime import UTC, datetime
from typing import Any

from agent.protocol.ids import uuid7
from server_stub.clients.models import Client, Device, Site
from server_stub.desk.models import Role, Technician
from server_stub.knowledge.models import Note
from server_stub.sla.models import Clock, PolicyVersion
from server_stub.tickets.models import Ticket, TimelineEntry

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning."""

_MADE_MS = int(NOW.timestamp() * 1000)
_numbers = itertools.count(1)


def a_client(name: str = "", **fields: Any) -> Client:
    """Return a new client."""
    return Client.objects.create(name=name or f"Client {next(_numbers)}", **fields)


def a_site(client: Client, name: str = "", **fields: Any) -> Site:
    """Return a new site of a client."""
    return Site.objects.create(client=client, name=name or f"Site {next(_numbers)}", **fields)


def a_device(client: Client, name: str = "", **fields: Any) -> Device:
    """Return a new Linux workstation of a client."""
    number = next(_numbers)
    given = {
        "id": uuid7(_MADE_MS + number),  # later ones sort later, also within a millisecond
        "name": name or f"pc-{number}",
        "kind": "workstation",
        "os": "linux",
        "agent_version": "0.1.0",
        "token_hash": f"{number:064x}",
    }
    return Device.objects.create(client=client, **(given | fields))


def a_ticket(client: Client, title: str = "", **fields: Any) -> Ticket:
    """Return a new unresolved ticket of a client, priority normal."""
    given = {"priority": "normal", "title": title or f"Matter {next(_numbers)}"} | fields
    ticket = Ticket.objects.create(client=client, **given)
    ticket.refresh_from_db()  # the defaults that the database set
    return ticket


def an_entry(ticket: Ticket, kind: str = "note", **fields: Any) -> TimelineEntry:
    """Return a new timeline entry of a ticket."""
    return TimelineEntry.objects.create(ticket=ticket, kind=kind, **fields)


def a_note(client: Client | None, title: str = "", **fields: Any) -> Note:
    """Return a new note, for everybody without a client."""
    given = {"title": title or f"Note {next(_numbers)}", "text": "Restart it."} | fields
    return Note.objects.create(client=client, **given)


def a_policy_version(name: str = "default", **fields: Any) -> PolicyVersion:
    """Return a new version of a policy (its text is not one)."""
    given = {"text": "not a policy", "hash": f"{next(_numbers):064x}"} | fields
    return PolicyVersion.objects.create(name=name, **given)


def a_clock(ticket: Ticket, name: str = "response", **fields: Any) -> Clock:
    """Return a new running clock of a ticket, started at ``NOW``."""
    version = fields.pop("policy_version", None) or a_policy_version()
    given = {"started_at": NOW} | fields
    return Clock.objects.create(ticket=ticket, name=name, policy_version=version, **given)


def a_technician(email: str = "", *clients: Client, **fields: Any) -> Technician:
    """Return a new technician who sees only ``clients``, everything when there are none.

    The password is unusable: hashing one costs a tenth of a second.
    """
    given = {"role": Role.TECHNICIAN, "limited": bool(clients)} | fields
    technician = Technician(email=email or f"tech{next(_numbers)}@example.org", **given)
    technician.set_unusable_password()
    technician.save()
    technician.clients.set(clients)
    return technician
