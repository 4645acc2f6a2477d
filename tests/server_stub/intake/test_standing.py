"""A monitor's ticket gets the words of its device's agreement and importance; both databases."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from agent.protocol.words import Change, Evaluation, Priority
from server_stub.clients.agreements import Terms, agree, end, set_importance
from server_stub.intake import promises
from server_stub.intake.application import DeviceRoutes
from server_stub.intake.credentials import KnownDevice, known_devices
from server_stub.sla.clocks import account, policy_of
from server_stub.sla.models import Clock, PolicyVersion
from server_stub.sla.policy import load
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import an_event, events_body, next_event
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_device, a_site

POLICY = """\
version: 1
title: Ours
approved_by: The board
release_date: 2026-01-05
next_review: 2027-01-05
calendars: {always: {zone: UTC, hours: always}}
statuses: {new: running, open: running, waiting: paused, resolved: stopped, closed: stopped}
targets:
  - {when: {importance: vip}, calendar: always, response: none, resolution: 1h}
  - when: {agreement: premium, importance: [normal, key]}
    calendar: always
    response: none
    resolution: 4h
  - {when: {agreement: none}, calendar: always, response: none, resolution: 80h}
  - {calendar: always, response: none, resolution: 8h}
"""
LONG_AGO = date(2020, 1, 1)


@pytest.fixture
def chosen(database: ServerDatabase, policy: PolicyVersion) -> PolicyVersion:
    """Return a policy whose targets choose by both words."""
    promises._policy.cache_clear()
    promises._first_due.cache_clear()
    found = load(POLICY)
    return PolicyVersion.objects.create(name="default", hash=found.hash, text=found.text)


def promised() -> timedelta:
    """Return the target of the one clock; its ledger must say the same."""
    ticket, clock = Ticket.objects.get(), Clock.objects.get()
    assert clock.due_at
    entries = list(ticket.timeline.order_by("id"))
    zone = ticket.site.time_zone if ticket.site else "UTC"
    [ledger] = account(policy_of(clock.policy_version), ticket, entries, clock.started_at, zone)
    assert ledger.due_at == clock.due_at, "what was promised is what the ledger tells"
    assert ticket.next_due_at == clock.due_at
    return clock.due_at - clock.started_at


def opened() -> dict[str, Any]:
    entry = Ticket.objects.get().timeline.earliest("id")
    assert entry.kind == "opened"
    return {k: v for k, v in entry.tree.items() if k.startswith(("agreement", "importance"))}


def test_without_agreement_and_importance_nothing_grows(
    chosen: PolicyVersion, device: Caller
) -> None:
    device.post("events", events_body(an_event()))

    assert opened() == {}
    assert promised() == timedelta(hours=80)


def test_a_ticket_has_the_words_of_the_narrowest_agreement(
    chosen: PolicyVersion, routes: DeviceRoutes, new_device: Callable[..., Caller]
) -> None:
    client = a_client()
    site = a_site(client, time_zone="Europe/Paris")
    caller = new_device(client=client, site=site)
    agree(client, Terms("standard", LONG_AGO))
    narrow = agree(client, Terms("premium", LONG_AGO, sites=[site]))
    set_importance(client, "key")

    caller.post("events", events_body(an_event()))

    assert opened() == {
        "agreement": "premium",
        "agreement_number": narrow.id,
        "importance": "key",
    }
    assert promised() == timedelta(hours=4)


def test_what_is_agreed_later_changes_no_promise(
    chosen: PolicyVersion, routes: DeviceRoutes, new_device: Callable[..., Caller]
) -> None:
    """The clocks of a ticket that the monitor itself changes are reckoned anew, from its words."""
    client = a_client()
    caller = new_device(client=client)
    first = agree(client, Terms("premium", LONG_AGO))
    event = an_event()
    caller.post("events", events_body(event))
    end(first, LONG_AGO, LONG_AGO)
    set_importance(client, "vip")

    graver = next_event(
        event, change=Change.CHANGED, evaluation=Evaluation.CRITICAL, priority=Priority.HIGH
    )
    caller.post("events", events_body(graver))

    assert Ticket.objects.get().priority == "high"
    assert promised() == timedelta(hours=4)


def test_a_devices_importance_counts_when_it_is_the_greater(
    chosen: PolicyVersion, routes: DeviceRoutes, new_device: Callable[..., Caller]
) -> None:
    caller = new_device(client=a_client(importance="key"), importance="vip")

    caller.post("events", events_body(an_event()))

    assert opened() == {"importance": "vip"}
    assert promised() == timedelta(hours=1)


def test_devices_known_by_their_ids_bring_the_same(database: ServerDatabase) -> None:
    """By these the server's own alerts are opened: a silent device, what was held back."""
    client = a_client(importance="vip")
    site = a_site(client)
    one, other = a_device(client, site=site), a_device(client)
    number = agree(client, Terms("gold", LONG_AGO, ends=NOW.date(), devices=[one])).id

    known = known_devices([one.id, other.id])

    assert known[one.id].importance == known[other.id].importance == "vip"
    assert [tuple(cover) for cover in known[one.id].covers] == [
        (2, LONG_AGO, NOW.date(), "gold", number)
    ]
    assert known[other.id].covers == ()


def test_the_day_is_that_of_the_devices_site(sqlite: ServerDatabase) -> None:
    client = a_client()
    agree(client, Terms("gold", date(2026, 3, 3)))
    [found] = known_devices([a_device(client).id]).values()
    late = NOW.replace(hour=23, minute=30)

    def at(zone: str) -> str:
        known = KnownDevice(found.id, client.id, None, zone, None, covers=found.covers)
        return promises.standing_of(known, late).agreement

    assert (at("UTC"), at("Asia/Tokyo"), at("No/Where")) == ("none", "gold", "none")
