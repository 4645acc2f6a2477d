"""What maintenance holds back opens no ticket, can be looked up, and is told if it still holds."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import connection, transaction

from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation
from server_stub.audit.models import AuditEntry
from server_stub.clients.models import Device
from server_stub.clients.scope import ALL
from server_stub.errors import ConflictError, InvalidError
from server_stub.fleet import release
from server_stub.intake.credentials import known_devices
from server_stub.intake.decode import Arrived
from server_stub.intake.group import Request, store
from server_stub.quiet import active
from server_stub.quiet.actions import Plan, end_window, plan_window
from server_stub.quiet.active import KNOWN
from server_stub.quiet.models import HeldBack, MaintenanceWindow
from server_stub.tickets.models import Ticket
from tests.server_stub.fleet.conftest import Fleet
from tests.server_stub.intake.messages import an_event, next_event, resolved

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KIM = "kim@desk.example"
Sends = Callable[..., None]


@pytest.fixture
def sends(fleet: Fleet) -> Sends:
    """Return what lets a device send events, as its sender would."""

    def send(device: Device, *events: AlertEvent) -> None:
        known = known_devices([device.id])[device.id]
        arrived = [Arrived(one, sha256(one.to_text().encode()).digest()) for one in events]
        with transaction.atomic():
            store([Request(known, arrived)], fleet.now)

    return send


def quiet(fleet: Fleet, **fields: object) -> MaintenanceWindow:
    given = {
        "client": fleet.client,
        "reason": "new switch",
        "starts_at": fleet.now,
        "ends_at": fleet.now + HOUR,
    }
    row = plan_window(ALL, KIM, Plan(**given | fields), fleet.now)  # type: ignore[arg-type]
    KNOWN.forget()
    return row


def test_an_alert_during_maintenance_opens_its_ticket_at_the_end(
    fleet: Fleet, sends: Sends
) -> None:
    (device,) = fleet.add()
    window = quiet(fleet)
    event = an_event()
    fleet.now += MINUTE
    sends(device, event)
    sends(device, next_event(event, evaluation=Evaluation.CRITICAL))

    assert not Ticket.objects.exists()
    row = HeldBack.objects.get()
    assert (row.who, row.window_id, row.because, row.times) == (KIM, window.id, "maintenance", 2)
    assert (row.title, row.evaluation) == (event.title, "critical")

    fleet.passes(58 * MINUTE, device, step=10 * MINUTE)
    assert not Ticket.objects.exists()
    fleet.passes(2 * MINUTE, device, step=MINUTE)

    ticket = Ticket.objects.get()
    assert (ticket.evaluation, ticket.device_id) == ("critical", device.id)
    row.refresh_from_db()
    assert (row.released, row.ticket_number, row.released_at) == ("opened", ticket.id, fleet.now)


def test_what_is_over_by_then_opens_nothing(fleet: Fleet, sends: Sends) -> None:
    (device,) = fleet.add()
    quiet(fleet)
    event = an_event()
    sends(device, event, resolved(event))

    fleet.passes(2 * HOUR, device, step=5 * MINUTE)

    assert not Ticket.objects.exists()
    assert HeldBack.objects.get().released == "gone"


def test_what_resolves_after_the_end_and_before_the_release_opens_nothing(
    fleet: Fleet, sends: Sends
) -> None:
    (device,) = fleet.add()
    quiet(fleet)
    event = an_event()
    sends(device, event)
    fleet.now += HOUR + timedelta(seconds=30)
    KNOWN.forget()
    sends(device, resolved(event))
    fleet.passes(HOUR, device, step=MINUTE)

    assert not Ticket.objects.exists()
    assert HeldBack.objects.get().released == "gone"


def test_a_ticket_from_before_goes_on(fleet: Fleet, sends: Sends) -> None:
    (device,) = fleet.add()
    event = an_event()
    sends(device, event)
    quiet(fleet)

    sends(device, resolved(event))

    assert Ticket.objects.get().status == "resolved"
    assert not HeldBack.objects.exists()


@pytest.mark.parametrize("where", ["device", "site", "client"])
def test_a_window_is_of_a_client_a_site_or_a_device(fleet: Fleet, sends: Sends, where: str) -> None:
    meant, other = fleet.add(2)
    Device.objects.filter(id=other.id).update(site=None)
    narrowed: dict[str, dict[str, object]] = {
        "device": {"device": meant},
        "site": {"site": fleet.site},
        "client": {},
    }
    quiet(fleet, **narrowed[where])

    sends(meant, an_event())
    sends(other, an_event())

    held = {row.device_id for row in HeldBack.objects.all()}
    assert held == ({meant.id, other.id} if where == "client" else {meant.id})
    assert Ticket.objects.count() == (0 if where == "client" else 1)


def test_silence_during_maintenance_is_held_back_and_told_at_the_end(fleet: Fleet) -> None:
    silent, back = fleet.add(2, kind="server")
    quiet(fleet)
    fleet.passes(50 * MINUTE, step=MINUTE)

    assert not Ticket.objects.exists()
    assert {row.because for row in HeldBack.objects.all()} == {"maintenance"}
    fleet.hear(back)
    fleet.passes(15 * MINUTE, back, step=MINUTE)

    ticket = Ticket.objects.get()
    assert ticket.device_id == silent.id
    assert HeldBack.objects.get(device=back).released == "gone"
    assert HeldBack.objects.get(device=silent).ticket_number == ticket.id


def test_a_site_in_maintenance_has_no_outage(fleet: Fleet) -> None:
    fleet.add(6, kind="server")
    quiet(fleet, site=fleet.site)

    fleet.passes(50 * MINUTE, step=MINUTE)

    assert not Ticket.objects.exists()
    assert HeldBack.objects.count() == 6


def test_maintenance_that_is_ended_early_releases_what_it_held(fleet: Fleet, sends: Sends) -> None:
    (device,) = fleet.add()
    window = quiet(fleet)
    sends(device, an_event())

    end_window(ALL, "ana@desk.example", window.id, fleet.now)
    fleet.passes(2 * MINUTE, device, step=MINUTE)

    assert Ticket.objects.count() == 1
    with pytest.raises(ConflictError, match="over already"):
        end_window(ALL, KIM, window.id, fleet.now)


def test_what_one_long_window_holds_keeps_nobody_elses_back(
    fleet: Fleet, sends: Sends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "MOST", 4)
    monkeypatch.setattr(release, "_AT_ONCE", 2)
    long, short = fleet.add(2)
    quiet(fleet, device=long, ends_at=fleet.now + timedelta(days=30))
    quiet(fleet, device=short)
    for device in (long, short):
        sends(device, *(an_event(fingerprint=f"disk:/{number}") for number in range(5)))

    fleet.now += HOUR + MINUTE
    KNOWN.forget()
    assert fleet.sweep().released == 4, "so many at a time"
    fleet.passes(2 * MINUTE, step=MINUTE)

    assert Ticket.objects.filter(device=short).count() == 5
    assert not Ticket.objects.filter(device=long).exists()


def test_a_row_that_this_version_cannot_read_is_told_by_its_title(
    fleet: Fleet, sends: Sends
) -> None:
    good, bad = fleet.add(2)
    quiet(fleet)
    sends(good, an_event())
    sends(bad, an_event(title="What another version held back"))
    HeldBack.objects.filter(device=bad).update(event='{"id": 7}')

    fleet.passes(HOUR + 2 * MINUTE, good, bad, step=10 * MINUTE)

    assert Ticket.objects.filter(device=good).exists()
    assert Ticket.objects.get(device=bad).title == "What another version held back"


def test_what_resolves_while_it_is_released_resolves_its_ticket(fleet: Fleet, sends: Sends) -> None:
    """The intake read that there is no ticket a moment before the release opened it."""
    (device,) = fleet.add()
    window = quiet(fleet)
    event = an_event()
    sends(device, event)
    fleet.passes(HOUR + 2 * MINUTE, device, step=10 * MINUTE)
    ticket = Ticket.objects.get()
    HeldBack.objects.create(
        client=fleet.client,
        device=device,
        fingerprint=event.fingerprint,
        title=event.title,
        evaluation="ok",
        priority="low",
        because="maintenance",
        window=window,
        who=KIM,
        event=resolved(event).to_text(),
    )

    fleet.passes(2 * MINUTE, device, step=MINUTE)

    ticket.refresh_from_db()
    assert ticket.status == "resolved"


def test_news_that_come_while_a_row_is_released_are_not_lost(fleet: Fleet, sends: Sends) -> None:
    (device,) = fleet.add()
    quiet(fleet)
    event = an_event()
    sends(device, event)
    (read,) = HeldBack.objects.all()
    sends(device, next_event(event, evaluation=Evaluation.CRITICAL))

    with transaction.atomic():
        assert release._release([read], fleet.now) == 0
    fleet.passes(HOUR + 2 * MINUTE, device, step=10 * MINUTE)

    assert Ticket.objects.get().evaluation == "critical"


def test_a_zone_that_means_another_hour_elsewhere_is_refused(fleet: Fleet) -> None:
    for zone in ("localtime", "posixrules", "Factory", "right/UTC", "Mars/Here"):
        with pytest.raises(InvalidError, match="zone"):
            quiet(fleet, days=("tue",), opens="22:00", closes="02:00", zone=zone)


def test_a_window_of_an_unknown_zone_stops_neither_events_nor_the_sweep(
    fleet: Fleet, sends: Sends, caplog: pytest.LogCaptureFixture
) -> None:
    active._tell_unreadable.cache_clear()
    (device,) = fleet.add()
    window = quiet(fleet, days=("mon", "tue"), opens="00:00", closes="00:00", ends_at=None)
    MaintenanceWindow.objects.update(zone="US/Gone")
    KNOWN.forget()

    sends(device, an_event())
    fleet.passes(MINUTE, device, step=MINUTE)

    assert Ticket.objects.count() == 1
    assert f"maintenance {window.id} keeps nothing quiet here" in caplog.text


def test_of_several_who_end_maintenance_at_once_one_does(fleet: Fleet) -> None:
    number = quiet(fleet).id
    together = threading.Barrier(4)

    def end(who: str) -> str:
        together.wait(30)
        try:
            return end_window(ALL, who, number, fleet.now).ended_by
        except ConflictError:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(end, [f"kim{n}@desk.example" for n in range(4)]))

    assert len(list(filter(None, ended))) == 1
    assert AuditEntry.objects.filter(act="maintenance end").count() == 1
