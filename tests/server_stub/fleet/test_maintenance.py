"""What maintenance holds back opens no ticket, can be looked up, and is told if it still holds."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import transaction

from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation
from server_stub.clients.models import Device
from server_stub.clients.scope import ALL
from server_stub.errors import ConflictError
from server_stub.intake.credentials import known_devices
from server_stub.intake.decode import Arrived
from server_stub.intake.group import Request, store
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
