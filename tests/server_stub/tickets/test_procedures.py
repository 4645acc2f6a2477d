"""What the written procedures say of people's acts, with the shipped policies; statement by number.

Clocks and what the policies hold are tested with the policies themselves.
"""

from datetime import timedelta

import pytest

from agent.protocol.words import Priority, Source, Status
from server_stub.errors import ConflictError, ForbiddenError, InvalidError
from server_stub.sla.models import Clock
from server_stub.tickets import acts
from server_stub.tickets.acts import Person, Reason
from server_stub.tickets.amendment import Actor
from server_stub.tickets.clocks import policy_followed
from server_stub.tickets.models import Link, LinkKind, Participant, Resolution, Ticket
from server_stub.tickets.supposing import offered
from server_stub.tickets.teams import join_team
from server_stub.work.models import DueWork
from tests.server_stub.tickets.desk import LATER, act, notices, opened, told
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_technician

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MSG = ("A colleague takes over.", "You hear from us by noon.")


def test_000_05_a_problem_solved_at_once_on_the_phone_may_be_logged_as_closed(
    database: ServerDatabase,
) -> None:
    ticket = opened("express-desk", source=Source.PHONE)

    after = act(ticket, acts.resolve("Restarted it."), acts.close("resolved"))

    assert (after.status, after.close_reason) == ("closed", "resolved")


def test_001_04_it_goes_from_general_to_advanced_to_specialist(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")
    assert ticket.level == 1

    act(ticket, acts.escalate("2", *MSG, Reason("complex")))
    after = act(ticket, acts.escalate("3", *MSG, Reason("unresolved")))

    assert after.level == 3
    assert [(e["from"], e["to"]) for e in told(ticket, "escalated")] == [("1", "2"), ("2", "3")]


def test_001_05_high_urgency_goes_to_advanced_support_directly(database: ServerDatabase) -> None:
    ticket = opened("managed-provider", priority=Priority.HIGH)

    assert ticket.level == 2
    assert told(ticket, "opened")[0]["routed"] == "Advanced support takes it"


def test_001_05_the_matrix_says_how_pressing_it_is(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")

    with pytest.raises(InvalidError, match="urgency: one of"):
        act(ticket, acts.grade("terrible", "many"))
    matrix = policy_followed(ticket).matrix
    cell, priority = next(iter(matrix.cells.items()))
    after = act(ticket, acts.grade(*cell))

    assert after.priority == priority
    assert told(ticket, "priority")[0]["urgency"] == cell[0]


def test_001_10_what_nobody_can_help_is_recorded_with_its_reason(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")

    with pytest.raises(InvalidError):
        act(ticket, acts.delay(Reason("earthquake")))
    act(ticket, acts.delay(Reason("weather", "The bridge is closed.")))

    assert told(ticket, "delayed") == [{"reason_key": "weather", "reason": "The bridge is closed."}]


def test_001_11_whose_affair_it_is_is_said(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")

    after = act(ticket, acts.set_scope("beyond"))

    assert after.scope == "beyond"
    with pytest.raises(InvalidError, match="direct, integrated, extended, beyond"):
        act(ticket, acts.set_scope("ours"))


def test_001_20_who_is_escalated_is_told_and_what_to_expect(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")

    with pytest.raises(InvalidError, match="message: the client is told"):
        act(ticket, acts.escalate("2", "", "By noon.", Reason("complex")))
    with pytest.raises(InvalidError, match="expectation: say what"):
        act(ticket, acts.escalate("2", "A colleague takes over.", "", Reason("complex")))
    assert told(ticket, "escalated") == []
    act(ticket, acts.escalate("2", *MSG, Reason("complex")))

    said = "A colleague takes over.\n\nYou hear from us by noon."
    assert told(ticket, "reply") == [{"body": said}]


def test_001_21_the_client_confirms_and_it_is_closed(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")
    act(ticket, acts.resolve("New toner."))

    after = act(ticket, acts.confirm("It prints.", fixed=True))

    assert (after.status, after.close_reason) == ("closed", "resolved")


def test_001_21_without_a_word_it_is_to_be_closed_after_48_hours(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")
    act(ticket, acts.resolve("New toner."))

    row = DueWork.objects.get(kind="close", key=str(ticket.id))
    assert row.due_at == LATER + timedelta(hours=48)
    act(ticket, acts.reopen("Still blank."), at=LATER + timedelta(hours=1))
    assert not DueWork.objects.filter(kind="close").exists()


def test_001_22_after_three_attempts_by_two_ways_on_three_days_somebody_decides(
    database: ServerDatabase,
) -> None:
    ticket = opened("managed-provider")
    day = timedelta(days=1)
    act(ticket, acts.attempt("phone"), at=LATER)
    act(ticket, acts.attempt("phone"), at=LATER + day)
    with pytest.raises(ConflictError, match="3 attempts by 2 ways over 3 days"):
        act(ticket, acts.weigh("canceled"), at=LATER + day)
    assert told(ticket, "decision") == []

    act(ticket, acts.attempt("email"), at=LATER + 2 * day)

    assert [e["state"] for e in told(ticket, "decision")] == ["asked"]
    assert ("decision", "role:dispatcher") in notices(ticket)
    after = act(ticket, acts.weigh("canceled"), at=LATER + 3 * day)
    assert (after.status, after.close_reason) == ("closed", "canceled")


@pytest.mark.parametrize(
    "ways", [("phone", "phone", "phone"), ("phone", "email")], ids=["one way", "two attempts"]
)
def test_001_22_fewer_are_not_enough(database: ServerDatabase, ways: tuple[str, ...]) -> None:
    ticket = opened("managed-provider")

    for number, way in enumerate(ways):
        act(ticket, acts.attempt(way), at=LATER + timedelta(days=number))

    assert told(ticket, "decision") == []


def test_001_22_three_on_one_day_are_not_enough(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")

    for way in ("phone", "email", "sms"):
        act(ticket, acts.attempt(way))

    assert told(ticket, "decision") == []


def test_001_22_whoever_is_reached_is_asked_anew_later(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")
    for number, way in enumerate(("phone", "email", "phone")):
        reached = number == 1
        act(ticket, acts.attempt(way, reached=reached), at=LATER + timedelta(days=number))

    assert told(ticket, "decision") == []
    assert len(told(ticket, "call")) == 1


def test_001_22_what_was_addressed_is_resolved_and_closed(database: ServerDatabase) -> None:
    ticket = opened("managed-provider")
    for number, way in enumerate(("phone", "email", "phone")):
        act(ticket, acts.attempt(way), at=LATER + timedelta(days=number))

    after = act(ticket, acts.weigh("addressed"), at=LATER + timedelta(days=4))

    assert (after.status, after.close_reason) == ("closed", "resolved")


def test_002_08_affected_people_are_told_of_work_arounds(database: ServerDatabase) -> None:
    ticket = opened("platform-support")
    act(ticket, acts.add_participant(Person("Rui", "Rui@client.example")))

    after = act(ticket, acts.work_around("Use the second queue."))

    assert after.workaround == "Use the second queue."
    assert notices(ticket) == [("update", "rui@client.example")]


def test_003_06_an_awaiting_status_stops_the_dwelling(database: ServerDatabase) -> None:
    ticket = opened("three-line-helpdesk")
    assert Clock.objects.get(ticket=ticket, name="dwell").state == "running"

    after = act(ticket, acts.set_stage("awaiting_parts"))

    assert (after.status, after.stage) == ("waiting", "awaiting_parts")
    assert Clock.objects.get(ticket=ticket, name="dwell").state == "paused"
    assert told(ticket, "status")[-1]["stage"]["to"] == "awaiting_parts"


def test_003_07_calls_overflow_to_2nd_line_when_too_many_wait(database: ServerDatabase) -> None:
    first = opened("three-line-helpdesk")
    Ticket.objects.bulk_create(
        Ticket(
            client=first.client,
            title="waits",
            priority="normal",
            level=1,
            policy_version=first.policy_version,
        )
        for _ in range(19)
    )

    ticket = opened("three-line-helpdesk", client=first.client)

    assert ticket.level == 2
    assert told(ticket, "opened")[0]["routed"] == "20 tickets wait with 1st line"


def test_003_08_a_consultation_gives_the_time_on_2nd_line_anew(database: ServerDatabase) -> None:
    ticket = opened("three-line-helpdesk")
    act(ticket, acts.escalate("2", *MSG, Reason("no_known_fix")), at=NOW)
    assert Clock.objects.get(ticket=ticket, name="dwell").due_at == NOW + timedelta(hours=32)

    act(ticket, acts.consult("3", "The vendor knows."), at=NOW + timedelta(hours=3))

    anew = NOW + timedelta(days=2, hours=3)
    assert Clock.objects.get(ticket=ticket, name="dwell").due_at == anew


def test_003_10_third_line_takes_nothing_from_first_but_direct_contacts(
    database: ServerDatabase,
) -> None:
    ticket = opened("three-line-helpdesk")

    with pytest.raises(ConflictError, match="3rd line takes tickets from 2nd line or direct"):
        act(ticket, acts.escalate("3", *MSG, Reason("project")))
    after = act(ticket, acts.escalate("3", *MSG, Reason("project"), direct=True))

    assert after.level == 3


def test_003_11_to_2nd_line_it_needs_one_of_the_listed_reasons(database: ServerDatabase) -> None:
    ticket = opened("three-line-helpdesk")

    with pytest.raises(InvalidError, match="reason_key: choose one"):
        act(ticket, acts.escalate("2", *MSG, Reason(text="just so")))
    act(ticket, acts.escalate("2", *MSG, Reason("fix_fails")))

    assert told(ticket, "escalated")[0]["reason"] == "The known fix does not work"


def test_003_12_to_3rd_line_it_needs_a_reason_of_its_own(database: ServerDatabase) -> None:
    ticket = opened("three-line-helpdesk")
    act(ticket, acts.escalate("2", *MSG, Reason("fix_fails")))

    with pytest.raises(InvalidError, match="no such reason"):
        act(ticket, acts.escalate("3", *MSG, Reason("fix_fails")))
    after = act(ticket, acts.escalate("3", *MSG, Reason("research")))

    assert after.level == 3


def test_003_13_every_escalation_is_told_back_too(database: ServerDatabase) -> None:
    ticket = opened("three-line-helpdesk")
    act(ticket, acts.escalate("2", *MSG, Reason("fix_fails")))

    with pytest.raises(InvalidError, match="message: the client is told"):
        act(ticket, acts.escalate("1", "", "", Reason("back")))
    act(ticket, acts.escalate("1", "It is with the first line again.", "", Reason("back")))

    assert len(told(ticket, "reply")) == 2


def test_003_14_a_project_needs_the_project_manager(database: ServerDatabase) -> None:
    ticket = opened("three-line-helpdesk")

    waiting = act(ticket, acts.set_type("project"))
    assert (waiting.type, waiting.approval) == ("incident", "asked")
    assert ("approval", "role:project manager") in notices(ticket)
    with pytest.raises(ConflictError, match="waits for an approval already"):
        act(ticket, acts.set_type("testing"))

    after = act(ticket, acts.decide(granted=True))

    assert (after.type, after.approval) == ("project", "granted")
    assert told(ticket, "type") == [{"from": "incident", "to": "project"}]


def test_003_14_a_refusal_says_why_and_changes_nothing(database: ServerDatabase) -> None:
    ticket = opened("three-line-helpdesk")
    act(ticket, acts.set_type("testing"))

    with pytest.raises(InvalidError, match="reason: say why"):
        act(ticket, acts.decide(granted=False))
    after = act(ticket, acts.decide(granted=False, reason=Reason(text="No budget.")))

    assert (after.type, after.approval) == ("incident", "declined")
    with pytest.raises(ConflictError, match="nobody asks"):
        act(ticket, acts.decide(granted=True))


def test_004_02_a_review_stops_its_clock_and_tells_the_next_steps(database: ServerDatabase) -> None:
    ticket = opened("software-vendor", priority=Priority.HIGH)
    act(ticket, acts.reply("We look into it."), at=NOW)
    assert Clock.objects.get(ticket=ticket, name="review").state == "running"

    act(ticket, acts.review("It is a fault; development has it."))

    assert Clock.objects.get(ticket=ticket, name="review").state == "stopped"


def test_004_02_a_temporary_fix_goes_to_client_sign_off(database: ServerDatabase) -> None:
    ticket = opened("software-vendor", priority=Priority.HIGH)

    fixed = act(ticket, acts.resolve("A patch.", Resolution.TEMPORARY))
    assert (fixed.status, fixed.stage, fixed.resolution) == (
        *("resolved", "client_sign_off", "temporary"),
    )

    after = act(ticket, acts.confirm(fixed=True))
    assert (after.status, after.stage) == ("closed", "closed")


def test_004_02_what_is_not_signed_off_is_open_again(database: ServerDatabase) -> None:
    ticket = opened("software-vendor")
    act(ticket, acts.resolve("A patch.", Resolution.TEMPORARY))

    after = act(ticket, acts.confirm("It fails on Mondays.", fixed=False))

    assert (after.status, after.resolved_at, after.resolution) == ("open", None, "")


def test_004_03_a_service_task_is_chargeable(database: ServerDatabase) -> None:
    assert opened("software-vendor", type="service_task").chargeable
    assert not opened("software-vendor", type="query").chargeable


def test_004_03_type_is_chosen_when_it_is_raised(database: ServerDatabase) -> None:
    assert opened("software-vendor").type == "fault"
    with pytest.raises(InvalidError, match="type: there is none of this name: fault, query"):
        opened("software-vendor", type="incident")


def test_004_09_a_service_tasks_date_is_set_by_a_person(database: ServerDatabase) -> None:
    ticket = opened("software-vendor", type="service_task")
    assert Clock.objects.get(ticket=ticket, name="resolution").due_at is None

    due_at = NOW + timedelta(days=10)
    act(ticket, acts.set_date("resolution", due_at))

    assert Clock.objects.get(ticket=ticket, name="resolution").due_at == due_at
    with pytest.raises(ConflictError, match="nobody sets a date for the review: the policy prom"):
        act(ticket, acts.set_date("review", due_at))
    with pytest.raises(ConflictError, match="nobody sets a date for the dwell: nothing is prom"):
        act(ticket, acts.set_date("dwell", due_at))


def test_004_09_only_the_customer_excellence_manager_sets_it_once_somebody_is_it(
    database: ServerDatabase,
) -> None:
    ticket = opened("software-vendor", type="service_task")
    boss = a_technician("boss@desk.example")
    join_team(boss.id, "customer excellence manager")
    due_at = NOW + timedelta(days=10)

    with pytest.raises(ForbiddenError, match="this date is for the customer excellence manager"):
        act(ticket, acts.set_date("resolution", due_at))
    act(ticket, acts.set_date("resolution", due_at), by=Actor(boss.email, "api"))

    assert Clock.objects.get(ticket=ticket, name="resolution").due_at == due_at


def test_004_10_a_severity_changes_for_one_of_the_listed_reasons(database: ServerDatabase) -> None:
    ticket = opened("software-vendor")

    with pytest.raises(InvalidError, match="reason_key: choose one"):
        act(ticket, acts.set_priority(Priority.URGENT, Reason(text="because")))
    act(ticket, acts.set_priority(Priority.URGENT, Reason("grew")))

    assert told(ticket, "priority")[0]["reason"] == "It affects more now"


def test_004_12_it_moves_as_the_statuses_allow(database: ServerDatabase) -> None:
    ticket = opened("software-vendor")
    act(ticket, acts.resolve())

    with pytest.raises(ConflictError, match="what follows is closed, open"):
        act(ticket, acts.set_stage("raised_with_development"))
    after = act(ticket, acts.set_stage("under_investigation"))

    assert (after.status, after.stage) == ("open", "under_investigation")
    assert [e["to"] for e in told(ticket, "reopened")] == ["open"]


def test_004_13_a_duplicate_is_closed_linked_and_its_people_get_the_notices(
    database: ServerDatabase,
) -> None:
    original = opened("software-vendor")
    ticket = opened("software-vendor", client=original.client)
    act(ticket, acts.add_participant(Person("Rui", "rui@client.example")))

    after = act(ticket, acts.make_duplicate(original.id, [Person("Eva", "eva@client.example")]))

    assert (after.status, after.close_reason) == ("closed", "duplicate")
    assert Link.objects.get(ticket=ticket).other_id == original.id
    people = Participant.objects.filter(ticket=original)
    assert set(people.values_list("email", flat=True)) == {
        *("eva@client.example", "rui@client.example"),
    }
    with pytest.raises(ConflictError, match="unlink it first"):
        act(ticket, acts.reopen())

    act(ticket, acts.unlink(original.id, LinkKind.DUPLICATE))
    assert not people.exists()
    assert act(ticket, acts.reopen()).status == Status.OPEN


def test_004_14_the_client_asks_the_customer_excellence_manager(database: ServerDatabase) -> None:
    ticket = opened("software-vendor")

    act(ticket, acts.appeal("Nothing happens."))

    assert notices(ticket) == [("appeal", "role:customer excellence manager")]
    assert told(ticket, "appeal")[0]["to"] == "customer excellence manager"


@pytest.mark.parametrize("why", ["incorrect", "too_little", "insufficient_information"])
def test_004_15_what_was_raised_wrongly_may_be_closed(database: ServerDatabase, why: str) -> None:
    ticket = opened("software-vendor")

    after = act(ticket, acts.close(why))

    assert (after.status, after.close_reason) == ("closed", why)


@pytest.mark.parametrize("step", [acts.set_status(Status.RESOLVED), acts.resolve("Released.")])
def test_004_07_whatever_is_resolved_goes_to_the_clients_sign_off(
    database: ServerDatabase, step: acts.Step
) -> None:
    """Whoever says so, and by which way: the sign-off is what follows."""
    ticket = opened("software-vendor")
    there = set(offered(ticket).stages)
    assert "client_sign_off" in there
    assert not {"resolved", "closed"} & there
    with pytest.raises(ConflictError, match="what is resolved goes to client_sign_off first"):
        act(ticket, acts.set_stage("resolved"))

    assert act(ticket, step).stage == "client_sign_off"

    assert set(offered(Ticket.objects.get()).stages) == {"closed", "open", "under_investigation"}


def test_001_05_who_knew_better_than_the_matrix_is_overruled_with_a_reason_only(
    database: ServerDatabase,
) -> None:
    """A severity that a person set is not undone in silence; the first grading needs no reason."""
    ticket = opened("managed-provider")
    matrix = policy_followed(ticket).matrix
    cells = {found: cell for cell, found in matrix.cells.items()}
    graded = act(ticket, acts.grade(*cells[Priority.HIGH]))
    assert graded.priority == "high"

    with pytest.raises(InvalidError, match="reason"):
        act(ticket, acts.grade(*cells[Priority.LOW]))
    why = next(iter(policy_followed(ticket).reasons.get("priority", {"": ""})))
    after = act(ticket, acts.grade(*cells[Priority.LOW], reason=Reason(why, "It affects one.")))

    assert after.priority == "low"
    assert told(ticket, "priority")[-1]["reason"] == "It affects one."
