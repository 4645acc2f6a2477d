from datetime import UTC, datetime, timedelta

import pytest

from server_stub.sla.wording import length, moment, working

NOW = datetime(2026, 1, 9, 15, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "rounded", "exact"),
    [
        (0, "0 min", "0 min"),
        (20, "less than a minute", "20 s"),
        (-90, "1 min", "1 min 30 s"),
        (3_600, "1 h", "1 h"),
        (90_061, "25 h 1 min", "25 h 1 min 1 s"),
    ],
)
def test_lengths_are_rounded_down_or_exact(seconds: int, rounded: str, exact: str) -> None:
    assert length(timedelta(seconds=seconds)) == rounded
    assert length(timedelta(seconds=seconds), exact=True) == exact


@pytest.mark.parametrize(
    ("minutes", "said", "plainly"),
    [
        (0, "less than a working minute", "less than a minute"),
        (1, "1 working minute", "1 minute"),
        (60, "1 working hour", "1 hour"),
        (120, "2 working hours", "2 hours"),
        (150, "2 h 30 min of working time", "2 h 30 min"),
    ],
)
def test_working_time_is_called_so(minutes: int, said: str, plainly: str) -> None:
    assert working(timedelta(minutes=minutes), plain=False) == said
    assert working(timedelta(minutes=minutes), plain=True) == plainly


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "today 15:45"),
        (3, "Monday 15:45"),
        (-6, "Saturday 15:45"),
        (7, "Friday 16 January 15:45"),
        (-30, "Wednesday 10 December 2025 15:45"),
    ],
)
def test_a_moment_is_told_with_as_much_date_as_it_needs(days: int, said: str) -> None:
    assert moment(NOW + timedelta(days=days), NOW, UTC) == said
