"""What people do to tickets, on both databases: row, timeline and clocks change together."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.protocol.strict import MAX_TEXT
from agent.protocol.words import Priority, Status
from server_stub.clients.scope import ALL, Scope
from server_stub.errors import ConflictError, ForbiddenError, InvalidError
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
    set_status,
    set_title,
)
from server_stub.tickets.models import NOT_DUE, Ticket, TimelineEntry
from server_stub.work.models import DueWork
from tests.server_stub.tickets.conftest import ANA
from tests.support.rows import NOW, a_technician, a_ticket

LATER = NOW + timedelta(minutes=20)


def act(ticket: Ticket, *steps: Step, at: datetime = LATER) -> Ticket:
    amend(ALL, ticket.id, ANA, *steps, now=at)
    return Ticket.objects.get(id=ticket.id)


def told(ticket: Ticket) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the timeline tells after the opening: kind, body, payload."""
    rows = TimelineEntry.objects.filter(ticket=ticket).order_by("id")[1:]
    return [(row.kind, row.body, row.tree) for row in rows]


def clock(ticket: Ticket, name: str) -> Clock:
    return Clock.objects.get(ticket=ticket, name=name)


def due_work(ticket: Ticket) -> dict[str, datetime]:
    rows = DueWork.objects.filter(kind="clock", key__startswith=f"{ticket.id}:")
    return {row.key.partition(":")[2]: row.due_at for row in rows}


def test_a_reply_answers_the_client_and_takes_the_ticket_up(ticket: Ticket) -> None:
    assert clock(ticket, "response").due_at == NOW + timedelta(hours=4)

    after = act(ticket, reply("  On my way.\r\nKim \n"))

    assert told(ticket) == [
        ("reply", "On my way.\nKim", {}),
        ("status", "", {"from": "new", "to": "open"}),
    ]
    assert (after.status, after.touched, after.version) == ("open", True, 1)
    assert after.updated_at == LATER
    response = clock(ticket, "response")
    assert (response.state, response.stopped_at) == ("stopped", LATER)
    assert set(due_work(ticket)) == {"resolution"}
    assert after.next_due_at == due_work(ticket)["resolution"] > NOW + timedelta(hours=4)


def test_who_did_it_and_how_they_came_is_on_the_timeline(ticket: Ticket) -> None:
    act(ticket, note("Warranty until May."))

    entry = TimelineEntry.objects.filter(ticket=ticket).latest("id")
    assert (entry.kind, entry.actor, entry.channel, entry.at) == (
        "note",
        "ana@desk.example",
        "api",
        LATER,
    )


def test_a_note_is_for_colleagues_and_answers_nobody(ticket: Ticket) -> None:
    after = act(ticket, note("Warranty until May."))

    assert (after.status, after.touched) == ("new", True)
    assert clock(ticket, "response").state == "running"


def test_assigning_names_from_and_to(ticket: Ticket, kim: Assignee) -> None:
    after = act(ticket, assign(kim))
    assert (after.assignee_id, after.status) == (kim.id, "open")

    after = act(ticket, assign(None))
    assert (after.assignee_id, after.status) == (None, "open")

    assert [entry for entry in told(ticket) if entry[0] == "assigned"] == [
        ("assigned", "", {"from": "", "to": "kim@desk.example"}),
        ("assigned", "", {"from": "kim@desk.example", "to": ""}),
    ]


def test_nobody_is_given_a_ticket_they_may_not_see(ticket: Ticket) -> None:
    row = a_technician("far@desk.example")
    blind = Assignee(row.id, row.email, Scope.of([]))

    with pytest.raises(InvalidError, match="no technician of this address"):
        act(ticket, assign(blind))

    assert told(ticket) == []


def test_a_colleagues_ticket_is_reassigned_only_by_those_whose_role_says_so(
    ticket: Ticket, kim: Assignee
) -> None:
    own = a_technician(ANA.email)
    ana = Assignee(own.id, own.email, ALL)
    act(ticket, assign(kim, from_others=False))

    with pytest.raises(ForbiddenError, match=r"kim@desk\.example's"):
        act(ticket, assign(ana, from_others=False))
    assert act(ticket, assign(ana)).assignee_id == ana.id
    assert act(ticket, assign(kim, from_others=False)).assignee_id == kim.id


def test_a_priority_changes_with_a_reason_and_moves_the_promises(ticket: Ticket) -> None:
    after = act(ticket, set_priority(Priority.URGENT, "The whole practice stands still."))

    assert told(ticket) == [
        (
            "priority",
            "",
            {"from": "normal", "to": "urgent", "reason": "The whole practice stands still."},
        )
    ]
    assert (after.priority, after.touched) == ("urgent", True)
    assert clock(ticket, "response").due_at == NOW + timedelta(minutes=30)
    assert after.next_due_at == due_work(ticket)["response"] == NOW + timedelta(minutes=30)


def test_a_priority_without_a_reason_is_refused(ticket: Ticket) -> None:
    with pytest.raises(InvalidError, match="reason: say why"):
        act(ticket, set_priority(Priority.URGENT, "  "))

    assert Ticket.objects.get().priority == "normal"


def test_waiting_for_the_client_pauses_what_the_policy_says(ticket: Ticket) -> None:
    act(ticket, reply("Which printer?"), set_status(Status.WAITING))
    assert clock(ticket, "resolution").state == "paused"
    assert due_work(ticket) == {}
    assert Ticket.objects.get().next_due_at == NOT_DUE

    act(ticket, set_status(Status.OPEN), at=LATER + timedelta(hours=1))

    resolution = clock(ticket, "resolution")
    assert resolution.state == "running"
    assert due_work(ticket)["resolution"] == resolution.due_at == NOW + timedelta(days=3, hours=1)


def test_resolving_and_reopening_stop_and_start_the_clocks(ticket: Ticket) -> None:
    after = act(ticket, resolve("New toner."))
    assert (after.status, after.resolved_at, after.next_due_at) == ("resolved", LATER, NOT_DUE)
    assert {c.state for c in Clock.objects.filter(ticket=ticket)} == {"stopped"}
    assert due_work(ticket) == {}

    after = act(ticket, reopen("It is empty again."), at=LATER + timedelta(hours=2))
    assert (after.status, after.resolved_at) == ("open", None)
    assert clock(ticket, "resolution").state == "running"
    assert told(ticket) == [
        ("resolved", "New toner.", {"from": "new", "to": "resolved", "said": True}),
        ("reopened", "It is empty again.", {"from": "resolved", "to": "open"}),
    ]


def test_a_new_title_is_told_with_the_old_one(ticket: Ticket) -> None:
    after = act(ticket, set_title(" Printer at the front desk is out "))

    assert after.title == "Printer at the front desk is out"
    assert told(ticket) == [("title", "", {"from": "The printer is out", "to": after.title})]


@pytest.mark.parametrize(
    "step",
    [
        set_priority(Priority.NORMAL, ""),
        set_title("The printer is out"),
        set_status(Status.NEW),
        assign(None),
    ],
)
def test_what_changes_nothing_is_not_told(ticket: Ticket, step: Step) -> None:
    after = act(ticket, step)

    assert told(ticket) == []
    assert (after.version, after.touched, after.updated_at) == (0, False, NOW)


@pytest.mark.parametrize(
    ("before", "step", "kinds", "status"),
    [
        ([], set_status(Status.OPEN), ["status"], "open"),
        ([], set_status(Status.RESOLVED), ["resolved"], "resolved"),
        ([resolve()], set_status(Status.CLOSED), ["status"], "closed"),
        ([resolve()], set_status(Status.OPEN), ["reopened"], "open"),
        ([resolve()], set_status(Status.WAITING), ["reopened", "status"], "waiting"),
        ([resolve(), set_status(Status.CLOSED)], reopen(), ["reopened"], "open"),
        ([set_status(Status.WAITING)], reply("Any news?"), ["reply"], "waiting"),
        ([resolve()], reply("It was the toner."), ["reply"], "resolved"),
        ([resolve(), set_status(Status.CLOSED)], note("For the file."), ["note"], "closed"),
    ],
)
def test_how_a_ticket_moves(
    ticket: Ticket, before: list[Step], step: Step, kinds: list[str], status: str
) -> None:
    if before:
        act(ticket, *before)
    earlier = len(told(ticket))

    after = act(ticket, step)

    assert [kind for kind, _, _ in told(ticket)[earlier:]] == kinds
    assert after.status == status
    assert after.is_resolved == (status in ("resolved", "closed"))


@pytest.mark.parametrize(
    ("before", "step", "error"),
    [
        ([], set_status(Status.CLOSED), ConflictError),
        ([], reopen(), ConflictError),
        ([resolve()], resolve(), ConflictError),
        ([set_status(Status.OPEN)], set_status(Status.NEW), InvalidError),
        ([resolve(), set_status(Status.CLOSED)], reply("Hello?"), ConflictError),
        ([resolve(), set_status(Status.CLOSED)], set_title("x"), ConflictError),
        ([resolve(), set_status(Status.CLOSED)], assign(None), ConflictError),
        ([resolve(), set_status(Status.CLOSED)], set_priority(Priority.LOW, "x"), ConflictError),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    ticket: Ticket, before: list[Step], step: Step, error: type[Exception]
) -> None:
    if before:
        act(ticket, *before)
    earlier, row = told(ticket), Ticket.objects.values().get()

    with pytest.raises(error):
        act(ticket, note("Not to be kept."), step)

    assert told(ticket) == earlier
    assert Ticket.objects.values().get() == row


@pytest.mark.parametrize("text", ["", " \n\t ", "a\0b", "half \ud83d a pair", "x" * (MAX_TEXT + 1)])
@pytest.mark.parametrize("make", [reply, note], ids=["reply", "note"])
def test_a_text_that_cannot_be_kept_is_refused(make: Callable[[str], Step], text: str) -> None:
    with pytest.raises(InvalidError, match="body: "):
        make(text)


@pytest.mark.parametrize("title", ["", "two\nlines", "x" * 301, "esc\x1b[2J", "para\u2029graph"])
def test_a_title_is_one_line(title: str) -> None:
    with pytest.raises(InvalidError, match="title: "):
        set_title(title)


def test_a_title_may_be_in_any_script(ticket: Ticket) -> None:
    assert act(ticket, set_title("Дисплей 👩‍💻 مكسور")).title == "Дисплей 👩‍💻 مكسور"


def test_an_alert_has_one_unresolved_ticket_also_when_people_reopen(ticket: Ticket) -> None:
    first = a_ticket(ticket.client, alert_key="d:disk", status="resolved", resolved_at=NOW)
    second = a_ticket(ticket.client, alert_key="d:disk")

    with pytest.raises(ConflictError, match=f"came back as ticket {second.id}"):
        act(first, reopen())

    act(second, resolve())
    assert act(first, reopen()).status == "open"


def test_words_with_a_resolution_are_an_answer_to_the_client(ticket: Ticket) -> None:
    """Who was told how it was settled has had an answer, also when it is opened again."""
    act(ticket, resolve("The toner was empty."), at=NOW + timedelta(minutes=5))
    act(ticket, reopen(), at=NOW + timedelta(hours=1))
    assert clock(ticket, "response").state == "stopped"


def test_a_resolution_without_a_word_is_none(ticket: Ticket) -> None:
    act(ticket, resolve(), at=NOW + timedelta(minutes=5))
    act(ticket, reopen(), at=NOW + timedelta(hours=1))
    assert clock(ticket, "response").state == "running"
