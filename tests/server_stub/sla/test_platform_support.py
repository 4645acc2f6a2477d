"""Procedure 002, statement by statement, as far as it is tiers and clocks."""

from datetime import datetime

import pytest

from server_stub.sla.events import Act, Event
from server_stub.sla.terms import Traits
from tests.server_stub.sla.told import FRIDAY_1545, due, jan, shipped, tell, warned

POLICY = shipped("platform-support")
SATURDAY_1000 = jan(10, 10)


def test_002_03_critical_is_supported_round_the_clock_and_the_rest_in_business_hours() -> None:
    assert due(POLICY, "urgent", SATURDAY_1000)["response"] == "Sat 10 10:15"
    assert due(POLICY, "normal", SATURDAY_1000)["response"] == "Mon 12 13:00"
    assert POLICY.calendars["business"].week == (((540, 1080),),) * 5 + ((),) * 2


def test_002_04_critical_is_answered_in_15_minutes_solved_in_4_hours_and_told_hourly() -> None:
    assert due(POLICY, "urgent", SATURDAY_1000) == {
        "response": "Sat 10 10:15",
        "resolution": "Sat 10 14:00",
        "progress": "Sat 10 11:00",
    }
    traits = Traits("portal", "incident", "urgent")
    updates = [Event(jan(10, 10, 10), Act.ANSWER), Event(jan(10, 11, 5), Act.ANSWER)]
    clock = tell(POLICY, traits, *updates, opened_at=SATURDAY_1000, now=jan(10, 12))["progress"]
    assert (clock.due_at, clock.is_late, clock.breached_at) == (jan(10, 12, 5), False, None)


def test_002_05_high_is_answered_in_1_hour_in_business_hours_and_in_4_outside() -> None:
    assert due(POLICY, "high", FRIDAY_1545)["response"] == "Fri 09 16:45"
    assert due(POLICY, "high", SATURDAY_1000)["response"] == "Sat 10 14:00"
    assert due(POLICY, "high", jan(12, 18))["response"] == "Mon 12 22:00"


def test_002_05_high_is_resolved_within_8_hours() -> None:
    assert due(POLICY, "high", FRIDAY_1545)["resolution"] == "Mon 12 14:45"
    assert due(POLICY, "high", SATURDAY_1000)["resolution"] == "Mon 12 17:00"


def test_002_05_in_or_out_of_hours_is_judged_once() -> None:
    """A medium ticket of the weekend that is made high on Monday was still raised outside."""
    raised = Event(jan(12, 10), priority="high")
    traits = Traits("portal", "incident", "normal")
    clock = tell(POLICY, traits, raised, opened_at=SATURDAY_1000, now=jan(12, 10))["response"]
    assert clock.row.when["outside"] == ("business",)


def test_002_06_medium_is_answered_in_4_business_hours_and_solved_in_1_business_day() -> None:
    found = due(POLICY, "normal", FRIDAY_1545)
    assert found == {"response": "Mon 12 10:45", "resolution": "Mon 12 15:45"}


def test_002_07_low_is_answered_in_1_business_day_and_solved_in_2_to_3() -> None:
    found = due(POLICY, "low", FRIDAY_1545)
    assert found == {"response": "Mon 12 15:45", "resolution": "Wed 14 15:45"}
    traits = Traits("portal", "question", "low")
    clock = tell(POLICY, traits, opened_at=FRIDAY_1545, now=FRIDAY_1545)["resolution"]
    assert clock.aim_at == jan(13, 15, 45)


def test_002_08_a_third_party_pauses_the_resolution_and_the_updates_go_on() -> None:
    traits = Traits("portal", "incident", "urgent")
    waits = Event(jan(10, 10, 30), status="waiting", stage="third_party")
    clocks = tell(POLICY, traits, waits, opened_at=SATURDAY_1000, now=jan(10, 10, 45))
    assert clocks["resolution"].state == "paused"
    assert clocks["progress"].due_at == jan(10, 11)


@pytest.mark.parametrize(
    ("priority", "due_at"), [("high", jan(13, 10)), ("normal", jan(13, 10)), ("low", jan(15, 10))]
)
def test_002_08_what_others_delay_is_told_of_regularly(priority: str, due_at: datetime) -> None:
    answered = Event(jan(12, 10), Act.ANSWER)
    waits = Event(jan(12, 11), status="waiting", stage="third_party")
    traits = Traits("portal", "incident", priority)
    clocks = tell(POLICY, traits, answered, waits, opened_at=jan(12, 9), now=jan(12, 12))
    assert clocks["resolution"].state == "paused"
    assert clocks["progress"].due_at == due_at


def test_002_09_tier_2_takes_what_tier_1_did_not_solve_at_once() -> None:
    assert POLICY.levels["2"].accepts("1")
    assert {"not_at_once", "platform_wide", "corruption", "integration"} <= set(
        POLICY.reasons["escalation"]
    )


def test_002_12_the_hotline_has_the_business_hours() -> None:
    assert POLICY.channels["phone"] == "business"
    assert POLICY.channels["chat"] == "business"


def test_002_11_a_mail_is_answered_within_1_business_day_at_the_latest() -> None:
    for priority in ("urgent", "high", "normal", "low"):
        row = POLICY.row(Traits("email", "incident", priority))
        assert row
        assert row.targets["response"].within <= POLICY.stated[1].target.within  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "said",
    [
        (
            "row 3 (priority high, outside business) promises response round the clock, and no "
            "level that takes such tickets works then"  # (a)
        ),
        "statement 11 (“E-mail is answered within 1 business day”) promises response 9 h",  # (b)
        "row 1 (priority urgent) promises a response round the clock, phone has the hours",  # (c)
    ],
)
def test_002_the_contradictions_of_the_text_are_told(said: str) -> None:
    assert any(said in line for line in warned(POLICY))


def test_002_critical_itself_has_somebodys_hours_behind_it() -> None:
    alone = "row 1 (priority urgent) promises response"
    assert not any(line.startswith(alone) for line in warned(POLICY))
