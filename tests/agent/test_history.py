import json
from itertools import pairwise

import pytest

from agent.history import MOST_POINTS, MOST_SERIES, STEP_S, History
from tests.agent.rule_samples import moment


def filled(minutes: int, *, start_s: float = 1000) -> History:
    history = History(moment(start_s), "boot 1")
    for minute in range(minutes):
        history.note("disk", "C:", {"free": minute, "state": "ok"}, moment(start_s + 60 * minute))
    return history


def test_a_point_is_kept_every_five_minutes() -> None:
    points = filled(31).points("disk", "C:", "free")
    assert [point.value for point in points] == [0, 5, 10, 15, 20, 25, 30]
    assert points[-1].at_s - points[0].at_s == 1800


def test_words_and_infinite_forecasts_are_no_points() -> None:
    history = History(moment(0), "b")
    history.note("disk", "C:", {"state": "ok", "full_in": float("inf")}, moment(0))
    assert history.points("disk", "C:", "state") == history.points("disk", "C:", "full_in") == []


def test_a_month_stays_small_reaches_back_and_is_finest_at_its_end() -> None:
    points = filled(30 * 24 * 60).points("disk", "C:", "free")
    assert len(points) <= MOST_POINTS
    assert points[0].value == 0
    gaps = [b.at_s - a.at_s for a, b in pairwise(points)]
    assert gaps[-1] == STEP_S
    assert max(gaps) > 20 * STEP_S


def test_a_stored_history_goes_on_in_the_same_boot() -> None:
    before = filled(31)
    after = History(moment(9000), "boot 1", before.text(moment(2900)))
    assert after.points("disk", "C:", "free") == before.points("disk", "C:", "free")
    after.note("disk", "C:", {"free": 99}, moment(9000))
    assert after.points("disk", "C:", "free")[-1] == (9000, 99)


def test_after_a_reboot_it_goes_on_where_it_ended() -> None:
    after = History(moment(40), "boot 2", filled(31).text(moment(2900)))
    after.note("disk", "C:", {"free": 99}, moment(40 + STEP_S))
    last, new = after.points("disk", "C:", "free")[-2:]
    assert new.at_s - last.at_s == STEP_S


def test_a_commit_is_due_once_in_five_minutes_and_only_with_something_new() -> None:
    history = History(moment(0), "b")
    assert not history.is_due(moment(1000))
    history.note("disk", "C:", {"free": 1}, moment(1000))
    assert history.is_due(moment(1000))
    history.text(moment(1000))
    assert not history.is_due(moment(5000))
    history.note("disk", "C:", {"free": 1}, moment(1299))
    assert not history.is_due(moment(1299))
    history.note("disk", "C:", {"free": 1}, moment(1301))
    assert history.is_due(moment(1301))


def test_the_number_of_series_is_bounded_and_the_silent_go_first() -> None:
    history = History(moment(0), "b")
    for number in range(MOST_SERIES + 5):
        history.note("disk", str(number), {"free": 1}, moment(number))
    assert history.points("disk", "4", "free") == []
    assert history.points("disk", "5", "free") != []
    assert len(json.loads(history.text(moment(0)))["series"]) == MOST_SERIES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"series": [[1, 2]], "offset_s": 0, "boot_id": "b"}',
        '{"series": [["r", "t", "m", [1, 2], [1]]], "offset_s": 0, "boot_id": "b"}',
        '{"series": [["r", "t", "m", [1], ["x"]]], "offset_s": 0, "boot_id": "b"}',
        '{"series": [["r", "t", "m", [NaN], [1]]], "offset_s": 0, "boot_id": "b"}',
        '{"series": [], "offset_s": "x", "boot_id": "b"}',
        "[" * 100_000,
    ],
)
def test_a_damaged_history_is_an_empty_one(text: str) -> None:
    history = History(moment(0), "b", text)
    assert history.points("r", "t", "m") == []
    history.note("r", "t", {"m": 1}, moment(0))
    assert history.points("r", "t", "m") == [(0, 1)]
