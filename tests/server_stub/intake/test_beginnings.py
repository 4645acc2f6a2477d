"""What a monitor's ticket is at first, and when somebody looks at it that nobody touched."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.db import transaction

from agent.protocol.events import AlertEvent
from agent.protocol.words import Priority
from server_stub.clients.models import Device
from server_stub.intake import promises
from server_stub.intake.credentials import known_devices
from server_stub.intake.decode import Arrived
from server_stub.intake.group import Request, store
from server_stub.sla.models import Clock
from server_stub.sla.policy import PolicyError, load
from server_stub.tickets.due import ACTS
from server_stub.tickets.models import Ticket
from server_stub.work.engine import Outcome, claim, perform
from server_stub.work.models import DueWork
from tests.server_stub.intake.messages import an_event, resolved
from tests.server_stub.tickets.desk import a_policy, notices, told
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device, a_site

MONDAY = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _forgotten(database: ServerDatabase) -> None:
    """A version's number means another one in another database."""
    promises._policy.cache_clear()
    promises._first_due.cache_clear()


def a_server(policy: str) -> Device:
    """Return a server of a client that follows a shipped policy."""
    a_policy(policy)
    client = a_client(policy=policy)
    return a_device(client, kind="server", site=a_site(client, time_zone="Europe/London"))


def take(device: Device, event: AlertEvent, at: datetime = MONDAY) -> None:
    """Store an event as the intake does."""
    arrived = Arrived(event, sha256(event.to_text().encode()).digest())
    with transaction.atomic():
        store([Request(known_devices([device.id])[device.id], [arrived])], at)


def work(at: datetime) -> None:
    """Do what is due at an instant, as a worker does."""
    for one in claim(sorted(ACTS), at):
        assert perform(one, ACTS[one.kind], at) is Outcome.DONE


def looks() -> dict[str, datetime]:
    """Return when each clock is looked at."""
    rows = DueWork.objects.filter(kind="clock").values_list("key", "due_at")
    return {key.partition(":")[2]: due_at for key, due_at in rows}


def test_its_type_is_one_that_the_policy_lists(database: ServerDatabase) -> None:
    take(a_server("software-vendor"), an_event(priority=Priority.HIGH))

    ticket = Ticket.objects.get()
    assert (ticket.type, ticket.level) == ("fault", 1)
    assert set(Clock.objects.values_list("name", flat=True)) >= {"response", "review", "resolution"}


@SQLITE
def test_001_14_a_pressing_alert_begins_with_advanced_support(database: ServerDatabase) -> None:
    """Escalated if necessary, without the client's input: levels take alerts as they take calls."""
    device = a_server("managed-provider")
    take(device, an_event(priority=Priority.URGENT, fingerprint="pressing:C:"))
    take(device, an_event(priority=Priority.LOW, fingerprint="idle:C:"))

    pressing, idle = Ticket.objects.order_by("id")
    assert (pressing.type, pressing.level) == ("incident", 2)
    assert told(pressing, "opened")[0]["routed"] == "Advanced support takes it"
    assert (idle.level, "routed" in told(idle, "opened")[0]) == (1, False)


@SQLITE
def test_001_14_what_nobody_touched_is_warned_of_before_it_is_late(
    database: ServerDatabase,
) -> None:
    """The shares that the policy names hold for alerts, too: 50 % of 15 minutes, of 1 h 75 %."""
    take(a_server("managed-provider"), an_event(priority=Priority.URGENT))
    half, most = MONDAY + timedelta(minutes=7.5), MONDAY + timedelta(minutes=45)
    assert looks() == {"response": half, "resolution": most}

    work(half)

    ticket = Ticket.objects.get()
    assert [(e["clock"], e["share"]) for e in told(ticket, "warned")] == [("response", 50)]
    assert ("warning", "role:dispatcher") in notices(ticket)
    assert not ticket.touched
    assert looks() == {"response": MONDAY + timedelta(minutes=11.25), "resolution": most}


@SQLITE
def test_what_was_told_is_not_told_again_when_the_monitor_reopens_it(
    database: ServerDatabase,
) -> None:
    device = a_server("managed-provider")
    event = an_event(priority=Priority.URGENT)
    take(device, event)
    half = MONDAY + timedelta(minutes=7.5)
    work(half)
    ended = resolved(event)
    take(device, ended, half)
    assert looks() == {}

    take(device, an_event(priority=Priority.URGENT, sequence=1), half)

    assert Ticket.objects.get().status == "open"
    assert looks()["response"] == MONDAY + timedelta(minutes=11.25)


def test_a_type_of_alerts_that_needs_approval_is_told_with_its_place() -> None:
    text = """\
version: 1
title: T
approved_by: A
release_date: 2026-01-05
next_review: 2027-01-05
calendars: {}
statuses: {new: running, open: running, waiting: paused, resolved: stopped, closed: stopped}
types: {fault: Fault, project: {title: Project, approval: manager}}
targets: []
monitors: {type: project}
"""
    with pytest.raises(PolicyError, match="10:18: nobody asks for an alert"):
        load(text)
