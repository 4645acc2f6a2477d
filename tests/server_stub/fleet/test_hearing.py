"""Silence in which nobody listened is no silence: our own outage is not everybody else's."""

from datetime import timedelta

import pytest

from server_stub.fleet.hearing import deaf_since
from server_stub.fleet.judgement import Heard, is_deaf
from server_stub.fleet.models import Watch
from server_stub.fleet.parents import OUTAGE
from server_stub.tickets.models import Ticket
from tests.server_stub.fleet.conftest import Fleet
from tests.support.rows import NOW, a_client, a_device, a_site

of_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@of_one_database
@pytest.mark.parametrize("length", [20 * MINUTE, HOUR])
def test_after_a_stop_of_the_server_who_comes_back_was_not_silent(
    fleet: Fleet, length: timedelta
) -> None:
    servers = fleet.add(12, kind="server")
    fleet.passes(30 * MINUTE, *servers, step=10 * MINUTE)
    fleet.now += length

    fleet.sweep(after_a_stop=True)
    fleet.passes(10 * MINUTE, step=MINUTE)
    fleet.passes(HOUR, *servers, step=5 * MINUTE)

    assert not Ticket.objects.exists()


@of_one_database
def test_who_does_not_come_back_is_told_by_the_time_after_the_stop(fleet: Fleet) -> None:
    lost, *others = fleet.add(6, kind="server")
    fleet.passes(10 * MINUTE, *fleet.devices, step=5 * MINUTE)
    heard_at = fleet.now
    fleet.now += HOUR

    fleet.sweep(after_a_stop=True)
    fleet.passes(15 * MINUTE, *others, step=MINUTE)
    assert not Ticket.objects.exists()
    fleet.passes(10 * MINUTE, *others, step=MINUTE)

    ticket = Ticket.objects.get()
    assert ticket.device_id == lost.id
    assert f"{heard_at:%H:%M}" in ticket.title, "it tells when it was heard last"


@of_one_database
def test_a_site_that_does_not_come_back_after_a_stop_is_one_outage(fleet: Fleet) -> None:
    fleet.add(12, kind="server")
    elsewhere = fleet.add(5, kind="server", site=a_site(fleet.client, "Metz"))
    fleet.passes(10 * MINUTE, *fleet.devices, step=5 * MINUTE)
    fleet.now += 2 * HOUR

    fleet.sweep(after_a_stop=True)
    fleet.passes(HOUR, *elsewhere, step=MINUTE)

    assert Ticket.objects.get().fingerprint == OUTAGE


@of_one_database
def test_what_was_off_for_days_makes_no_outage_when_the_server_starts_again(fleet: Fleet) -> None:
    fleet.add(6, last_seen_at=NOW - timedelta(days=2))
    alive = fleet.add(4)
    fleet.passes(30 * MINUTE, *alive, step=5 * MINUTE)
    fleet.now += HOUR

    fleet.sweep(after_a_stop=True)
    fleet.passes(HOUR, *alive, step=5 * MINUTE)

    assert not Ticket.objects.exists()


def test_when_nobody_is_heard_any_more_it_is_our_own_line(fleet: Fleet) -> None:
    """Four clients in one moment; afterwards everybody's silence counts anew."""
    for number in range(4):
        client = a_client(f"Client {number}")
        site = a_site(client, "Main")
        fleet.devices += [
            a_device(client, kind="server", site=site, last_seen_at=fleet.now) for _ in range(3)
        ]
    fleet.sweep()

    fleet.passes(90 * MINUTE, step=MINUTE)

    assert not Ticket.objects.exists()
    assert deaf_since() is not None
    *back, lost = fleet.devices
    fleet.passes(40 * MINUTE, *back, step=MINUTE)
    assert deaf_since() is None
    assert Ticket.objects.get().device_id == lost.id
    assert Watch.objects.filter(missing_since__isnull=False).count() == 1


@pytest.mark.parametrize(
    ("silent", "heard", "deaf"),
    [
        ([1, 2, 3], [], True),
        ([1, 2, 3], [4], True),
        ([1, 2, 3], [4, 5], False),
        ([1, 2], [], False),
        ([1, 1, 1, 1, 2], [], False),
    ],
)
def test_we_are_deaf_when_three_clients_are_gone_and_at_most_one_is_heard(
    silent: list[int], heard: list[int], *, deaf: bool
) -> None:
    gone = [Heard(client, NOW - 20 * MINUTE) for client in silent]
    there = [Heard(client, NOW - MINUTE) for client in heard]

    assert is_deaf([*gone, *there], NOW) is deaf


def test_computers_switched_off_in_the_course_of_an_evening_do_not_make_us_deaf() -> None:
    gone = [Heard(client, NOW - 10 * client * MINUTE) for client in range(1, 6)]

    assert not is_deaf(gone, NOW)
