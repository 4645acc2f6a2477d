"""The monitor and people at the same ticket, through the real device routes, on both databases."""

from datetime import UTC, datetime

import pytest

from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation, Priority
from server_stub.clients.scope import ALL
from server_stub.sla.models import Clock
from server_stub.tickets.actions import amend
from server_stub.tickets.acts import (
    Assignee,
    Step,
    assign,
    note,
    reopen,
    reply,
    resolve,
    set_priority,
    set_title,
)
from server_stub.tickets.amendment import Actor
from server_stub.tickets.clocks import ledgers
from server_stub.tickets.models import Ticket, TimelineEntry
from server_stub.tickets.queries import ticket as one_ticket
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import an_event, events_body, next_event, resolved
from tests.support.rows import a_technician

ANA = Actor("ana@desk.example")


def post(device: Caller, *events: AlertEvent) -> Ticket:
    answer = device.post("events", events_body(*events))
    assert [receipt.result for receipt in answer.receipts] == ["accepted"] * len(events)
    return Ticket.objects.latest("id")


def act(ticket: Ticket, *steps: Step) -> Ticket:
    amend(ALL, ticket.id, ANA, *steps, now=datetime.now(UTC))
    return Ticket.objects.get(id=ticket.id)


def give_to_kim() -> Step:
    row = a_technician("kim@desk.example")
    return assign(Assignee(row.id, row.email, ALL))


def test_the_monitor_resolves_what_nobody_touched(device: Caller) -> None:
    event = an_event()
    post(device, event)

    assert post(device, resolved(event)).status == "resolved"


@pytest.mark.parametrize(
    "touch",
    [
        lambda: reply("We are on it."),
        lambda: note("Ordered a disk."),
        give_to_kim,
        lambda: set_priority(Priority.HIGH, "the till"),
        lambda: set_title("Disk of the till"),
    ],
    ids=["reply", "note", "assign", "priority", "title"],
)
def test_the_monitor_leaves_open_what_a_person_touched(device: Caller, touch: object) -> None:
    event = an_event()
    ticket = post(device, event)
    assert callable(touch)
    before = act(ticket, touch())

    after = post(device, resolved(event))

    assert (after.status, after.resolved_at) == (before.status, None)
    assert after.evaluation == "ok"
    assert "it stays open because a person works on it" in TimelineEntry.objects.latest("id").body


def test_the_monitor_keeps_what_a_person_set(device: Caller) -> None:
    event = an_event(priority=Priority.NORMAL)
    ticket = post(device, event)
    act(ticket, set_title("Disk of the till"), set_priority(Priority.LOW, "spare machine"))

    after = post(device, next_event(event, title="Low disk space on /: 1 GiB free"))

    assert (after.title, after.priority, after.occurrences) == ("Disk of the till", "low", 1)


def test_the_monitor_reopens_for_people_what_a_person_had(device: Caller) -> None:
    """A ticket somebody worked on comes back as open, with its assignee; not as a new one."""
    event = an_event()
    ticket = post(device, event)
    act(ticket, give_to_kim(), resolve("Cleaned up."))

    after = post(device, an_event(occurrences=1))

    assert (after.id, after.status) == (ticket.id, "open")
    assert after.assignee is not None
    assert after.assignee.email == "kim@desk.example"
    assert {c.state for c in Clock.objects.filter(ticket=ticket, name="resolution")} == {"running"}


def test_a_person_may_reopen_what_the_monitor_resolved(device: Caller) -> None:
    event = an_event()
    ticket = post(device, event)
    post(device, resolved(event))

    after = act(ticket, reopen("It will come back."))
    assert (after.status, after.touched) == ("open", True)

    again = post(device, an_event())
    assert (again.id, Ticket.objects.count()) == (ticket.id, 1)


def test_clocks_tell_one_story_of_monitor_and_people(device: Caller) -> None:
    event = an_event(evaluation=Evaluation.WARNING, priority=Priority.NORMAL)
    ticket = post(device, event)
    act(ticket, note("Looking."))
    post(device, next_event(event, evaluation=Evaluation.CRITICAL, priority=Priority.URGENT))
    act(ticket, reply("Found it."))
    act(ticket, resolve())

    row = one_ticket(ALL, ticket.id)
    stored = {c.name: (c.state, c.due_at, c.stopped_at) for c in Clock.objects.all()}
    told = {
        one.name.value: (one.state.value, one.due_at, one.stopped_at)
        for one in ledgers(ALL, row, datetime.now(UTC))
    }
    assert stored == told
    assert row.priority == "urgent"
    assert {state for state, _, _ in stored.values()} == {"stopped"}
