"""Each promise that was not kept is in the timeline once, whoever comes first: worker or person."""

from datetime import timedelta
from hashlib import sha256

import pytest

from agent.protocol.words import Priority
from server_stub.sla.models import Clock, PolicyVersion
from server_stub.tickets import acts
from server_stub.tickets.acts import Reason
from server_stub.tickets.models import Notice, Ticket
from server_stub.work.models import DueWork
from tests.server_stub.tickets.desk import a_policy, act, notices, opened, told
from tests.server_stub.tickets.test_due import work
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def a_changed_policy(name: str, old: str, new: str) -> str:
    """Store a shipped policy with another line; return its name."""
    text = a_policy(name).text
    assert old in text
    text = text.replace(old, new)
    digest = sha256(text.encode()).hexdigest()
    PolicyVersion.objects.create(name="changed", hash=digest, text=text)
    return "changed"


def broken(ticket: Ticket) -> list[tuple[str, str]]:
    """Return clock and due time of each promise that was told to be broken."""
    return [(one["clock"], one["due_at"][11:16]) for one in told(ticket, "breached")]


def test_an_act_after_the_due_time_tells_what_the_worker_had_no_time_for(
    database: ServerDatabase,
) -> None:
    ticket = opened("software-vendor", priority=Priority.HIGH)
    act(ticket, acts.note("Seen."), at=NOW + timedelta(minutes=5))

    act(ticket, acts.review("It is a fault."), at=NOW + 6 * HOUR)

    assert broken(ticket) == [("review", "13:00")]
    assert ("breach", "role:customer excellence manager") in notices(ticket)
    work(NOW + 7 * HOUR)
    assert broken(ticket) == [("review", "13:00")]


def test_waiting_begun_too_late_hides_nothing(database: ServerDatabase) -> None:
    ticket = opened("software-vendor", priority=Priority.URGENT)
    act(ticket, acts.review("We look."), at=NOW + timedelta(minutes=5))

    act(ticket, acts.set_stage("awaiting_client_info"), at=NOW + 5 * HOUR)

    assert broken(ticket) == [("resolution", "13:00")]


def test_another_type_that_is_promised_nothing_hides_nothing(database: ServerDatabase) -> None:
    """The clock is gone with its promise; that it was late stays in the timeline."""
    name = a_changed_policy("default", "when: {priority: normal}", "when: {type: incident}")
    client = a_client(policy=name)
    ticket = opened("default", client=client)

    act(ticket, acts.set_type("problem"), at=NOW + 5 * HOUR)

    assert broken(ticket) == [("response", "13:00")]


def test_each_round_of_a_progress_clock_is_told(database: ServerDatabase) -> None:
    ticket = opened("platform-support", priority=Priority.URGENT)
    act(ticket, acts.reply("We look."), at=NOW + timedelta(minutes=5))

    act(ticket, acts.reply("Still looking."), at=NOW + 2 * HOUR)
    act(ticket, acts.reply("Found it."), at=NOW + 4 * HOUR)

    progress = [due for clock, due in broken(ticket) if clock == "progress"]
    assert progress == ["10:05", "12:00"]


def test_at_the_very_instant_nothing_is_late_and_the_next_look_comes_after(
    database: ServerDatabase,
) -> None:
    """A look that plans itself for the instant it is made at would never end."""
    ticket = opened("default")
    due_at = Clock.objects.get(ticket=ticket, name="response").due_at
    assert due_at

    work(due_at)

    assert broken(ticket) == []
    assert DueWork.objects.get(key=f"{ticket.id}:response").due_at > due_at
    work(due_at + SECOND)
    assert [clock for clock, _ in broken(ticket)] == ["response"]


def test_who_is_meant_twice_is_told_once(database: ServerDatabase) -> None:
    """The assignee and the team of a ticket that has neither are both the dispatcher."""
    ticket = opened("managed-provider", NOW + 4 * HOUR)

    work(NOW + 4 * HOUR + timedelta(minutes=11.25))

    shares = [(e["clock"], e["share"]) for e in told(ticket, "warned")]
    assert shares == [("response", 50), ("response", 75)]
    assert notices(ticket) == [("warning", "role:dispatcher")]
    text = Notice.objects.get().text
    assert text.endswith(
        "75 % of the time for its response is used; it is due Monday 2 March 13:15."
    )


def test_two_warnings_at_one_share_reach_both(database: ServerDatabase) -> None:
    lines = (
        "    - {at: 75, tell: [assignee, team], clocks: [response, resolution], hours: general}\n"
    )
    more = lines + lines.replace("assignee, team", "service manager")
    client = a_client(policy=a_changed_policy("managed-provider", lines, more))
    ticket = opened("managed-provider", NOW + 4 * HOUR, client=client)

    work(NOW + 4 * HOUR + timedelta(minutes=12))

    assert {to for _, to in notices(ticket)} == {"role:dispatcher", "role:service manager"}


def test_nobody_is_warned_of_what_is_late_already(database: ServerDatabase) -> None:
    ticket = opened("software-vendor", priority=Priority.HIGH)
    DueWork.objects.filter(kind="clock").exclude(key__endswith="review").delete()

    work(NOW + 5 * HOUR)

    assert {kind for kind, _ in notices(ticket)} == {"breach"}
    assert ("review", "13:00") in broken(ticket)


def test_a_warning_for_the_morning_is_withdrawn_when_it_is_resolved(
    database: ServerDatabase,
) -> None:
    ticket = opened("software-vendor", priority=Priority.HIGH)
    Notice.objects.create(
        ticket=ticket, kind="warning", to="role:x", text="x", send_at=NOW + 24 * HOUR
    )
    Notice.objects.create(
        ticket=ticket, kind="breach", to="role:x", text="x", send_at=NOW + 24 * HOUR
    )

    act(ticket, acts.resolve("Done.", reason=Reason("solved")), at=NOW + timedelta(minutes=9))

    assert notices(ticket) == [("breach", "role:x")]


def test_a_warning_for_the_morning_is_withdrawn_when_its_clock_stops(
    database: ServerDatabase,
) -> None:
    """The others stay: what they warn of is still to be done."""
    ticket = opened("software-vendor", priority=Priority.HIGH)
    work(NOW + 2 * HOUR)
    made = Notice.objects.filter(ticket=ticket, kind="warning")
    review = next(e["promise"] for e in told(ticket, "warned") if e["clock"] == "review")
    for clock in ("review", "resolution"):
        promise = review.replace("review", clock)  # one row of the table promises both
        Notice.objects.create(
            ticket=ticket,
            kind="warning",
            promise=promise,
            to=f"role:{clock}",
            text="x",
            send_at=NOW + 24 * HOUR,
        )

    act(ticket, acts.note("Seen."), at=NOW + 2 * HOUR + SECOND)
    assert {"role:review", "role:resolution"} <= set(made.values_list("to", flat=True))
    act(ticket, acts.review("It is a fault."), at=NOW + 2 * HOUR + 2 * SECOND)

    assert not made.filter(to="role:review").exists()
    assert made.filter(to="role:resolution").exists()


def test_a_warning_of_a_promise_that_another_took_the_place_of_is_withdrawn(
    database: ServerDatabase,
) -> None:
    ticket = opened("software-vendor", priority=Priority.HIGH)
    work(NOW + 2 * HOUR)
    later = Notice.objects.filter(ticket=ticket, kind="warning")
    assert all(later.values_list("promise", flat=True))
    later.update(send_at=NOW + 24 * HOUR)

    act(
        ticket,
        acts.set_priority(Priority.URGENT, Reason("grew")),
        at=NOW + 3 * HOUR,
    )

    assert not later.filter(send_at=NOW + 24 * HOUR).exists()
