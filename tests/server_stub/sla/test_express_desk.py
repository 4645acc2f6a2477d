"""Procedure 000, statement by statement, as far as it is levels and clocks."""

from server_stub.sla.events import Act, Event
from server_stub.sla.terms import Traits
from tests.server_stub.sla.told import FRIDAY_1545, due, jan, shipped, tell, warned

POLICY = shipped("express-desk")


def test_000_04_the_number_comes_by_mail() -> None:
    assert POLICY.procedure.acknowledge


def test_000_05_problems_tasks_and_requests_are_tickets() -> None:
    assert set(POLICY.types) == {"problem", "task", "request"}


def test_000_06_ninety_five_in_a_hundred_express_forms_are_solved_in_2_working_hours() -> None:
    (goal,) = POLICY.goals
    assert (goal.share_percent, goal.clock, goal.when) == (
        95,
        "resolution",
        {"source": ("portal",)},
    )
    assert goal.target.within.total_seconds() == 2 * 3600


def test_000_07_level_1_solves_within_4_working_hours() -> None:
    assert due(POLICY, "normal", FRIDAY_1545, level="1") == {"resolution": "Mon 12 11:45"}
    assert POLICY.levels["1"].share_percent == 90


def test_000_08_level_2_solves_within_4_working_hours() -> None:
    assert due(POLICY, "normal", FRIDAY_1545, level="2") == {"resolution": "Mon 12 11:45"}
    assert POLICY.levels["2"].share_percent == 8


def test_000_09_level_3_solves_within_4_working_hours_or_tells_progress_every_4() -> None:
    traits = Traits("portal", "problem", "normal", "3")
    assert due(POLICY, "normal", FRIDAY_1545, level="3") == {"progress": "Mon 12 11:45"}
    told = Event(jan(12, 10), Act.ANSWER)
    progress = tell(POLICY, traits, told, opened_at=FRIDAY_1545, now=jan(12, 11))["progress"]
    assert (progress.due_at, progress.round) == (jan(12, 14), 2)
    solved = Event(jan(12, 13), status="resolved")
    done = tell(POLICY, traits, told, solved, opened_at=FRIDAY_1545, now=jan(13, 12))["progress"]
    assert (done.state, done.is_late) == ("stopped", False)
    assert POLICY.levels["3"].share_percent == 2


def test_000_09_a_silence_of_more_than_4_working_hours_is_late() -> None:
    traits = Traits("portal", "problem", "normal", "3")
    late = tell(POLICY, traits, opened_at=FRIDAY_1545, now=jan(12, 12))["progress"]
    assert (late.state, late.breached_at) == ("breached", jan(12, 11, 45))


def test_000_what_the_text_leaves_open_is_told() -> None:
    assert any("statement 9" in line for line in warned(POLICY))
    assert POLICY.ours
