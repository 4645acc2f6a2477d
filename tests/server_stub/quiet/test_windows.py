"""When maintenance is: against a wall clock that is read minute by minute."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from server_stub.quiet.active import TAIL, Planned, Quiet
from server_stub.quiet.windows import Window

MINUTE = timedelta(minutes=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def nightly(zone: str, opens: str, closes: str, *days: int) -> Window:
    return Window(
        START,
        None,
        frozenset(days or range(7)),
        time.fromisoformat(opens),
        time.fromisoformat(closes),
        zone,
    )


def by_the_wall(window: Window, first: datetime, minutes: int) -> set[datetime]:
    """Return the quiet minutes, each day's from the first to the last that the wall shows."""
    zone = ZoneInfo(window.zone)
    shown = [(first + n * MINUTE) for n in range(-2 * 1440, minutes + 2 * 1440)]
    walls = [at.astimezone(zone).replace(tzinfo=None) for at in shown]
    quiet: set[datetime] = set()
    for day in sorted({wall.date() for wall in walls}):
        if day.weekday() not in window.days:
            continue
        opens = datetime.combine(day, window.opens)
        closes = datetime.combine(day, window.closes)
        if closes <= opens:
            closes += timedelta(days=1)
        begins = next((at for at, wall in zip(shown, walls, strict=True) if wall >= opens), None)
        before = [at for at, wall in zip(shown, walls, strict=True) if wall < closes]
        if begins and before:
            quiet |= {at for at in shown if begins <= at <= before[-1]}
    return {at for at in quiet if first <= at < first + minutes * MINUTE}


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Paris", datetime(2026, 3, 28, tzinfo=UTC)),  # the clock leaps at 02:00
        ("Europe/Paris", datetime(2026, 10, 24, tzinfo=UTC)),  # and goes back at 03:00
        ("America/New_York", datetime(2026, 3, 7, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),  # by half an hour
        ("Africa/Casablanca", datetime(2026, 3, 21, tzinfo=UTC)),
        ("UTC", datetime(2026, 6, 1, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        ("22:00", "02:30"),
        ("02:15", "02:45"),
        ("01:30", "04:00"),
        ("00:00", "00:00"),
        ("02:30", "02:00"),
    ],
)
def test_a_recurring_window_is_what_the_wall_clock_says(
    zone: str, first: datetime, opens: str, closes: str
) -> None:
    window = nightly(zone, opens, closes, 5, 6, 2)
    minutes = 3 * 1440
    shown = [first + n * MINUTE for n in range(minutes)]

    assert {at for at in shown if window.quiet_until(at)} == by_the_wall(window, first, minutes)


def test_the_end_is_told() -> None:
    window = nightly("Europe/Paris", "22:00", "02:00", 1)  # Tuesdays
    at = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)

    assert window.quiet_until(at) == datetime(2026, 3, 4, 1, 0, tzinfo=UTC)
    assert window.quiet_until(at + timedelta(days=1)) is None


def test_the_night_after_the_last_day_still_belongs_to_it() -> None:
    saturday_night = datetime(2026, 3, 8, 0, 30, tzinfo=UTC)

    assert nightly("UTC", "22:00", "02:00", 5).quiet_until(saturday_night)
    assert not nightly("UTC", "22:00", "02:00", 6).quiet_until(saturday_night)


def test_a_single_stretch_is_from_its_beginning_to_before_its_end() -> None:
    end = START + timedelta(hours=2)
    window = Window(START, end)

    assert window.quiet_until(START) == end
    assert window.quiet_until(end - MINUTE) == end
    assert window.quiet_until(end) is None
    assert window.quiet_until(START - MINUTE) is None


def test_a_recurring_window_ends_with_its_last_instant() -> None:
    window = Window(
        START, START + timedelta(hours=23), frozenset(range(7)), time(22), time(2), "UTC"
    )

    assert window.quiet_until(START + timedelta(hours=22)) == START + timedelta(hours=23)
    assert window.quiet_until(START + timedelta(hours=46)) is None


def test_a_zone_that_this_computer_does_not_know_makes_no_quiet() -> None:
    """Another ``serve`` planned it with newer zones: no event may fail because of that."""
    assert nightly("US/Gone", "00:00", "00:00").quiet_until(START) is None


def test_a_fixed_offset_is_a_zone() -> None:
    window = nightly("+01:00", "22:00", "23:00")

    assert window.quiet_until(START.replace(hour=21)) == START.replace(hour=22)


def test_windows_that_are_looked_for_now_and_then_are_found_in_time() -> None:
    """Not all windows are asked for every event, which would cost a hundred times as much."""
    nights = [nightly("Europe/London", f"22:{n:02}", f"22:{n + 1:02}") for n in range(0, 50, 2)]
    planned = [Planned(n, 1, None, None, "kim", one) for n, one in enumerate(nights)]
    quiet = Quiet(tuple(planned))
    at = START.replace(hour=21, minute=58)
    for _ in range(600):
        at += timedelta(seconds=7)
        found = quiet.window(1, None, "d", at)
        fresh = Quiet(tuple(planned)).window(1, None, "d", at)
        expected = [n for n in nights if n.quiet_until(at) or n.quiet_until(at - TAIL)]
        assert bool(found) == bool(fresh) == bool(expected)
        assert not found or found.window in expected
