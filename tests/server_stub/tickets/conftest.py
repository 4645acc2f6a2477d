"""A ticket somebody works on, and who works on it."""

import pytest

from server_stub.clients.scope import ALL
from server_stub.sla.models import PolicyVersion
from server_stub.sla.policy import DEFAULT, load
from server_stub.tickets.actions import Draft, open_ticket
from server_stub.tickets.acts import Assignee
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import Ticket
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_site, a_technician

ANA = Actor("ana@desk.example", "api")


@pytest.fixture
def policy(database: ServerDatabase) -> PolicyVersion:
    """Return the default policy, stored as ``init`` does."""
    found = load(DEFAULT)
    return PolicyVersion.objects.create(name="default", hash=found.hash, text=found.text)


@pytest.fixture
def ticket(policy: PolicyVersion) -> Ticket:
    """Return a new ticket of priority normal, opened by REST on a Monday at 9:00 in London."""
    client = a_client("Harbour Dental")
    site = a_site(client, "Quay Street", time_zone="Europe/London")
    return open_ticket(ALL, ANA, Draft(client, "The printer is out", site=site), NOW)


@pytest.fixture
def kim(database: ServerDatabase) -> Assignee:
    """Return a technician who sees everything, as one who may be given tickets."""
    row = a_technician("kim@desk.example")
    return Assignee(row.id, row.email, row.scope)
