"""Procedure 004, statement by statement, as far as it is duties, statuses and clocks."""

from datetime import timedelta

import pytest

from server_stub.sla.events import Act, Event
from server_stub.sla.terms import Traits
from tests.server_stub.sla.told import FRIDAY_1545, due, jan, shipped, tell, warned

POLICY = shipped("software-vendor")
MONDAY = jan(12, 8)


def fault(priority: str) -> Traits:
    """A fault somebody raised at the portal."""
    return Traits("portal", "fault", priority)


def test_004_a_p2_of_friday_1545_is_due_monday_0815_monday_1145_and_tuesday_1545() -> None:
    assert due(POLICY, "high", FRIDAY_1545, ticket_type="fault") == {
        "response": "Mon 12 08:15",
        "review": "Mon 12 11:45",
        "resolution": "Tue 13 15:45",
    }


def test_004_01_working_hours_are_eight_to_four_gmt_all_year() -> None:
    working = POLICY.calendars["working"]
    assert working.week == (((480, 960),),) * 5 + ((),) * 2
    assert working.day_length == timedelta(hours=8)
    july = FRIDAY_1545.replace(month=7, day=10)
    assert due(POLICY, "high", july)["response"] == "Mon 13 08:15"


def test_004_02_response_review_and_resolution_are_three_clocks() -> None:
    touched = Event(jan(12, 8, 10), Act.TOUCH)
    reviewed = Event(jan(12, 10), Act.REVIEW)
    fixed = Event(jan(13, 9), status="resolved", stage="client_sign_off")
    clocks = tell(POLICY, fault("high"), touched, reviewed, fixed, opened_at=MONDAY, now=jan(14, 9))
    assert [(name, one.stopped_at) for name, one in clocks.items()] == [
        ("response", jan(12, 8, 10)),
        ("review", jan(12, 10)),
        ("resolution", jan(13, 9)),
        ("progress", jan(13, 9)),
    ]


def test_004_02_an_answer_is_no_review() -> None:
    answered = Event(jan(12, 9), Act.ANSWER)
    clocks = tell(POLICY, fault("high"), answered, opened_at=MONDAY, now=jan(12, 10))
    assert (clocks["response"].state, clocks["review"].state) == ("stopped", "running")


def test_004_02_a_temporary_fix_counts_and_goes_to_sign_off() -> None:
    assert POLICY.procedure.temporary_resolves
    assert POLICY.stages[POLICY.procedure.sign_off].status == "resolved"


def test_004_02_what_the_client_does_not_sign_off_was_not_resolved() -> None:
    sign_off = Event(jan(12, 10), status="resolved", stage="client_sign_off")
    again = Event(jan(12, 12), status="open")
    clock = tell(POLICY, fault("urgent"), sign_off, again, opened_at=MONDAY, now=jan(12, 13))
    assert (clock["resolution"].state, clock["resolution"].breached_at) == ("breached", jan(12, 12))


def test_004_03_there_are_three_types_and_service_tasks_are_charged() -> None:
    assert list(POLICY.types) == ["fault", "query", "service_task"]
    assert [terms.chargeable for terms in POLICY.types.values()] == [False, False, True]


@pytest.mark.parametrize(
    ("priority", "times"),
    [
        ("urgent", ("Mon 12 08:30", "Mon 12 09:00", "Mon 12 12:00")),
        ("high", ("Mon 12 08:30", "Mon 12 12:00", "Tue 13 16:00")),
        ("normal", ("Mon 12 08:30", "Mon 12 16:00", "Tue 27 00:00")),
        ("low", ("Mon 12 08:30", "Mon 12 16:00")),
    ],
)
def test_004_04_to_07_each_priority_has_its_times(priority: str, times: tuple[str, ...]) -> None:
    """P1 30 min/1 h/4 h, P2 30 min/4 h/2 d, P3 30 min/1 d/14 days, P4 30 min/1 d/a sprint."""
    assert tuple(due(POLICY, priority, MONDAY).values()) == times


def test_004_07_the_next_available_sprint_has_no_date_until_somebody_sets_one() -> None:
    clock = tell(POLICY, fault("low"), opened_at=MONDAY, now=jan(12, 9))["resolution"]
    assert (clock.state, clock.due_at) == ("running", None)
    assert clock.sentence() == "Resolution: no date is set yet by the development team."


def test_004_08_a_query_has_its_own_times() -> None:
    assert due(POLICY, "high", MONDAY, ticket_type="query") == {
        "response": "Mon 12 08:30",
        "review": "Mon 12 16:00",
        "resolution": "Wed 14 16:00",
    }


def test_004_09_a_service_tasks_date_is_the_customer_excellence_managers() -> None:
    traits = Traits("portal", "service_task", "normal")
    assert due(POLICY, "normal", MONDAY, ticket_type="service_task") == {
        "response": "Mon 12 08:30",
        "review": "Wed 14 16:00",
    }
    date = Event(jan(12, 9), date=("resolution", jan(20, 12)))
    clock = tell(POLICY, traits, date, opened_at=MONDAY, now=jan(12, 10))["resolution"]
    assert clock.due_at == jan(20, 12)
    assert "a date set by the customer excellence manager" in clock.explain()[0]


def test_004_09_a_date_moves_by_the_pauses_after_it_was_set() -> None:
    traits = Traits("portal", "service_task", "normal")
    events = (
        Event(jan(12, 9), date=("resolution", jan(20, 12))),
        Event(jan(13, 9), status="waiting", stage="awaiting_client_info"),
        Event(jan(14, 9), status="open"),
    )
    clock = tell(POLICY, traits, *events, opened_at=MONDAY, now=jan(14, 9))["resolution"]
    assert clock.due_at == jan(21, 12)


def test_004_10_a_change_of_severity_needs_a_reason() -> None:
    assert "priority" in POLICY.reason_required
    assert POLICY.reasons["priority"]


def test_004_11_support_makes_sure_of_a_genuine_fault() -> None:
    assert len(POLICY.procedure.checklist) == 3


def test_004_12_the_statuses_are_those_of_the_text() -> None:
    stages = POLICY.stages
    assert {name: stages[name].status.value for name in (
        "open", "under_investigation", "in_progress", "awaiting_client_info",
        "raised_with_development", "fix_awaiting_release", "client_sign_off", "closed",
    )} == {
        "open": "open", "under_investigation": "open", "in_progress": "open",
        "awaiting_client_info": "waiting", "raised_with_development": "open",
        "fix_awaiting_release": "open", "client_sign_off": "resolved", "closed": "closed",
    }  # fmt: skip


def test_004_12_awaiting_client_info_pauses_review_and_resolution_only() -> None:
    waits = Event(jan(12, 8, 5), status="waiting", stage="awaiting_client_info")
    clocks = tell(POLICY, fault("high"), waits, opened_at=MONDAY, now=jan(12, 10))
    assert clocks["response"].state == "breached"
    assert {clocks["review"].state, clocks["resolution"].state} == {"paused"}


def test_004_14_escalation_is_asked_of_the_customer_excellence_manager() -> None:
    assert POLICY.procedure.escalation_role == "customer excellence manager"


def test_004_15_what_was_raised_incorrectly_or_told_too_little_may_be_closed() -> None:
    assert {"incorrect", "too_little"} <= set(POLICY.reasons["closing"])


def test_004_16_what_lasts_is_told_of_every_five_working_days() -> None:
    answered = Event(jan(12, 9), Act.ANSWER)
    clock = tell(POLICY, fault("low"), answered, opened_at=MONDAY, now=jan(12, 10))["progress"]
    assert clock.due_at == jan(19, 9)
    silent = tell(POLICY, fault("low"), answered, opened_at=MONDAY, now=jan(19, 10))["progress"]
    assert silent.breached_at == jan(19, 9)
    waits = Event(jan(13, 9), status="waiting", stage="awaiting_client_info")
    paused = tell(POLICY, fault("low"), answered, waits, opened_at=MONDAY, now=jan(30, 10))
    assert paused["progress"].state == "paused"


@pytest.mark.parametrize(
    "said",
    [
        "14 days, working or calendar, is not said",
        "next available sprint has no figure",
        "its resolution says that a temporary fix suffices",
    ],
)
def test_004_the_gaps_of_the_text_are_told(said: str) -> None:
    assert any(said in line for line in warned(POLICY))
