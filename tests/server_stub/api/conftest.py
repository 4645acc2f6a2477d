"""A desk with one client and one ticket, and a program that calls."""

import pytest

from server_stub.clients.scope import ALL
from server_stub.sla.models import PolicyVersion
from server_stub.sla.policy import DEFAULT, load
from server_stub.tickets.actions import Draft, open_ticket
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import Ticket
from tests.server_stub.api.caller import Caller, a_caller
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_site


@pytest.fixture
def policy(database: ServerDatabase) -> PolicyVersion:
    """Return the default policy, stored as ``init`` does."""
    found = load(DEFAULT)
    return PolicyVersion.objects.create(name="default", hash=found.hash, text=found.text)


@pytest.fixture
def ticket(policy: PolicyVersion) -> Ticket:
    """Return a new ticket of Harbour Dental at its site in London."""
    client = a_client("Harbour Dental")
    site = a_site(client, "Quay Street", time_zone="Europe/London")
    draft = Draft(client, "The printer is out", site=site)
    return open_ticket(ALL, Actor("ana@desk.example", "api"), draft, NOW)


@pytest.fixture
def api(policy: PolicyVersion) -> Caller:
    """Return a program whose key sees everything."""
    return a_caller()
