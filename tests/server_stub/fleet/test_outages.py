"""Devices of one site that fall silent together are one ticket."""

from datetime import timedelta

import pytest

from agent.protocol.words import LastWord
from server_stub.clients.models import Device
from server_stub.clients.scope import ALL
from server_stub.fleet.models import Member, Outage
from server_stub.fleet.parents import OUTAGE
from server_stub.quiet.actions import Plan, plan_window
from server_stub.quiet.active import KNOWN
from server_stub.quiet.models import HeldBack
from server_stub.sla.models import Clock
from server_stub.tickets.models import Link, Ticket, TimelineEntry
from tests.server_stub.fleet.conftest import Fleet
from tests.support.rows import a_site

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
of_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what is judged after it was read; how it is read and written, the others tell on both."""


def spread(fleet: Fleet, devices: list[Device]) -> None:
    """Let each have been heard last at its own moment within five minutes, as in life."""
    for number, device in enumerate(devices):
        at = fleet.now - 5 * MINUTE * (number % 10) / 10
        Device.objects.filter(id=device.id).update(last_seen_at=at)


def test_a_site_of_300_is_one_parent_with_300_linked_and_all_released(fleet: Fleet) -> None:
    servers = fleet.add(40, kind="server")
    devices = servers + fleet.add(200) + fleet.add(60, kind="laptop")
    elsewhere = fleet.add(5, kind="server", site=a_site(fleet.client, "Metz"))
    spread(fleet, devices)
    fleet.sweep()

    fleet.passes(40 * MINUTE, *elsewhere, step=MINUTE)

    parent = Ticket.objects.get()
    assert (parent.fingerprint, parent.priority, parent.status) == (OUTAGE, "urgent", "new")
    assert (parent.title, parent.site_id, parent.device_id) == (
        "Site outage: Lyon", fleet.site.id, None,
    )  # fmt: skip
    assert Clock.objects.filter(ticket=parent).exists()
    assert Member.objects.filter(outage__ticket=parent, released_at=None).count() == 300
    held = HeldBack.objects.filter(parent=parent.id, released_at=None)
    assert {row.device_id for row in held} == {one.id for one in servers}, (
        "what would have been told alone by now"
    )

    for start in range(0, 300, 60):
        assert Ticket.objects.get().status == "new"
        fleet.now += MINUTE
        fleet.hear(*devices[start : start + 60], *elsewhere)
        fleet.sweep()

    parent.refresh_from_db()
    assert (parent.status, parent.evaluation) == ("resolved", "ok")
    assert Member.objects.filter(released_at__isnull=False).count() == 300
    assert not HeldBack.objects.filter(released_at=None).exists()
    assert Outage.objects.get().ended_at == fleet.now
    assert Ticket.objects.count() == 1
    told = list(TimelineEntry.objects.order_by("id").values_list("body", flat=True))
    assert any("heard again" in body and "still silent" in body for body in told)


@of_one_database
def test_tickets_from_before_the_outage_was_known_become_children(fleet: Fleet) -> None:
    """They fall silent over half an hour: the first was told when two more made it an outage."""
    first, second, third = fleet.add(3, kind="server")
    fleet.passes(10 * MINUTE, second, third, step=MINUTE)
    fleet.passes(30 * MINUTE, step=MINUTE)

    child, parent = Ticket.objects.order_by("id")
    assert (child.device_id, parent.fingerprint) == (first.id, OUTAGE)
    link = Link.objects.get()
    assert (link.ticket_id, link.other_id, link.kind) == (child.id, parent.id, "child")
    assert Member.objects.get(device=first).own_ticket == child.id

    fleet.hear(first, second, third)
    fleet.sweep()

    assert set(Ticket.objects.values_list("status", flat=True)) == {"resolved"}


@of_one_database
def test_a_few_of_many_are_each_told_alone(fleet: Fleet) -> None:
    servers = fleet.add(10, kind="server")

    fleet.passes(40 * MINUTE, *servers[4:], step=MINUTE)

    assert Ticket.objects.exclude(fingerprint=OUTAGE).count() == 4
    assert not Outage.objects.exists()


@of_one_database
def test_nobody_is_told_alone_while_an_outage_may_be_forming(fleet: Fleet) -> None:
    servers = fleet.add(10, kind="server")

    fleet.passes(20 * MINUTE, *servers[4:], step=MINUTE)

    assert not Ticket.objects.exists(), "three and more fell silent: others may follow"


@of_one_database
def test_computers_that_said_goodnight_are_no_outage(fleet: Fleet) -> None:
    devices = fleet.add(20)
    fleet.hear(*devices, word=LastWord.SHUTDOWN)

    fleet.passes(3 * HOUR, step=10 * MINUTE)

    assert not Ticket.objects.exists()


@of_one_database
def test_computers_that_said_goodnight_do_not_water_down_an_outage(fleet: Fleet) -> None:
    servers, desks = fleet.add(4, kind="server"), fleet.add(20)
    fleet.hear(*desks, word=LastWord.SHUTDOWN)
    fleet.hear(*servers)

    fleet.passes(40 * MINUTE, step=MINUTE)

    assert Ticket.objects.get().fingerprint == OUTAGE


@of_one_database
def test_whoever_falls_silent_later_joins(fleet: Fleet) -> None:
    devices = fleet.add(6, kind="server")
    fleet.passes(10 * MINUTE, devices[5], step=MINUTE)
    fleet.passes(60 * MINUTE, step=MINUTE)

    assert Ticket.objects.get().fingerprint == OUTAGE
    assert Member.objects.count() == 6
    assert TimelineEntry.objects.filter(body__startswith="1 more device fell silent").exists()


@of_one_database
def test_who_stays_silent_when_the_outage_is_over_is_told_alone(fleet: Fleet) -> None:
    devices = fleet.add(10, kind="server")
    fleet.passes(30 * MINUTE, step=MINUTE)
    fleet.passes(10 * MINUTE, *devices[1:], step=MINUTE)
    assert Ticket.objects.get().status == "new", "more may come back"
    fleet.passes(10 * MINUTE, *devices[1:], step=MINUTE)

    parent, alone = Ticket.objects.order_by("id")
    assert (parent.status, alone.status) == ("resolved", "new")
    assert alone.device_id == devices[0].id
    row = HeldBack.objects.get(device=devices[0])
    assert (row.released, row.ticket_number) == ("opened", alone.id)


@of_one_database
def test_a_site_that_goes_again_within_a_day_reopens_its_ticket(fleet: Fleet) -> None:
    devices = fleet.add(5, kind="server")
    for _ in range(2):
        fleet.passes(30 * MINUTE, step=MINUTE)
        fleet.hear(*devices)
        fleet.sweep()

    assert Ticket.objects.get().occurrences == 2
    assert Outage.objects.count() == 2
    assert list(TimelineEntry.objects.filter(kind="reopened").values_list("actor")) == [
        ("monitor",)
    ]


@of_one_database
def test_a_parent_that_a_person_took_stays_open(fleet: Fleet) -> None:
    devices = fleet.add(5, kind="server")
    fleet.passes(30 * MINUTE, step=MINUTE)
    Ticket.objects.update(touched=True)

    fleet.hear(*devices)
    fleet.sweep()

    assert Ticket.objects.get().status == "new"
    assert Outage.objects.get().ended_at is not None


@of_one_database
def test_devices_without_a_site_are_no_outage(fleet: Fleet) -> None:
    fleet.add(5, kind="server", site=None)

    fleet.passes(30 * MINUTE, step=MINUTE)

    assert Ticket.objects.exclude(fingerprint=OUTAGE).count() == 5


@of_one_database
def test_a_parent_that_a_person_resolved_swallows_no_later_outage(fleet: Fleet) -> None:
    """Ten PCs are gone for good; sixty days later the site's servers fail."""
    fleet.add(10)
    servers = fleet.add(4, kind="server")
    fleet.passes(40 * MINUTE, *servers, step=MINUTE)
    first = Ticket.objects.get()
    Ticket.objects.update(
        status="closed", resolved_at=fleet.now, touched=True, alert_key=first.alert_key
    )

    fleet.passes(timedelta(days=20), *servers, step=6 * HOUR)
    assert Ticket.objects.count() == 1, "closed: nobody is told of those again"
    fleet.passes(40 * MINUTE, step=MINUTE)

    new = Ticket.objects.latest("id")
    assert (new.fingerprint, new.status) == (OUTAGE, "new")
    assert Member.objects.filter(outage__ticket=new).count() == 4


@of_one_database
def test_a_parent_that_a_person_resolved_leaves_who_is_silent_to_itself(fleet: Fleet) -> None:
    servers = fleet.add(5, kind="server")
    fleet.passes(30 * MINUTE, step=MINUTE)
    Ticket.objects.update(status="resolved", resolved_at=fleet.now, touched=True)

    fleet.passes(10 * MINUTE, *servers[2:], step=MINUTE)
    assert Ticket.objects.count() == 1, "they may be coming back"
    fleet.passes(10 * MINUTE, *servers[2:], step=MINUTE)

    alone = Ticket.objects.exclude(fingerprint=OUTAGE)
    assert {ticket.device_id for ticket in alone} == {one.id for one in servers[:2]}


@of_one_database
def test_what_falls_silent_long_after_an_outage_began_is_not_swallowed_by_it(fleet: Fleet) -> None:
    fleet.add(6)
    servers = fleet.add(6, kind="server")
    fleet.passes(40 * MINUTE, *servers, step=MINUTE)
    parent = Ticket.objects.get()

    fleet.passes(3 * HOUR, *servers[1:], step=5 * MINUTE)
    alone = Ticket.objects.exclude(id=parent.id).get()
    assert alone.device_id == servers[0].id
    fleet.passes(40 * MINUTE, step=MINUTE)

    parent.refresh_from_db()
    assert Ticket.objects.count() == 2
    assert (parent.status, parent.occurrences) == ("open", 2), "it tells of the second one, too"


@of_one_database
def test_computers_that_are_gone_for_good_do_not_water_down_an_outage(fleet: Fleet) -> None:
    fleet.add(12, last_seen_at=fleet.now - timedelta(days=30))
    servers = fleet.add(10, kind="server")
    fleet.passes(30 * MINUTE, *servers, step=MINUTE)
    before = set(Ticket.objects.values_list("id", flat=True))

    fleet.passes(40 * MINUTE, step=MINUTE)

    new = Ticket.objects.exclude(id__in=before)
    assert [ticket.fingerprint for ticket in new] == [OUTAGE]


@of_one_database
def test_laptops_make_no_outage_but_belong_to_one(fleet: Fleet) -> None:
    """They are shut at lunch, and not all of them say so."""
    laptops, desks = fleet.add(8, kind="laptop"), fleet.add(3)
    fleet.passes(HOUR, *desks, step=MINUTE)
    assert not Ticket.objects.exists()

    fleet.hear(*laptops, *desks)
    fleet.passes(40 * MINUTE, step=MINUTE)

    assert Ticket.objects.get().fingerprint == OUTAGE
    assert Member.objects.count() == 11


@pytest.mark.parametrize("up", [5, 15])
def test_an_outage_soon_after_all_were_switched_on_is_found_at_once(fleet: Fleet, up: int) -> None:
    desks = fleet.add(6)
    fleet.hear(*desks, word=LastWord.SHUTDOWN)
    fleet.passes(10 * HOUR + 20 * MINUTE, step=10 * MINUTE)
    fleet.passes(up * MINUTE, *desks, step=MINUTE)

    fleet.passes(16 * MINUTE, step=MINUTE)

    assert Ticket.objects.get().fingerprint == OUTAGE


def test_a_site_that_goes_down_in_maintenance_and_stays_down_is_one_outage(fleet: Fleet) -> None:
    fleet.add(6, kind="server")
    fleet.add(4)
    given = Plan(fleet.client, "new switch", fleet.now, fleet.now + 2 * HOUR, site=fleet.site)
    plan_window(ALL, "kim@desk.example", given, fleet.now)
    KNOWN.forget()
    fleet.passes(10 * MINUTE, *fleet.devices, step=MINUTE)

    fleet.passes(109 * MINUTE, step=5 * MINUTE)
    assert not Ticket.objects.exists()
    fleet.passes(5 * MINUTE, step=MINUTE)

    parent = Ticket.objects.get()
    assert parent.fingerprint == OUTAGE
    assert Member.objects.count() == 10
    held = HeldBack.objects.filter(released_at=None).values_list("because", "parent")
    assert set(held) == {("outage", parent.id)}
