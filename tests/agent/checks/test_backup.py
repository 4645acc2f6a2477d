"""Backups: their files, their calendar and their sizes."""

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent import clock, device
from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks.backup import CHECK, missed, size_drop, values
from agent.device import Backup, Device
from agent.host import probe_child
from agent.rules.maintenance import DAYS

DAILY = Backup("files", "/srv/backup", "*", 86_400, tuple(range(7)))
WORKDAYS = DAILY._replace(days=(0, 1, 2, 3, 4))
HOURLY = DAILY._replace(every_s=3_600)
FRIDAY = datetime(2031, 6, 6, 22, 30)  # noqa: DTZ001 - a wall clock
HOUR = timedelta(hours=1)
WEEKLY = DAILY._replace(every_s=7 * 86_400, days=(4,))
HOURLY_ON_WORKDAYS = WORKDAYS._replace(every_s=3_600)


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    yield
    device.settle(Device())


def file(folder: Path, name: str, age: timedelta, size: int) -> None:
    path = folder / name
    path.write_bytes(b"x" * size)
    changed_at = (clock.now().wall - age).timestamp()
    os.utime(path, (changed_at, changed_at))


@pytest.mark.parametrize(
    ("backup", "later", "count"),
    [
        (DAILY, 1 * HOUR, 0),
        (DAILY, 23.9 * HOUR, 0),
        (DAILY, 24 * HOUR, 1),
        (DAILY, 47 * HOUR, 1),
        (DAILY, 72 * HOUR, 3),
        (WORKDAYS, 71 * HOUR, 0),  # Saturday and Sunday have none
        (WORKDAYS, 72 * HOUR, 1),  # Monday evening
        (WORKDAYS, 10 * 24 * HOUR, 6),
        (HOURLY, 59 / 60 * HOUR, 0),
        (HOURLY, 5 * HOUR, 5),
        (DAILY, -5 * HOUR, 0),  # a file of tomorrow
        (DAILY, 400 * 24 * HOUR, 30),  # nobody looks further back
        (HOURLY._replace(every_s=60), 400 * 24 * HOUR, 1_000),
    ],
)
def test_runs_that_were_due_on_its_days_are_counted(
    backup: Backup, later: timedelta, count: int
) -> None:
    assert missed(backup, [FRIDAY], FRIDAY + later) == count


def ended(*times: str) -> list[datetime]:
    """Return wall clocks, such as ``sat 01:00``, of the week that began on Monday, 2031-06-02."""
    found = []
    for day, hands in (text.split() for text in times):
        hour, minute = map(int, hands.split(":"))
        found.append(datetime(2031, 6, 2 + DAYS.index(day), hour, minute))  # noqa: DTZ001 - the same
    return found


NIGHTS = ended("sat 01:00", "fri 01:00", "thu 01:00", "wed 01:00", "tue 01:00")
MORNINGS = ended("fri 10:00", "thu 10:00", "wed 10:00", "tue 10:00", "mon 10:00")
WITH_ONE_BY_HAND = [*ended("sat 10:00"), *MORNINGS]
LONG = [end + 13 * HOUR for end in NIGHTS]
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("backup", "runs", "later", "count"),
    [
        # Friday's run has ended on Saturday: the next one is Monday's, which ends on Tuesday.
        (WORKDAYS, NIGHTS, 1 * DAY, 0),
        (WORKDAYS, NIGHTS, 2 * DAY, 0),
        (WORKDAYS, NIGHTS, 3 * DAY - HOUR, 0),
        (WORKDAYS, NIGHTS, 3 * DAY, 1),
        (WORKDAYS, NIGHTS, 4 * DAY, 2),
        (WORKDAYS, NIGHTS, 7 * DAY, 5),
        (WORKDAYS, NIGHTS[:1], 2 * DAY, 0),
        (WORKDAYS, NIGHTS[:1], 3 * DAY, 1),
        (WORKDAYS, NIGHTS[1:], 1 * DAY, 0),  # Thursday's may be Friday's, of 01:00
        (WORKDAYS, NIGHTS[1:], 4 * DAY, 1),
        (WORKDAYS, MORNINGS, 2 * DAY, 0),
        (WORKDAYS, MORNINGS, 3 * DAY, 1),  # on Monday at its time
        (WORKDAYS, MORNINGS, 8 * DAY, 5),
        (WORKDAYS, MORNINGS[:3], 1 * DAY, 0),  # they could be of nights
        (WORKDAYS, MORNINGS[:3], 3 * DAY, 0),
        (WORKDAYS, MORNINGS[:3], 4 * DAY, 1),
        (WORKDAYS, WITH_ONE_BY_HAND, 2 * DAY, 0),
        (WORKDAYS, WITH_ONE_BY_HAND, 4 * DAY, 2),
        (WORKDAYS, LONG, 2 * DAY, 0),  # from 22:00 to 14:00
        (WORKDAYS, LONG, 3 * DAY, 1),
        (WEEKLY, NIGHTS[:1], 7 * DAY, 1),
        (WEEKLY, NIGHTS[:1], 6 * DAY, 0),
        (DAILY, NIGHTS, 1 * DAY, 1),
        (HOURLY_ON_WORKDAYS, ended("fri 23:00", "fri 22:00"), 2 * DAY, 0),
        (HOURLY_ON_WORKDAYS, ended("fri 23:00", "fri 22:00"), 2 * DAY + 5 * HOUR, 4),
        (WORKDAYS, [], 0 * DAY, 22),
    ],
)
def test_a_run_that_ends_in_the_night_is_of_the_day_on_which_it_began(
    backup: Backup, runs: list[datetime], later: timedelta, count: int
) -> None:
    """What is not sure counts for no missed run: that is told a day later, and never wrongly."""
    last = runs[0] if runs else FRIDAY
    assert missed(backup, runs, last + later) == count


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield ZoneInfo("Europe/Berlin")
    time.tzset()


@pytest.mark.parametrize(("year", "month", "day"), [(2031, 3, 29), (2031, 10, 25)])
def test_a_daily_run_is_due_at_its_time_of_day_whatever_daylight_saving_does(
    berlin: ZoneInfo, year: int, month: int, day: int
) -> None:
    last = datetime(year, month, day, 22, 30, tzinfo=berlin)
    for minutes, count in ((-1, 0), (0, 1)):
        now = last + timedelta(days=1, minutes=minutes)  # of the wall clock
        told = values(DAILY, [(last.timestamp(), 1)], now.timestamp())
        assert told["missed_runs"] == count


@pytest.mark.parametrize(
    ("sizes", "drop"),
    [
        ([100, 100, 100], 0),
        ([130, 100, 90], 0),  # growing is no drop
        ([40, 100, 100], 60),
        ([0, 100], 100),
        ([95, 100, 5_000, 100], 5),  # a full backup among increments
        ([100], None),
        ([], None),
        ([100, 0, 0], None),
    ],
)
def test_the_newest_is_compared_with_what_is_usual(sizes: list[int], drop: float | None) -> None:
    assert size_drop([(0.0, size) for size in sizes]) == pytest.approx(drop)


def test_a_file_that_is_still_written_is_not_called_small() -> None:
    now = FRIDAY.timestamp()
    young, older = now - 60, now - 86_399
    told = values(DAILY, [(young, 1), (older, 100), (older, 100)], now)
    assert told == {
        "newest_age": 60,
        "newest_bytes": 1,
        "missed_runs": 0,
        "size_drop_percent": 0,
    }
    assert values(DAILY, [(older, 10), (older, 100)], now)["size_drop_percent"] == 90


def test_a_file_of_the_future_has_no_age() -> None:
    told = values(DAILY, [((FRIDAY + HOUR).timestamp(), 1)], FRIDAY.timestamp())
    assert told == {"newest_age": 0, "newest_bytes": 1, "missed_runs": 0}


def test_the_folders_of_the_devices_file_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "empty").mkdir()
    for age, size in ((30, 1000), (54, 5000), (78, 5000)):
        file(tmp_path / "full", f"db-{age}.dump", age * HOUR, size)
    file(tmp_path / "full", "notes.txt", HOUR, 7)
    (tmp_path / "full" / "db-folder.dump").mkdir()
    (tmp_path / "full" / "db-dangling.dump").symlink_to(tmp_path / "nowhere")
    backups = {
        name: DAILY._replace(name=name, folder=str(tmp_path / name), pattern="db-*.dump")
        for name in ("full", "empty", "gone")
    }
    device.settle(Device(backups=backups, path=Path("/etc/device.yaml")))
    found = {one.target: one for one in CHECK.probe(TargetFilter())}
    full = found["full"]
    assert isinstance(full, Measured)
    assert 30 * 3_600 - 60 <= float(full.values["newest_age"]) < 30 * 3_600 + 600
    assert full.values["newest_bytes"] == 1000
    assert full.values["missed_runs"] == 1
    assert full.values["size_drop_percent"] == 80
    assert full.about == f"db-30.dump in {tmp_path}/full"
    nothing = f"nothing in {tmp_path}/empty"
    assert found["empty"] == Measured("empty", {"missed_runs": 30}, nothing)
    gone = f"{tmp_path}/gone: No such file or directory"
    assert found["gone"] == Unreadable("gone", gone)
    [named] = CHECK.probe(TargetFilter(("other",)))
    assert named == Unreadable("other", "/etc/device.yaml has no backup of this name")
    assert [one.target for one in CHECK.probe(TargetFilter(("f*",)))] == ["full"]


def test_a_device_without_backups_has_none() -> None:
    assert list(CHECK.probe(TargetFilter())) == []


def test_only_the_newest_files_are_told(tmp_path: Path) -> None:
    for age in range(30):
        file(tmp_path, f"{age}", age * HOUR, age)
    told = probe_child.newest(f"{tmp_path}\n*").split()
    assert [int(size) for size in told[1::2]] == list(range(9))
