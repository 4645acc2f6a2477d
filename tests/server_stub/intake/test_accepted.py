"""Alerts whose condition people accept: through the real device routes, on both databases."""

from datetime import UTC, datetime

from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation
from server_stub.clients.scope import ALL
from server_stub.tickets.actions import amend
from server_stub.tickets.acts import Reason, accept
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import Ticket, TimelineEntry
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import an_event, events_body, next_event, resolved


def post(device: Caller, *events: AlertEvent) -> None:
    answer = device.post("events", events_body(*events))
    assert [receipt.result for receipt in answer.receipts] == ["accepted"] * len(events)


def accepted(device: Caller) -> AlertEvent:
    """Accept the condition of an alert for good; return its first event."""
    event = an_event(evaluation=Evaluation.WARNING)
    post(device, event)
    actor = Actor("ana@desk.example")
    step = accept(None, Reason(text="It goes with the computer."))
    amend(ALL, Ticket.objects.get().id, actor, step, now=datetime.now(UTC))
    return event


def test_an_alert_that_comes_and_goes_joins_its_acceptance(device: Caller) -> None:
    event = accepted(device)

    post(device, next_event(event))
    post(device, resolved(next_event(event)))
    post(device, an_event(evaluation=Evaluation.WARNING))

    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.stage, ticket.close_reason) == ("closed", "closed", "accepted")
    last = TimelineEntry.objects.latest("id")
    assert (last.kind, "accepted as it is" in last.body) == ("changed", True)


def test_one_that_gets_graver_ends_it(device: Caller) -> None:
    event = accepted(device)

    post(device, next_event(event, evaluation=Evaluation.CRITICAL))

    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.stage, ticket.accepted_until) == ("open", "open", None)
    assert (ticket.resolved_at, ticket.close_reason) == (None, "")
    kinds = list(TimelineEntry.objects.order_by("id").values_list("kind", flat=True))
    assert kinds[-2:] == ["accepted", "reopened"]


def test_what_the_monitor_moves_is_at_the_stage_of_its_status(device: Caller) -> None:
    event = an_event()
    post(device, event)
    assert Ticket.objects.get().stage == "new"

    post(device, resolved(event))
    assert Ticket.objects.get().stage == "resolved"
    post(device, an_event())

    assert Ticket.objects.get().stage == "open"
