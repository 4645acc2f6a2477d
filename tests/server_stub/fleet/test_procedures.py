"""What the written procedures say of monitoring, with the policy files as shipped."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.db import transaction

from agent.protocol.words import Evaluation, Priority
from server_stub.clients.models import Client
from server_stub.fleet.sweep import sweep
from server_stub.intake import promises
from server_stub.intake.credentials import known_devices
from server_stub.intake.decode import Arrived
from server_stub.intake.group import Request, store
from server_stub.sla.models import Clock, PolicyVersion
from server_stub.sla.policy import DEFAULT
from server_stub.tickets.models import Ticket, TimelineEntry
from server_stub.work.models import DueWork
from tests.server_stub.intake.messages import an_event
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device, a_site

MONDAY = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


@pytest.fixture
def client(database: ServerDatabase) -> Client:
    """Return a managed client, which follows the procedure of the managed provider."""
    promises._policy.cache_clear()
    promises._first_due.cache_clear()
    text = DEFAULT.with_name("managed-provider.yaml").read_text(encoding="utf-8")
    digest = sha256(text.encode()).hexdigest()
    PolicyVersion.objects.create(name="managed-provider", hash=digest, text=text)
    return a_client(policy="managed-provider")


def test_001_14_critical_issues_make_tickets_by_themselves(client: Client) -> None:
    """Low disk space and a server that is gone: tickets with clocks, and no person's hand."""
    device = a_device(client, kind="server", site=a_site(client), last_seen_at=MONDAY)
    disk = an_event(evaluation=Evaluation.CRITICAL, priority=Priority.URGENT)
    arrived = Arrived(disk, sha256(disk.to_text().encode()).digest())
    with transaction.atomic():
        store([Request(known_devices([device.id])[device.id], [arrived])], MONDAY)
    for minutes in range(0, 24, 2):
        with transaction.atomic():
            sweep(MONDAY + timedelta(minutes=minutes))

    low_disk, gone = Ticket.objects.order_by("id")
    assert (low_disk.title, gone.fingerprint) == (disk.title, "device-silent")
    assert {low_disk.source, gone.source} == {"monitor"}
    assert set(TimelineEntry.objects.values_list("actor", flat=True)) == {"monitor"}
    response = Clock.objects.get(ticket=low_disk, name="response")
    assert response.due_at == MONDAY + timedelta(minutes=15)


def test_001_14_what_nobody_takes_up_is_looked_at_when_it_is_due(client: Client) -> None:
    """Escalated if necessary: each clock of such a ticket has its due work from the beginning."""
    device = a_device(client, kind="server", site=a_site(client), last_seen_at=MONDAY)
    for minutes in range(0, 24, 2):
        with transaction.atomic():
            sweep(MONDAY + timedelta(minutes=minutes))

    ticket = Ticket.objects.get(device=device)
    running = Clock.objects.filter(ticket=ticket, state="running", due_at__isnull=False)
    keys = {work.key for work in DueWork.objects.filter(kind="clock")}
    assert running.exists()
    assert {f"{ticket.id}:{clock.name}" for clock in running} == keys
