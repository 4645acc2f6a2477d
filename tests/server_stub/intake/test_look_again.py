"""What people say is over is looked at again by the device, which tells only what still holds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation
from server_stub.clients.scope import ALL
from server_stub.tickets.actions import amend
from server_stub.tickets.acts import accept, close, reopen, resolve
from server_stub.tickets.acts.step import Reason, Step
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import CloseReason, Ticket, TimelineEntry
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import (
    a_heartbeat,
    an_event,
    events_body,
    next_event,
    resolved,
)


def act(*steps: Step) -> None:
    number = Ticket.objects.latest("id").id
    amend(ALL, number, Actor("ana@desk.example"), *steps, now=datetime.now(UTC))


def looks(device: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = device.call("GET", "/api/v1/device/tickets").tree["look_again"]
    return found


def cursor(device: Caller) -> int:
    device.routes._devices.forget()
    tree = device.post("heartbeat", a_heartbeat().to_text()).tree
    found: int = tree["changes"]["tickets"]
    return found


def fixed() -> Step:
    return close(CloseReason.RESOLVED, fixed=True)


@pytest.fixture
def event(device: Caller) -> AlertEvent:
    """An alert with its ticket."""
    event = an_event(evaluation=Evaluation.WARNING)
    device.post("events", events_body(event))
    return event


def test_the_device_is_told_which_alerts_and_what_it_told_of_them_last(
    device: Caller, event: AlertEvent
) -> None:
    assert looks(device) == []
    before = cursor(device)

    act(resolve("The drive was cleaned."))

    asked = {"fingerprint": event.fingerprint, "alert_id": event.alert_id, "sequence": 1}
    assert looks(device) == [asked]
    assert cursor(device) != before, "so that it asks"

    act(reopen("Not yet."))
    assert looks(device) == []
    act(resolve("Now it is."))
    assert looks(device) == [asked]
    Ticket.objects.update(resolved_at=datetime.now(UTC) - timedelta(days=2))
    assert looks(device) == []


def test_closed_as_fixed_and_found_again_it_is_a_new_ticket_that_follows(
    device: Caller, event: AlertEvent
) -> None:
    act(resolve(), fixed())
    old = Ticket.objects.get()
    assert (old.status, old.evaluation, len(looks(device))) == ("closed", "ok", 1)

    device.post("events", events_body(next_event(event)))

    new = Ticket.objects.latest("id")
    assert (new.status, new.evaluation) == ("new", "warning")
    opened = TimelineEntry.objects.get(ticket=new, kind="opened")
    assert opened.tree["follows"] == old.id
    assert [one["sequence"] for one in looks(device)] == [1], "what it has told more of by now"


def test_resolved_and_found_again_it_says_so(device: Caller, event: AlertEvent) -> None:
    act(resolve())

    device.post("events", events_body(next_event(event)))

    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.evaluation) == ("resolved", "warning")
    assert "Still there" in TimelineEntry.objects.latest("id").body


def test_what_is_accepted_or_gone_is_not_looked_at(device: Caller, event: AlertEvent) -> None:
    act(accept(None, Reason(text="It goes with the computer.")))
    assert looks(device) == []

    other = an_event(fingerprint="service:spooler")
    device.post("events", events_body(other))
    device.post("events", events_body(resolved(other)))
    act(close(CloseReason.RESOLVED))

    assert looks(device) == []
