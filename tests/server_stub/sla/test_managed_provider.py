"""Procedure 001, statement by statement, as far as it is levels, clocks and duties."""

from datetime import timedelta

import pytest

from server_stub.sla.events import Act, Event
from server_stub.sla.terms import Traits
from tests.server_stub.sla.told import FRIDAY_1545, due, jan, shipped, tell, warned

POLICY = shipped("managed-provider")
MONDAY_0905 = jan(12, 9, 5)
PREMIUM = {"agreement": "premium"}


def test_001_02_general_support_works_every_day_from_noon_to_five() -> None:
    general = POLICY.levels["1"]
    assert POLICY.calendars[general.calendar].week == (((720, 1020),),) * 7
    assert general.takes == {"priority": ("normal", "low")}


def test_001_03_advanced_support_works_on_weekdays_from_nine_to_five() -> None:
    advanced, specialist = POLICY.levels["2"], POLICY.levels["3"]
    assert POLICY.calendars[advanced.calendar].week == (((540, 1020),),) * 5 + ((),) * 2
    assert advanced.takes == {"priority": ("urgent", "high")}
    assert specialist.calendar == ""


def test_001_04_escalation_goes_from_general_to_advanced_to_specialist() -> None:
    assert [level.name for level in POLICY.levels.values()] == [
        *("General support", "Advanced support", "Specialist"),
    ]
    assert POLICY.levels["3"].accepts("2")
    assert not POLICY.levels["3"].accepts("1")
    assert POLICY.reasons["escalation"]


def test_001_05_urgency_impact_and_complexity_make_the_priority() -> None:
    assert POLICY.matrix.priority("now", "everyone", "known") == "urgent"
    assert POLICY.matrix.priority("later", "many", "known") == "high"
    assert POLICY.matrix.priority("today", "some", "known") == "normal"
    assert POLICY.matrix.priority("later", "some", "known") == "low"
    assert POLICY.matrix.priority("later", "some", "unknown") == "normal"
    assert POLICY.levels["2"].accepts("client")


@pytest.mark.parametrize(
    ("priority", "response", "resolution"),
    [
        ("urgent", "Mon 12 09:20", "Mon 12 10:05"),
        ("high", "Mon 12 09:20", "Mon 12 12:05"),
        ("normal", "Mon 12 12:15", "Wed 14 14:00"),
        ("low", "Wed 14 14:00", "Wed 21 15:00"),
    ],
)
def test_001_06_to_09_each_priority_has_its_times(
    priority: str, response: str, resolution: str
) -> None:
    """15 min and 1 h, 15 min and 3 h, 15 min and 12 h, 12 h and 48 h of the levels' hours."""
    assert due(POLICY, priority, MONDAY_0905) == {"response": response, "resolution": resolution}


def test_001_10_what_nobody_can_help_extends_the_resolution_and_says_why() -> None:
    assert set(POLICY.reasons["force_majeure"]) == {"weather", "traffic", "other"}
    delayed = Event(jan(12, 10), status="waiting", stage="delayed")
    again = Event(jan(13, 10), status="open")
    traits = Traits("portal", "incident", "high")
    clock = tell(POLICY, traits, delayed, again, opened_at=jan(12, 9), now=jan(13, 10))
    assert clock["resolution"].due_at == jan(13, 12)
    assert any("Delayed by others" in one.why for one in clock["resolution"].intervals)


def test_001_11_scope_is_one_of_four() -> None:
    assert list(POLICY.reasons["scope"]) == ["direct", "integrated", "extended", "beyond"]


def test_001_13_reports_are_asked_for_message_actions_before_and_steps_tried() -> None:
    asked = {q.key for questions in POLICY.desk.questions.values() for q in questions}
    assert {"message", "before", "tried"} <= asked
    assert set(POLICY.desk.priorities.values()) == {"high", "normal", "low"}


def test_001_15_a_survey_may_follow_a_resolution() -> None:
    assert POLICY.procedure.survey


@pytest.mark.parametrize("priority", ["urgent", "high", "normal", "low"])
def test_001_16_premium_is_answered_sooner_or_as_soon(priority: str) -> None:
    """The text states no figures; ours are never slower, and faster where there is room."""
    standard = {row.number for row in POLICY.rows if "agreement" not in row.when}
    ours = POLICY.row(Traits("portal", "incident", priority, "1", "standard"))
    theirs = POLICY.row(Traits("portal", "incident", priority, "1", "premium"))
    assert ours
    assert theirs
    assert ours.number in standard
    for clock in ("response", "resolution"):
        assert theirs.targets[clock].within <= ours.targets[clock].within
    assert theirs.targets != ours.targets


def test_001_17_the_acknowledgement_tells_details_and_priority() -> None:
    assert POLICY.procedure.acknowledge


@pytest.mark.parametrize("priority", ["urgent", "high"])
def test_001_18_what_presses_is_answered_within_15_minutes_by_general_support(
    priority: str,
) -> None:
    assert due(POLICY, priority, jan(12, 12))["response"] == "Mon 12 12:15"
    assert POLICY.procedure.first_contact == POLICY.levels["1"].key


def test_001_19_after_the_first_contact_there_is_an_update_every_day_until_it_is_resolved() -> None:
    traits = Traits("portal", "incident", "normal")
    before = tell(POLICY, traits, opened_at=FRIDAY_1545, now=FRIDAY_1545)["progress"]
    assert (before.state, before.due_at) == ("paused", None)
    answered = Event(jan(9, 16), Act.ANSWER)
    first = tell(POLICY, traits, answered, opened_at=FRIDAY_1545, now=jan(10, 13))["progress"]
    assert first.due_at == jan(10, 16)
    again = Event(jan(10, 15), Act.ANSWER)
    second = tell(POLICY, traits, answered, again, opened_at=FRIDAY_1545, now=jan(10, 16))
    assert (second["progress"].due_at, second["progress"].is_late) == (jan(11, 15), False)
    silent = tell(POLICY, traits, answered, opened_at=FRIDAY_1545, now=jan(11, 13))["progress"]
    assert silent.breached_at == jan(10, 16)
    resolved = Event(jan(10, 15, 30), status="resolved")
    done = tell(POLICY, traits, answered, again, resolved, opened_at=FRIDAY_1545, now=jan(20, 13))
    assert (done["progress"].state, done["progress"].is_late) == ("stopped", False)


def test_001_20_who_is_escalated_is_told() -> None:
    assert POLICY.procedure.tell_escalation


def test_001_21_it_stays_open_for_48_hours_after_the_resolution() -> None:
    assert POLICY.procedure.auto_close_after == timedelta(hours=48)
    assert "no_reply" in POLICY.reasons["closing"]


def test_001_22_three_attempts_by_two_methods_over_three_days() -> None:
    rule = POLICY.procedure.contact
    assert rule
    assert (rule.attempts, rule.methods, rule.days) == (3, 2, 3)
    assert rule.ways == ("phone", "email", "sms")
    assert "input_required" in POLICY.reasons["closing"]


@pytest.mark.parametrize(
    "said",
    [
        "row 6 (priority normal) 15 min of general",  # (a)
        "Advanced support takes urgent and does not work on Saturday and Sunday",  # (b)
        "Tuesday 09:00–12:00, for example, nobody may answer",  # (c)
        "48h of general for resolution is 9 working days and 3 h",  # (d)
        "the scopes extended and beyond both speak of 'internet'",  # (e)
        "row 7 (priority low) 12 h of general",  # (f)
    ],
)
def test_001_the_contradictions_of_the_text_are_told(said: str) -> None:
    assert any(said in line for line in warned(POLICY))
