"""What the server does by itself when its time has come, on both databases."""

from datetime import datetime, timedelta

import pytest
from django.db.models import F

from agent.protocol.words import Priority
from server_stub.clients.scope import ALL
from server_stub.sla.models import Clock
from server_stub.sla.policy import DEFAULT, load
from server_stub.tickets import acts
from server_stub.tickets.acts import Reason
from server_stub.tickets.due import ACTS, find_resolved
from server_stub.tickets.models import NOT_DUE, Notice, Ticket
from server_stub.tickets.search import Wanted, search
from server_stub.work.engine import Outcome, claim, perform
from server_stub.work.models import DueWork
from tests.server_stub.tickets.desk import LATER, act, notices, opened, told
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_policy_version

DAY = timedelta(days=1)


def work(at: datetime) -> list[str]:
    """Do all that is due at an instant; return the kinds of what was done.

    What one act plans anew, another claim of the same batch has lost: it is claimed again.
    """
    done = []
    while claims := claim(sorted(ACTS), at):
        for one in claims:
            outcome = perform(one, ACTS[one.kind], at)
            assert outcome is not Outcome.PUT_OFF
            done += [one.kind] if outcome is Outcome.DONE else []
    return done


def alerting(ticket: Ticket, evaluation: str) -> None:
    """Let the ticket be that of an alert."""
    Ticket.objects.filter(id=ticket.id).update(alert_key="pc:disk", evaluation=evaluation)


def test_a_resolved_ticket_is_closed_after_48_hours(database: ServerDatabase) -> None:
    ticket = opened("default")
    act(ticket, acts.resolve("New toner."))

    assert work(LATER + 2 * DAY - timedelta(seconds=1)) == []
    assert work(LATER + 2 * DAY) == ["close"]

    after = Ticket.objects.get()
    assert (after.status, after.close_reason, after.version) == ("closed", "resolved", 1)
    assert told(ticket, "status")[-1]["to"] == "closed"
    assert not DueWork.objects.exists()


def test_what_was_reopened_is_not_closed(database: ServerDatabase) -> None:
    ticket = opened("default")
    act(ticket, acts.resolve("New toner."))
    act(ticket, acts.reopen("No."), at=LATER + DAY)

    assert "close" not in work(LATER + 2 * DAY)
    assert Ticket.objects.get().status == "open"


def test_what_the_monitor_resolved_is_found_and_closed_too(database: ServerDatabase) -> None:
    ticket = opened("default")
    Ticket.objects.update(status="resolved", stage="resolved", resolved_at=NOW)
    DueWork.objects.all().delete()

    assert find_resolved(NOW + DAY) == 1
    assert find_resolved(NOW + DAY) == 0
    work(NOW + DAY)
    assert Ticket.objects.get().status == "resolved"
    work(NOW + 2 * DAY)

    assert Ticket.objects.get(id=ticket.id).status == "closed"


def test_nothing_is_closed_while_the_monitor_still_finds_it(database: ServerDatabase) -> None:
    ticket = opened("default")
    act(ticket, acts.resolve())
    alerting(ticket, "critical")

    work(LATER + 2 * DAY)
    work(LATER + 3 * DAY)

    assert Ticket.objects.get().status == "resolved"
    assert len(told(ticket, "decision")) == 1
    assert notices(ticket) == [("decision", "role:dispatcher")]
    alerting(ticket, "ok")
    work(LATER + 5 * DAY)
    assert Ticket.objects.get().status == "closed"


def test_a_clock_warns_at_its_shares_and_is_broken_once(database: ServerDatabase) -> None:
    """004: 50 % of review and resolution to the assignee, 90 % to the team and the dispatcher."""
    ticket = opened("software-vendor", priority=Priority.HIGH)
    review = Clock.objects.get(ticket=ticket, name="review").due_at
    assert review == NOW + timedelta(hours=4)

    work(NOW + timedelta(hours=2))
    shares = [(e["clock"], e["share"]) for e in told(ticket, "warned")]
    assert ("review", 50) in shares
    assert [e["clock"] for e in told(ticket, "breached")] == ["response"]
    work(NOW + timedelta(hours=2))
    assert [(e["clock"], e["share"]) for e in told(ticket, "warned")] == shares

    work(NOW + timedelta(hours=4, seconds=1))
    work(NOW + timedelta(hours=5))

    broken = [e["clock"] for e in told(ticket, "breached")]
    assert broken == ["response", "review"]
    assert ("breach", "role:customer excellence manager") in notices(ticket)


def test_people_are_told_in_their_working_hours_alone(database: ServerDatabase) -> None:
    """Raised on a Friday afternoon, the response is broken at once; who works tells on Monday."""
    friday = datetime(2026, 3, 6, 15, 45, tzinfo=NOW.tzinfo)
    ticket = opened("software-vendor", friday, priority=Priority.HIGH)

    monday = friday + 3 * DAY
    work(monday)

    assert Clock.objects.get(ticket=ticket, name="response").due_at == datetime(
        *(2026, 3, 9, 8, 15), tzinfo=NOW.tzinfo
    )
    hours = set(Notice.objects.values_list("send_at__hour", flat=True))
    assert hours <= set(range(8, 16))
    assert not Notice.objects.filter(send_at__lt=F("at")).exists()


def test_another_promise_is_warned_of_anew(database: ServerDatabase) -> None:
    ticket = opened("software-vendor", priority=Priority.HIGH)
    work(NOW + timedelta(hours=2))
    before = len(told(ticket, "warned"))

    act(ticket, acts.set_priority(Priority.URGENT, Reason("grew")), at=NOW + timedelta(hours=2))
    work(NOW + timedelta(hours=2, minutes=1))

    assert len(told(ticket, "warned")) + len(told(ticket, "breached")) > before + 1


@pytest.mark.parametrize("until", [NOW + 30 * DAY, None], ids=["a date", "for good"])
def test_a_condition_is_accepted_with_a_reason(
    database: ServerDatabase, until: datetime | None
) -> None:
    ticket = opened("default")
    alerting(ticket, "warning")

    after = act(ticket, acts.accept(until, Reason(text="It goes with the computer.")))

    assert (after.status, after.close_reason) == ("closed", "accepted")
    assert (after.accepted_until, after.accepted) == (until or NOT_DUE, "warning")
    assert work(NOW + 29 * DAY) == []


def test_an_acceptance_ends_at_its_date_and_what_is_still_there_is_open(
    database: ServerDatabase,
) -> None:
    ticket = opened("default")
    alerting(ticket, "warning")
    act(ticket, acts.accept(NOW + 30 * DAY, Reason(text="It goes with the computer.")))

    work(NOW + 30 * DAY)

    after = Ticket.objects.get()
    assert (after.status, after.accepted_until, after.resolved_at) == ("open", None, None)
    assert told(ticket, "accepted")[-1]["ended"] is True


def test_an_acceptance_whose_condition_is_gone_just_ends(database: ServerDatabase) -> None:
    ticket = opened("default")
    alerting(ticket, "warning")
    act(ticket, acts.accept(NOW + 30 * DAY, Reason(text="It goes with the computer.")))
    alerting(ticket, "ok")

    work(NOW + 30 * DAY)

    after = Ticket.objects.get()
    assert (after.status, after.accepted_until) == ("closed", None)


def test_work_of_a_ticket_that_is_gone_is_done(database: ServerDatabase) -> None:
    DueWork.objects.create(kind="close", key="999", due_at=NOW)

    assert work(NOW) == ["close"]


def test_what_a_policy_never_closes_is_not_looked_for_again_and_again(
    database: ServerDatabase,
) -> None:
    """Thousands of such tickets, claimed each hour for nothing, would hold up all others."""
    stays = load(DEFAULT).text + "procedure: {auto_close_after: never}\n"
    version = a_policy_version("stays", text=stays)
    opened("default")
    kept = opened("default")
    Ticket.objects.update(status="resolved", stage="resolved", resolved_at=NOW)
    Ticket.objects.filter(id=kept.id).update(policy_version=version.id)
    DueWork.objects.all().delete()

    assert find_resolved(NOW + DAY) == 1
    assert not DueWork.objects.filter(key=str(kept.id)).exists()


def in_vain(ticket: Ticket) -> None:
    """Try to reach the client often enough, by the second day after it was opened."""
    for day, way in enumerate(("phone", "email", "phone")):
        act(ticket, acts.attempt(way), at=NOW + day * DAY)


def test_what_nobody_decides_is_listed_and_asked_for_again(
    database: ServerDatabase,
) -> None:
    """001.22: after three attempts in vain a review is due; one notice alone is soon forgotten."""
    ticket, other = opened("managed-provider"), opened("managed-provider")
    in_vain(ticket)
    waits = Wanted(undecided=True)
    assert [one.id for one in search(ALL, waits, None, 5).tickets] == [ticket.id]
    assert search(ALL, Wanted(undecided=False), None, 5).tickets == [other]

    assert "decision" in work(NOW + 3 * DAY)
    asked = Notice.objects.filter(ticket=ticket, kind="decision")
    assert [one.at for one in asked.order_by("id")] == [NOW + 2 * DAY, NOW + 3 * DAY]

    act(ticket, acts.weigh("canceled"), at=NOW + 3 * DAY)
    assert not search(ALL, waits, None, 5).tickets
    assert "decision" not in work(NOW + 9 * DAY)


def test_of_who_was_heard_of_nothing_is_to_decide(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")
    in_vain(ticket)

    act(ticket, acts.call("They are back."), at=NOW + 2 * DAY + timedelta(hours=1))

    assert not search(ALL, Wanted(undecided=True), None, 5).tickets
    assert "decision" not in work(NOW + 3 * DAY)
