from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.loader import load
from agent.rules.maintenance import MaintenanceWindow, in_maintenance
from tests.agent.rules.checks_for_tests import CHECKS

PATCH_NIGHT = MaintenanceWindow("patch night", (1,), 22 * 60, 2 * 60)
TUESDAY = datetime(2024, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "covered"),
    [
        ("tue 21:59", False),
        ("tue 22:00", True),
        ("tue 23:59", True),
        ("wed 00:00", True),
        ("wed 01:59", True),
        ("wed 02:00", False),
        ("wed 22:00", False),
        ("tue 01:00", False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_starts(at: str, covered: bool) -> None:  # noqa: FBT001
    day, _, time = at.partition(" ")
    hours, minutes = map(int, time.split(":"))
    local = TUESDAY + timedelta(days=day == "wed", hours=hours, minutes=minutes)
    assert in_maintenance([PATCH_NIGHT], local, "disk") is (PATCH_NIGHT if covered else None)


def test_a_whole_day_ends_at_midnight() -> None:
    window = MaintenanceWindow("sunday", (6,), 0, 1440)
    sunday = TUESDAY + timedelta(days=5)
    assert window.covers(sunday)
    assert window.covers(sunday.replace(hour=23, minute=59, second=59))
    assert not window.covers(sunday + timedelta(days=1))


def test_the_first_window_that_covers_is_named() -> None:
    always = MaintenanceWindow("always", tuple(range(7)), 0, 1440)
    assert in_maintenance([PATCH_NIGHT, always], TUESDAY, "disk") is always
    assert in_maintenance([], TUESDAY, "disk") is None


def test_the_wall_clock_decides_when_clocks_change() -> None:
    """The night clocks go back has 02:30 twice; people mean both."""
    window = MaintenanceWindow("night", (6,), 2 * 60, 3 * 60)
    zone = ZoneInfo("Europe/Berlin")
    instants = [datetime(2024, 10, 27, hour, 30, tzinfo=UTC) for hour in (0, 1, 2)]
    assert [window.covers(instant.astimezone(zone)) for instant in instants] == [True, True, False]


@given(
    st.sets(st.integers(0, 6)),
    st.integers(0, 1439),
    st.integers(0, 1440),
    st.integers(0, 7 * 1440 - 1),
)
def test_windows_agree_with_counting_minutes(
    days: set[int], starts: int, ends: int, minute: int
) -> None:
    window = MaintenanceWindow("w", tuple(days), starts, ends)
    length = ends - starts if ends > starts else ends - starts + 1440
    planned = {
        (day * 1440 + starts + offset) % (7 * 1440) for day in days for offset in range(length)
    }
    local = TUESDAY - timedelta(days=1) + timedelta(minutes=minute)
    assert window.covers(local) is (minute in planned)


def test_windows_are_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "version: 1\nrules: []\nmaintenance:\n"
        '- {name: patch night, days: [tue], from: "22:00", to: "02:00"}\n'
        '- {name: backup, from: "00:00", to: "24:00"}\n',
        encoding="utf-8",
    )
    patch_night, backup = load(path, CHECKS).maintenance
    assert patch_night == PATCH_NIGHT
    assert (backup.days, backup.from_minute, backup.to_minute) == (tuple(range(7)), 0, 1440)


@pytest.mark.parametrize(
    ("weeks", "days"),
    [
        (("2",), [12]),
        (("1", "3"), [5, 19]),
        (("last",), [26]),
        (("4", "last"), [26]),
        (("5",), []),
        ((), [5, 12, 19, 26]),
    ],
)
def test_a_window_may_be_in_some_weeks_of_a_month_only(
    weeks: tuple[str, ...], days: list[int]
) -> None:
    window = MaintenanceWindow("patch day", (1,), 600, 660, weeks=weeks)
    march = [datetime(2024, 3, day, 10, 30, tzinfo=UTC) for day in range(1, 32)]

    assert [at.day for at in march if window.covers(at)] == days


def test_the_night_after_the_last_friday_may_be_of_the_next_month() -> None:
    window = MaintenanceWindow("friday", (4,), 22 * 60, 120, weeks=("last",))

    assert window.covers(datetime(2024, 6, 1, 1, tzinfo=UTC))  # saturday after may 31
    assert not window.covers(datetime(2024, 5, 25, 1, tzinfo=UTC))


def test_a_window_may_be_for_some_rules_only() -> None:
    window = MaintenanceWindow("backup", tuple(range(7)), 0, 1440, rules=("cpu",))

    assert in_maintenance([window], TUESDAY, "cpu") is window
    assert in_maintenance([window], TUESDAY, "disk") is None
