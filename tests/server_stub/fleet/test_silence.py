"""A device that falls silent gets one ticket, and none when it said that it goes."""

import json
from datetime import timedelta

from agent.protocol.words import Evaluation, LastWord
from server_stub.clients.models import Device
from server_stub.fleet.models import Watch
from server_stub.intake.models import LastWord as Row
from server_stub.quiet.models import SILENT
from server_stub.sla.models import Clock
from server_stub.tickets.models import Ticket, TimelineEntry
from tests.server_stub.fleet.conftest import Fleet, a_policy
from tests.server_stub.intake.messages import a_heartbeat
from tests.support import desk_rows
from tests.support.rows import a_site

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_a_server_is_told_after_minutes_and_resolved_on_return(fleet: Fleet) -> None:
    (server,) = fleet.add(kind="server")

    fleet.passes(14 * MINUTE, step=MINUTE)
    assert not Ticket.objects.exists()
    fleet.passes(3 * MINUTE, step=MINUTE)

    ticket = Ticket.objects.get()
    assert (ticket.device_id, ticket.source, ticket.fingerprint) == (server.id, "monitor", SILENT)
    assert (ticket.priority, ticket.evaluation, ticket.status) == ("high", "critical", "new")
    assert ticket.title == f"No sign of life from {server.name} since 2026-03-02 09:00 UTC"
    assert Clock.objects.filter(ticket=ticket).exists(), "it is promised as any alert"
    opening = TimelineEntry.objects.get()
    assert "announced neither" in opening.tree["reason"]
    assert opening.device_at is None, "the server's own clock saw it"

    fleet.hear(server)
    fleet.sweep()

    ticket.refresh_from_db()
    assert (ticket.status, ticket.evaluation) == ("resolved", "ok")
    assert Watch.objects.get().missing_since is None


def test_the_silence_of_a_laptop_is_told_after_days(fleet: Fleet) -> None:
    fleet.add(kind="laptop")

    fleet.passes(14 * DAY - HOUR, step=6 * HOUR)
    assert not Ticket.objects.exists()
    fleet.passes(3 * HOUR, step=HOUR)

    assert Ticket.objects.get().priority == "low"


def test_sleep_and_shutdown_are_not_silence(fleet: Fleet) -> None:
    asleep, off, stopped = fleet.add(3, kind="server")
    for device, word in ((asleep, LastWord.SLEEP), (off, LastWord.SHUTDOWN)):
        fleet.hear(device, word=word)
    fleet.hear(stopped, word=LastWord.STOPPED)

    fleet.passes(3 * HOUR, step=10 * MINUTE)

    ticket = Ticket.objects.get()
    assert ticket.device_id == stopped.id
    assert "agent was stopped" in TimelineEntry.objects.get().tree["reason"]
    assert Row.objects.count() == 3, "last words are kept"


def test_a_device_that_woke_and_then_fell_silent_is_told(fleet: Fleet) -> None:
    (server,) = fleet.add(kind="server")
    fleet.hear(server, word=LastWord.SLEEP)
    fleet.passes(2 * HOUR, step=10 * MINUTE)
    fleet.hear(server)
    fleet.passes(2 * HOUR, step=10 * MINUTE)

    assert Ticket.objects.get().device_id == server.id


def test_a_server_that_hangs_right_after_a_restart_is_told(fleet: Fleet) -> None:
    """Its first heartbeat takes the last word back, however soon it comes."""
    (server,) = fleet.add(kind="server")
    fleet.hear(server, word=LastWord.SHUTDOWN)
    fleet.now += timedelta(seconds=40)
    fleet.hear(server)
    heard_at = fleet.now

    fleet.passes(HOUR, step=10 * MINUTE)

    assert Ticket.objects.get().device_id == server.id
    row = Row.objects.get()
    assert (row.word, row.taken_back_at) == ("shutdown", heard_at), "it is kept all the same"

    fleet.hear(server, word=LastWord.SLEEP)
    assert Row.objects.get().taken_back_at is None


def test_the_ticket_tells_the_devices_last_words(fleet: Fleet) -> None:
    (server,) = fleet.add(kind="server")
    full = desk_rows.check_state("disk-space-server", "/srv", Evaluation.CRITICAL)
    heartbeat = a_heartbeat(checks=(full,), waiting=3).to_text()
    Device.objects.filter(id=server.id).update(heartbeat=heartbeat)

    fleet.passes(20 * MINUTE, step=MINUTE)

    (evidence,) = TimelineEntry.objects.get().tree["evidence"]
    assert evidence["title"] == "Its last words"
    assert evidence["lines"] == [
        "critical: disk-space-server, /srv: ",
        "3 messages waited to be sent",
    ]


def test_a_ticket_that_a_person_took_stays_on_return(fleet: Fleet) -> None:
    (server,) = fleet.add(kind="server")
    fleet.passes(20 * MINUTE, step=MINUTE)
    Ticket.objects.update(touched=True)

    fleet.hear(server)
    fleet.sweep()

    assert Ticket.objects.get().status == "new"
    assert "stays open" in TimelineEntry.objects.order_by("-id")[0].body


def test_a_server_that_comes_and_goes_has_one_ticket_with_a_count(fleet: Fleet) -> None:
    (server,) = fleet.add(kind="server")
    for _ in range(3):
        fleet.passes(20 * MINUTE, step=MINUTE)
        fleet.hear(server)
        fleet.sweep()

    ticket = Ticket.objects.get()
    assert (ticket.occurrences, ticket.status) == (3, "resolved")
    kinds = list(TimelineEntry.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["opened", "resolved", "reopened", "resolved", "reopened", "resolved"]


def test_nothing_is_told_twice_while_it_stays_silent(fleet: Fleet) -> None:
    fleet.add(kind="server")

    fleet.passes(6 * HOUR, step=5 * MINUTE)

    assert TimelineEntry.objects.count() == 1


def test_a_policy_says_how_long_each_kind_may_be_silent(fleet: Fleet) -> None:
    a_policy(
        """
monitors:
  silent_after: {server: never, laptop: 30m}
  silent_priority: {laptop: urgent}
"""
    )
    fleet.add(kind="server")
    (laptop,) = fleet.add(kind="laptop", site=a_site(fleet.client))

    fleet.passes(2 * HOUR, step=10 * MINUTE)

    ticket = Ticket.objects.get()
    assert (ticket.device_id, ticket.priority) == (laptop.id, "urgent")


def test_a_fleet_in_which_all_is_well_is_left_alone(fleet: Fleet) -> None:
    devices = fleet.add(5, kind="server") + fleet.add(5, kind="laptop")
    fleet.sweep()

    for _ in range(30):
        fleet.now += 5 * MINUTE
        fleet.hear(*devices)
        seen = fleet.sweep()
        assert (seen.missing, seen.told, seen.back) == (0, 0, 0)

    assert not Ticket.objects.exists()
    assert json.loads(Device.objects.all()[0].heartbeat)["agent_version"] == "0.1.0"
