"""A retired device is refused, not waited for and not listed; what was known of it stays."""

import pkgutil
from datetime import timedelta

import pytest

from server_stub import arguments
from server_stub.audit.models import AuditEntry
from server_stub.clients.models import Device
from server_stub.clients.scope import ALL, Scope
from server_stub.errors import ConflictError, InvalidError, NotFoundError
from server_stub.fleet.models import Member, Watch
from server_stub.fleet.retiring import restore, retire
from server_stub.quiet.models import SILENT, HeldBack
from server_stub.tickets.models import Ticket, TimelineEntry
from tests.server_stub.fleet.conftest import Fleet, a_policy
from tests.support.fleet_rows import a_held_back, a_window
from tests.support.rows import a_device, a_ticket

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KIM = "kim@desk.example"


def out(fleet: Fleet, device: Device, reason: str = "replaced") -> Device:
    return retire(ALL, KIM, device.id, reason, fleet.now)


def run(*words: str) -> None:
    given = arguments.parser().parse_args(["device", *words])
    pkgutil.resolve_name(f"server_stub.{given.run}")(given)


def test_nobody_waits_for_a_retired_device(fleet: Fleet) -> None:
    gone, here = fleet.add(2, kind="server")
    fleet.sweep()
    out(fleet, gone)

    fleet.passes(HOUR, step=10 * MINUTE)

    assert [one.device_id for one in Ticket.objects.all()] == [here.id]


def test_a_device_that_was_never_watched_is_not_watched_once_retired(fleet: Fleet) -> None:
    (gone,) = fleet.add(kind="server")
    out(fleet, gone)

    fleet.sweep()

    assert not Watch.objects.exists()


def test_three_servers_of_which_two_were_retired_are_no_outage(fleet: Fleet) -> None:
    _, second, third = fleet.add(3, kind="server")
    fleet.sweep()
    out(fleet, second)
    out(fleet, third)

    fleet.passes(HOUR, step=10 * MINUTE)

    assert Ticket.objects.get().fingerprint == SILENT


def test_an_outage_waits_no_more_for_who_was_retired(fleet: Fleet) -> None:
    devices = fleet.add(3, kind="server")
    fleet.passes(20 * MINUTE, step=2 * MINUTE)
    ticket = Ticket.objects.get(fingerprint="site-outage")
    gone, *back = devices

    out(fleet, gone)
    fleet.passes(2 * MINUTE, *back, step=MINUTE)

    assert not Member.objects.filter(released_at__isnull=True).exists()
    ticket.refresh_from_db()
    assert ticket.status == "resolved"
    notes = TimelineEntry.objects.filter(ticket=ticket, kind="note").values_list("body", flat=True)
    assert [f"retired the device {gone.name}: replaced" in body for body in notes] == [True]


def test_its_open_tickets_are_told_and_left_to_people(fleet: Fleet) -> None:
    (gone,) = fleet.add(kind="server")
    alert = a_ticket(
        *(fleet.client, "x"), device=gone, alert_key=f"{gone.id}:x", updated_at=fleet.now
    )
    a_ticket(fleet.client, device=gone, status="resolved", resolved_at=fleet.now)
    fleet.now += MINUTE

    out(fleet, gone, "  replaced by\n srv-2 ")

    note = TimelineEntry.objects.get()
    assert (note.ticket_id, note.kind, note.actor, note.at) == (
        *(alert.id, "note", "server", fleet.now),
    )
    assert note.body.startswith(f"{KIM} retired the device {gone.name}: replaced by srv-2. ")
    alert.refresh_from_db()
    assert (alert.status, alert.touched) == ("new", False), "it was told, nobody worked on it"


def test_what_was_held_back_of_it_opens_nothing(fleet: Fleet) -> None:
    (gone,) = fleet.add(kind="server")
    a_held_back(gone, window=a_window(fleet.client), released_at=None, released="")

    out(fleet, gone)

    row = HeldBack.objects.get()
    assert (row.released, row.released_at) == ("gone", fleet.now)


def test_one_that_is_taken_back_is_waited_for_from_an_hour_later_on(fleet: Fleet) -> None:
    a_policy("monitors:\n  silent_after: {server: 15m}\n")
    (device,) = fleet.add(kind="server")
    fleet.sweep()
    out(fleet, device)
    fleet.now += timedelta(days=30)

    back = restore(ALL, KIM, device.id, "repaired", fleet.now)

    assert (back.retired_at, back.retired_by, back.retired_because) == (None, "", "")
    fleet.sweep()
    fleet.passes(50 * MINUTE, step=10 * MINUTE)
    assert not Ticket.objects.exists()
    fleet.passes(30 * MINUTE, step=10 * MINUTE)
    assert Ticket.objects.get().fingerprint == SILENT


def test_a_silence_that_was_told_before_is_resolved_when_it_is_back(fleet: Fleet) -> None:
    (device,) = fleet.add(kind="server")
    fleet.passes(20 * MINUTE, step=MINUTE)
    assert Ticket.objects.get().status == "new"
    out(fleet, device)
    fleet.passes(20 * MINUTE, step=10 * MINUTE)

    restore(ALL, KIM, device.id, "found again", fleet.now)
    fleet.hear(device)
    fleet.sweep()

    assert Ticket.objects.get().status == "resolved"


def test_who_did_it_and_why_is_in_the_audit_log(fleet: Fleet) -> None:
    (device,) = fleet.add()
    out(fleet, device)
    restore(ALL, KIM, device.id, "a mistake", fleet.now)

    rows = AuditEntry.objects.order_by("id").values_list("who", "via", "act", "subject", "client")
    subject = f"device {device.name} ({device.id})"
    assert list(rows) == [
        (KIM, "api", "device retire", subject, fleet.client.id),
        (KIM, "api", "device restore", subject, fleet.client.id),
    ]


def test_what_makes_no_sense_is_refused_and_changes_nothing(fleet: Fleet) -> None:
    (device,) = fleet.add()
    with pytest.raises(InvalidError, match="say why"):
        out(fleet, device, " ")
    with pytest.raises(InvalidError, match="300 characters"):
        out(fleet, device, "x" * 301)
    with pytest.raises(ConflictError, match="was not retired"):
        restore(ALL, KIM, device.id, "x", fleet.now)
    with pytest.raises(NotFoundError):
        retire(Scope.of([]), KIM, device.id, "x", fleet.now)
    out(fleet, device)
    with pytest.raises(ConflictError, match="retired already"):
        out(fleet, device, "once more")

    device.refresh_from_db()
    assert device.retired_because == "replaced"
    assert AuditEntry.objects.count() == 1


def test_commands_take_a_name_or_an_id(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    device = a_device(fleet.client, "pc-7")

    run("retire", "PC-7", "--reason", "sold")
    device.refresh_from_db()
    assert (device.retired_because, bool(device.retired_at)) == ("sold", True)
    run("restore", device.id, "--client", "acme", "--reason", "bought back")

    device.refresh_from_db()
    assert device.retired_at is None
    assert capsys.readouterr().out == (
        "pc-7 of Acme is retired; its tickets and its history stay\n"
        "pc-7 of Acme is back; its token holds again\n"
    )
    assert set(AuditEntry.objects.values_list("via", "act")) == {
        ("command", "device retire"),
        ("command", "device restore"),
    }
    a_device(fleet.client, "pc-7")
    with pytest.raises(InvalidError, match="give the id"):
        run("retire", "pc-7", "--reason", "x")
    with pytest.raises(NotFoundError, match="did you mean 'pc-7'"):
        run("retire", "pc-77", "--reason", "x")
