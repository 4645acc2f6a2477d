"""Where new tickets begin, with what waits there already."""

import pytest

from agent.protocol.words import Priority
from server_stub.tickets.models import Ticket
from tests.server_stub.tickets.desk import opened
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_what_waits_with_another_policys_level_fills_no_queue(database: ServerDatabase) -> None:
    """Levels are a policy's own: another one's first level are other people."""
    for _ in range(20):
        opened("managed-provider", client=a_client(policy="managed-provider"))
    Ticket.objects.update(level=1)

    assert opened("three-line-helpdesk").level == 1


def test_what_waits_with_the_same_level_of_any_client_does(database: ServerDatabase) -> None:
    for _ in range(20):
        opened("three-line-helpdesk", priority=Priority.LOW)

    assert Ticket.objects.filter(level=2).count() == 0
    assert opened("three-line-helpdesk").level == 2
