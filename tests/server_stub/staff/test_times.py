from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server_stub.staff import times

NOW = datetime(2026, 11, 21, 10, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(0), "less than a minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=3, minutes=10), "3 h 10 min"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=2, hours=4, minutes=59), "2 d 4 h"),
        (timedelta(minutes=-25), "25 min"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(length: timedelta, words: str) -> None:
    assert times.span(length) == words


def test_a_due_time_is_in_future_or_overdue_from_its_very_instant() -> None:
    assert times.due(NOW + timedelta(minutes=12), NOW) == "due in 12 min"
    assert times.due(NOW, NOW) == "overdue by less than a minute"
    assert times.due(NOW - timedelta(hours=2), NOW) == "overdue by 2 h"


def test_a_due_time_presses_half_an_hour_before_and_is_late_at_its_instant() -> None:
    assert times.urgency(None, NOW) == ""
    assert times.urgency(NOW + timedelta(minutes=31), NOW) == ""
    assert times.urgency(NOW + timedelta(minutes=30), NOW) == "soon"
    assert times.urgency(NOW, NOW) == "late"


def test_relative_times_look_both_ways() -> None:
    assert times.relative(NOW + timedelta(days=1), NOW) == "in 1 d"
    assert times.relative(NOW - timedelta(minutes=5), NOW) == "5 min ago"
    assert times.relative(NOW - timedelta(seconds=59), NOW) == "just now"


def test_a_local_time_carries_as_much_of_the_date_as_it_needs() -> None:
    zone = ZoneInfo("America/New_York")
    assert times.clock_time(NOW + timedelta(minutes=12), NOW, zone) == "05:45"
    assert times.clock_time(NOW - timedelta(hours=7), NOW, zone) == "Fri 20 Nov 22:33"
    assert times.clock_time(NOW - timedelta(days=300), NOW, zone) == "25 Jan 2026 05:33"


def test_local_times_follow_summer_time() -> None:
    zone = ZoneInfo("Europe/London")
    summer = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
    assert times.clock_time(summer, summer, zone) == "10:00"
    assert times.utc_time(summer.astimezone(zone)) == "2026-07-01 09:00:00 UTC"


@pytest.mark.parametrize(
    "label", ["", "yesterday", "2026-11-21T10:33:00", "9999-12-31T23:59:59-14:00", 7, None, ["x"]]
)
def test_a_device_label_that_is_no_instant_is_none(label: object) -> None:
    """Devices write labels freely; a page must come out whatever they wrote."""
    assert times.from_label(label) is None


def test_a_device_label_with_a_zone_is_an_instant() -> None:
    assert times.from_label("2026-11-21T11:33:00+01:00") == NOW
