"""Opening tickets, and two people at one ticket, on both databases."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from agent.protocol.words import Priority, Source, Status
from server_stub.clients.scope import ALL, Scope
from server_stub.errors import ConflictError, InvalidError, NotFoundError, ServerError, StaleError
from server_stub.sla.account import State
from server_stub.sla.models import Clock, PolicyVersion
from server_stub.tickets import acts
from server_stub.tickets.actions import Draft, amend, open_ticket
from server_stub.tickets.acts import note, reply, resolve, set_priority, set_status
from server_stub.tickets.amendment import Actor, Amendment, amending
from server_stub.tickets.clocks import UnexplainedError, ledgers
from server_stub.tickets.models import NOT_DUE, Ticket, TimelineEntry
from server_stub.tickets.queries import ticket as one_ticket
from server_stub.work.models import DueWork
from tests.server_stub.tickets.conftest import ANA
from tests.support.rows import NOW, a_client, a_device, a_policy_version, a_site, a_ticket

KIM = Actor("kim@desk.example")


@pytest.mark.usefixtures("policy")
def test_a_ticket_is_opened_with_its_clocks_and_work() -> None:
    client = a_client()
    device = a_device(client, facts_hash="f" * 64)

    ticket = open_ticket(ALL, ANA, Draft(client, " No sound ", "Since today.", device=device), NOW)

    row = Ticket.objects.get()
    assert ticket == row
    assert (row.title, row.status, row.priority, row.source) == ("No sound", "new", "normal", "api")
    assert (row.touched, row.version, row.facts_hash) == (False, 0, "f" * 64)
    entry = TimelineEntry.objects.get()
    assert (entry.kind, entry.actor, entry.channel, entry.body, entry.tree) == (
        "opened",
        "ana@desk.example",
        "api",
        "Since today.",
        {"priority": "normal"},
    )
    dues = {c.name: c.due_at for c in Clock.objects.all()}
    assert dues["response"] == row.next_due_at == NOW + timedelta(hours=4)
    assert {work.key: work.due_at for work in DueWork.objects.all()} == {
        f"{row.id}:{name}": due for name, due in dues.items()
    }


@pytest.mark.usefixtures("policy")
def test_who_takes_a_call_has_answered_it() -> None:
    ticket = open_ticket(ALL, ANA, Draft(a_client(), "No sound", source=Source.PHONE), NOW)

    response = Clock.objects.get(ticket=ticket, name="response")
    assert (response.state, response.stopped_at) == ("stopped", NOW)


@pytest.mark.usefixtures("policy")
def test_a_ticket_is_of_one_client_in_all_its_parts() -> None:
    client, other = a_client("Mine"), a_client("Other")

    with pytest.raises(InvalidError, match="device: it is not one of Mine"):
        open_ticket(ALL, ANA, Draft(client, "x", device=a_device(other)), NOW)
    with pytest.raises(InvalidError, match="site: it is not one of Mine"):
        open_ticket(ALL, ANA, Draft(client, "x", site=a_site(other)), NOW)
    with pytest.raises(NotFoundError):
        open_ticket(Scope.of([client.id]), ANA, Draft(other, "x"), NOW)
    with pytest.raises(InvalidError, match="source: tickets of monitor come from devices"):
        open_ticket(ALL, ANA, Draft(client, "x", source=Source.MONITOR), NOW)
    assert not Ticket.objects.exists()


def test_without_any_policy_a_ticket_has_no_clock(database: object) -> None:
    ticket = open_ticket(ALL, ANA, Draft(a_client(), "No sound"), NOW)

    assert not Clock.objects.exists()
    assert ticket.next_due_at == NOT_DUE
    assert ledgers(ALL, ticket, NOW) == []
    amend(ALL, ticket.id, ANA, reply("Hm."), now=NOW)


def test_a_policy_that_came_later_holds_from_the_next_act_on(ticket: Ticket) -> None:
    """A ticket without clocks gets those of its client's newest policy when somebody acts."""
    bare = a_ticket(ticket.client)
    amend(ALL, bare.id, ANA, note("x"), now=NOW)

    assert Clock.objects.filter(ticket=bare).count() == 2


def test_clocks_follow_the_version_they_began_with(ticket: Ticket) -> None:
    first = PolicyVersion.objects.get()
    a_policy_version("default", text=first.text + "# stricter\n")

    amend(ALL, ticket.id, ANA, reply("x"), now=NOW)

    assert {c.policy_version_id for c in Clock.objects.all()} == {first.id}


def test_a_clock_that_cannot_be_reckoned_keeps_nobody_from_working(ticket: Ticket) -> None:
    before = Clock.objects.get(name="response").due_at
    ticket.site.time_zone = "Mars/Olympus_Mons"  # type: ignore[union-attr] # it has a site
    ticket.site.save()  # type: ignore[union-attr] # the same

    amend(ALL, ticket.id, ANA, reply("x"), now=NOW)

    assert TimelineEntry.objects.filter(kind="reply").exists()
    assert Clock.objects.get(name="response").due_at == before
    with pytest.raises(UnexplainedError, match="Mars"):
        ledgers(ALL, one_ticket(ALL, ticket.id), NOW)


def test_the_ledger_is_told_from_the_timeline(ticket: Ticket) -> None:
    amend(ALL, ticket.id, ANA, reply("x"), now=NOW + timedelta(minutes=20))

    response, resolution = ledgers(ALL, one_ticket(ALL, ticket.id), NOW + timedelta(hours=1))

    assert (response.state, response.elapsed) == (State.STOPPED, timedelta(minutes=20))
    assert (resolution.state, resolution.elapsed) == (State.RUNNING, timedelta(hours=1))


def test_who_looked_before_another_acted_is_told(ticket: Ticket) -> None:
    seen = ticket.revision
    amend(ALL, ticket.id, ANA, set_priority(Priority.HIGH, "VIP"), now=NOW, seen=seen)

    with pytest.raises(StaleError) as stale:
        amend(ALL, ticket.id, KIM, set_priority(Priority.LOW, "minor"), now=NOW, seen=seen)

    after = Ticket.objects.get()
    assert after.priority == "high"
    assert stale.value.revision == after.revision != seen
    amend(ALL, ticket.id, KIM, note("x"), now=NOW, seen=after.revision)


def test_the_monitors_readings_are_nobodys_collision_but_its_changes_are(ticket: Ticket) -> None:
    seen = ticket.revision
    rows = Ticket.objects.filter(id=ticket.id)

    rows.update(evaluation="critical", sequence=9, occurrences=4, updated_at=NOW)
    assert rows.get().revision == seen
    rows.update(priority="urgent")
    assert rows.get().revision != seen


def test_a_revision_can_stand_in_a_header(ticket: Ticket) -> None:
    amend(ALL, ticket.id, ANA, acts.set_title('Été 👩‍💻 " , * \\'), now=NOW)

    assert Ticket.objects.get().revision.replace("-", "").isalnum()
    assert Ticket.objects.get().revision.isascii()


def test_foreign_and_missing_tickets_are_acted_on_alike(ticket: Ticket) -> None:
    for scope, number in ((Scope.of([]), ticket.id), (ALL, 10**9)):
        with pytest.raises(NotFoundError, match="there is no ticket"):
            amend(scope, number, ANA, note("x"), now=NOW)
    assert TimelineEntry.objects.count() == 1


def test_what_people_do_never_writes_what_the_monitor_tells(ticket: Ticket) -> None:
    """Both write the same row; each its own columns."""
    with amending(ALL, ticket.id, ANA, NOW) as one:
        Ticket.objects.filter(id=ticket.id).update(evaluation="critical", sequence=7)
        note("x")(one)

    row = Ticket.objects.get()
    assert (row.evaluation, row.sequence, row.version) == ("critical", 7, 1)


def test_a_timeline_never_runs_backwards(ticket: Ticket) -> None:
    """Clocks of servers differ, and a lock may be waited for."""
    amend(ALL, ticket.id, ANA, note("first"), now=NOW + timedelta(seconds=2))
    amend(ALL, ticket.id, KIM, note("second"), now=NOW + timedelta(seconds=1))

    instants = [entry.at for entry in TimelineEntry.objects.order_by("id")]
    assert instants == sorted(instants)


def together(*tasks: Callable[[], Any]) -> list[Any]:
    """Run tasks at once, each in a thread with a connection of its own; return what they did."""
    results: list[Any] = [None] * len(tasks)
    start = threading.Barrier(len(tasks))

    def work(place: int) -> None:
        start.wait()
        try:
            results[place] = tasks[place]()
        except ServerError as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_many_who_change_the_same_thing_at_once_one_succeeds(ticket: Ticket) -> None:
    seen = ticket.revision

    def change(number: int) -> Callable[[], Ticket]:
        step = set_priority(Priority.HIGH, f"reason {number}")
        return lambda: amend(ALL, ticket.id, ANA, step, now=NOW, seen=seen)

    results = together(*(change(number) for number in range(8)))

    assert sum(isinstance(result, Ticket) for result in results) == 1
    assert sum(isinstance(result, StaleError) for result in results) == 7
    assert TimelineEntry.objects.filter(kind="priority").count() == 1


def test_notes_of_many_at_once_are_all_kept(ticket: Ticket) -> None:
    def write(number: int) -> Callable[[], Ticket]:
        return lambda: amend(ALL, ticket.id, ANA, note(f"note {number}"), now=datetime.now(UTC))

    results = together(*(write(number) for number in range(8)))

    assert all(isinstance(result, Ticket) for result in results)
    assert TimelineEntry.objects.filter(kind="note").count() == 8
    assert Ticket.objects.get().version == 8


def test_an_alert_that_opens_a_ticket_in_this_very_moment_wins(ticket: Ticket) -> None:
    """The look before reopening may come too early; the unique index decides."""
    old = a_ticket(ticket.client, alert_key="d:disk", status="resolved", resolved_at=NOW)

    def reopen_too_late(one: Amendment) -> None:
        acts.reopen()(one)
        a_ticket(ticket.client, alert_key="d:disk")

    with pytest.raises(ConflictError, match="a moment ago"):
        amend(ALL, old.id, ANA, reopen_too_late, now=NOW)

    assert Ticket.objects.get(id=old.id).status == "resolved"


def test_a_ticket_is_worked_on_from_the_call_to_the_end(ticket: Ticket) -> None:
    """The whole story, reckoned again from nothing, gives what is stored."""
    steps = [
        reply("Which one?"),
        set_status(Status.WAITING),
        set_status(Status.OPEN),
        set_priority(Priority.URGENT, "the director's"),
        resolve("Replaced."),
        acts.reopen("Not quite."),
        resolve("Now it works."),
        set_status(Status.CLOSED),
    ]
    at = NOW
    for step in steps:
        at += timedelta(minutes=37)
        amend(ALL, ticket.id, ANA, step, now=at)

        row = one_ticket(ALL, ticket.id)
        for one, stored in zip(ledgers(ALL, row, at), Clock.objects.order_by("id"), strict=True):
            assert (stored.name, stored.due_at, stored.stopped_at, stored.breached_at) == (
                one.name,
                None if one.state is State.PAUSED else one.due_at,
                one.stopped_at,
                one.breached_at,
            )
        running = [c.due_at for c in Clock.objects.filter(state="running") if c.due_at]
        assert row.next_due_at == min(running, default=NOT_DUE)
    assert Ticket.objects.get().status == "closed"
