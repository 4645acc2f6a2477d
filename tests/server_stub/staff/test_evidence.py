"""What an alert brought, as the ticket page draws it: pure."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server_stub.staff.evidence import HEIGHT, WIDTH, Chart, charts, explanations, tries


def the_chart(points: Any, unit: str = "bytes") -> Chart:
    (chart,) = charts({"series": [{"metric": "free_bytes", "unit": unit, "points": points}]})
    return chart


def test_a_chart_says_in_words_what_it_draws() -> None:
    chart = the_chart([[7200, 12 * 2**30], [3600, 2 * 2**30], [0, 4 * 2**30]])

    assert chart.words == "free: 12 GiB 2 h before, 4 GiB at last; least 2 GiB, most 12 GiB"
    assert chart.lines == ("4.0,4.0 240.0,60.0 476.0,48.8",)
    assert chart.rows == (("0 s", "4 GiB"), ("1 h", "2 GiB"), ("2 h", "12 GiB"))


def test_a_share_is_drawn_between_nothing_and_all() -> None:
    """Else 41 % to 42 % would look like a cliff."""
    chart = the_chart([[60, 50.0], [0, 50.0]], unit="percent")

    assert chart.lines == ("4.0,32.0 476.0,32.0",)


def test_where_nothing_was_measured_there_is_no_line() -> None:
    """A computer that slept: the line would pretend to know."""
    chart = the_chart([[9000, 1], [8940, 2], [8880, 2], [120, 3], [60, 3], [0, 4]])

    assert len(chart.lines) == 2
    assert all(len(line.split()) == 3 for line in chart.lines)


def test_what_did_not_change_for_an_hour_has_no_gap() -> None:
    """An agent does not repeat itself: first nothing happened, then much."""
    chart = the_chart([[14_400, 5], [10_800, 5], [7_200, 5], [900, 4], [600, 3], [300, 2], [0, 1]])

    assert len(chart.lines) == 2, "from 2 h to 15 min before nothing came"
    chart = the_chart([[7_200, 5], [3_600, 5], [300, 4], [240, 3], [180, 2], [0, 1]])
    assert len(chart.lines) == 1


def test_points_come_in_any_order_and_a_lone_one_is_a_dot() -> None:
    chart = the_chart([[0, 4], [60, 3], [120, 3], [9000, 1]])

    assert len(chart.lines) == 2
    assert chart.lines[0] == "4.0,60.0 4.0,60.0"


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"series": None, "evidence": 3, "tried": "x"},
        {"series": [3, None], "evidence": ["x"], "tried": [[]]},
        {"series": [{}], "evidence": [{}], "tried": []},
        {"series": [{"points": [[0, 1]]}], "evidence": [{"title": "t", "lines": "x"}]},
        {"series": [{"points": [[-1, 1], [0, "x"], [0], [1e3, 1], [0, float("nan")], [5, 5]]}]},
    ],
)
def test_what_has_another_shape_is_left_out(tree: dict[str, Any]) -> None:
    assert [*charts(tree), *explanations(tree), *tries(tree)] == []


def test_a_try_of_odd_members_is_shown_as_it_came() -> None:
    (one,) = tries({"tried": [{"action": 5, "at": "noon", "outcome": ["x"]}]})

    assert (one.action, one.at, one.outcome, one.mark, one.detail) == ("5", "noon", "['x']", "", "")


_NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.lists(st.tuples(st.integers(0, 2**53), _NUMBERS).map(list), min_size=2, max_size=60),
    st.sampled_from(["bytes", "percent", "seconds", "count", "celsius", "furlong"]),
)
def test_whatever_was_measured_is_drawn_within_the_chart(points: list[Any], unit: str) -> None:
    for chart in charts({"series": [{"metric": "m", "unit": unit, "points": points}]}):
        places = re.findall(r"\S+,\S+", " ".join(chart.lines))
        assert len(places) >= len(chart.rows)
        for x, y in (place.split(",") for place in places):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT
