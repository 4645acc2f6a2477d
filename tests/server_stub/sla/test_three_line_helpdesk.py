"""Procedure 003, statement by statement, as far as it is lines, statuses and clocks."""

from datetime import timedelta

import pytest

from server_stub.sla.events import Act, Event
from server_stub.sla.terms import Traits
from tests.server_stub.sla.told import FRIDAY_1545, due, jan, shipped, tell, warned

POLICY = shipped("three-line-helpdesk")
FIRST, SECOND, THIRD = (Traits("phone", "incident", "normal", level) for level in "123")
AWAITING = (
    *("awaiting_third_party", "awaiting_delivery", "awaiting_authorization"),
    *("awaiting_file_restore", "awaiting_parts", "awaiting_quote", "awaiting_rebuild"),
)
ABSENT = ("user_unavailable", "service_unavailable")


def test_003_02_first_line_takes_first_calls() -> None:
    assert POLICY.procedure.first_contact == "1"
    assert POLICY.levels["1"].name == "1st line"


def test_003_03_the_15_minutes_are_a_guide_and_never_a_breach() -> None:
    assert POLICY.procedure.first_line_guide == timedelta(minutes=15)
    clocks = tell(POLICY, FIRST, opened_at=jan(12, 9), now=jan(12, 10))
    assert list(clocks) == ["dwell"]
    assert not clocks["dwell"].is_late


def test_003_04_nothing_sits_on_1st_line_longer_than_1_working_day() -> None:
    assert due(POLICY, "normal", FRIDAY_1545, level="1") == {"dwell": "Mon 12 15:45"}
    late = tell(POLICY, FIRST, opened_at=FRIDAY_1545, now=jan(12, 16))["dwell"]
    assert (late.state, late.breached_at) == ("breached", jan(12, 15, 45))


def test_003_04_a_consultation_does_not_help_on_1st_line() -> None:
    consulted = Event(jan(12, 15), Act.CONSULTATION)
    clock = tell(POLICY, FIRST, consulted, opened_at=FRIDAY_1545, now=jan(12, 15, 30))["dwell"]
    assert clock.due_at == jan(12, 15, 45)


@pytest.mark.parametrize("stage", [*AWAITING, *ABSENT])
def test_003_04_a_call_that_awaits_something_may_sit(stage: str) -> None:
    waits = Event(jan(12, 10), status="waiting", stage=stage)
    clock = tell(POLICY, FIRST, waits, opened_at=FRIDAY_1545, now=jan(16, 12))["dwell"]
    assert (clock.state, clock.elapsed) == ("paused", timedelta(hours=2, minutes=15))
    assert clock.intervals[-1].why == f"status {POLICY.stages[stage].title} pauses the clock"


def test_003_05_under_no_circumstances_12_hours_is_told_as_a_contradiction() -> None:
    assert any(
        "statement 5" in line and "12 h of clock; row 1 (level 1) 8 h of office" in line
        for line in warned(POLICY)
    )


def test_003_06_there_are_seven_awaiting_statuses() -> None:
    assert {name for name in POLICY.stages if name.startswith("awaiting")} == set(AWAITING)
    assert {POLICY.stages[name].status for name in AWAITING} == {"waiting"}


def test_003_07_second_line_takes_overflow_and_escalated_calls() -> None:
    assert POLICY.levels["1"].overflow
    assert POLICY.levels["2"].accepts("1")
    assert POLICY.levels["2"].accepts("client")


def test_003_08_nothing_sits_on_2nd_line_longer_than_2_working_days_unconsulted() -> None:
    assert due(POLICY, "normal", FRIDAY_1545, level="2") == {"dwell": "Tue 13 15:45"}
    consulted = Event(jan(13, 10), Act.CONSULTATION)
    clock = tell(POLICY, SECOND, consulted, opened_at=FRIDAY_1545, now=jan(14, 9))["dwell"]
    assert (clock.due_at, clock.round) == (jan(15, 10), 2)


def test_003_08_a_call_has_its_time_anew_on_2nd_line() -> None:
    escalated = Event(jan(12, 15), level="2")
    clock = tell(POLICY, FIRST, escalated, opened_at=FRIDAY_1545, now=jan(12, 15))["dwell"]
    assert (clock.due_at, clock.elapsed) == (jan(14, 15), timedelta())


def test_003_08_the_slip_of_the_text_is_told() -> None:
    assert "statement 8 says 1st line, but it is about 2nd line" in warned(POLICY)


def test_003_09_the_48_hours_are_told_as_a_contradiction() -> None:
    assert any("48 h of clock; row 2 (level 2) 16 h of office" in line for line in warned(POLICY))


def test_003_10_third_line_takes_from_2nd_line_and_direct_contacts_only() -> None:
    third = POLICY.levels["3"]
    assert third.accepts("2")
    assert third.accepts("client")
    assert not third.accepts("1")
    assert tell(POLICY, THIRD, opened_at=FRIDAY_1545, now=jan(20, 12)) == {}


def test_003_11_there_are_six_reasons_to_go_to_2nd_line_and_overflow() -> None:
    assert set(POLICY.reasons[POLICY.levels["2"].reasons]) == {
        *("not_remote", "investigation", "protracted", "no_known_fix"),
        *("unclear_purchase", "fix_fails", "overflow"),
    }


def test_003_12_there_are_four_reasons_to_go_to_3rd_line() -> None:
    assert set(POLICY.reasons[POLICY.levels["3"].reasons]) == {
        *("no_known_fix", "consultation_failed", "research", "project"),
    }
    assert {"escalation_second", "escalation_third"} <= POLICY.reason_required


def test_003_13_every_escalation_is_told_to_the_users_involved() -> None:
    assert POLICY.procedure.tell_escalation


def test_003_14_project_and_testing_need_the_project_manager() -> None:
    for name in ("project", "testing"):
        assert POLICY.types[name].approval
        assert POLICY.types[name].approver == "project manager"
