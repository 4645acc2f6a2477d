"""How a job stands by what its runs left behind."""

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import jobs
from agent.device import Job
from agent.jobs import Finished, Report, Running

NIGHTLY = Job("nightly", every_s=86_400, within_s=7_200)
NOW = 2_000_000_000.0
HOUR = 3_600.0


def running(hours_ago: float) -> Running:
    return Running(NOW - hours_ago * HOUR, 4711, "boot")


def finished(hours_ago: float, code: int = 0, took_hours: float = 1.0) -> Finished:
    started_at = NOW - hours_ago * HOUR
    return Finished(started_at, started_at + took_hours * HOUR, code)


@pytest.mark.parametrize(
    ("report", "alive", "state"),
    [
        (Report(), False, "missing"),
        (Report(running(1)), True, "ok"),
        (Report(None, finished(5)), False, "ok"),
        (Report(None, finished(23.9)), False, "ok"),
        (Report(None, finished(24.1)), False, "late"),
        (Report(running(0.1), finished(24.1)), True, "ok"),  # it is at it
        (Report(None, finished(5, code=1)), False, "failed"),
        (Report(None, finished(500, code=1)), False, "failed"),
        (Report(running(1), finished(24, code=1)), True, "failed"),  # until one ends well
        (Report(running(1), finished(24)), False, "failed"),  # it was killed
        (Report(running(1)), False, "failed"),
        (Report(running(2.1)), True, "too_long"),
        (Report(running(2.1), finished(26, code=1)), True, "too_long"),
        (Report(None, finished(5, took_hours=2.1)), False, "too_long"),
        (Report(None, finished(-5)), False, "ok"),  # the clock was set back
    ],
)
def test_a_job_stands_as_its_runs_left_it(report: Report, alive: bool, state: str) -> None:  # noqa: FBT001
    assert jobs.state(NIGHTLY, report, NOW, alive=alive) == state


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield ZoneInfo("Europe/Berlin")
    time.tzset()


@pytest.mark.parametrize(
    ("began", "now", "state"),
    [
        ("2031-10-26 02:00", "2031-10-27 01:10", "ok"),  # 24 h 10 min later: clocks were set back
        ("2031-10-26 02:00", "2031-10-27 02:00", "ok"),
        ("2031-10-26 02:00", "2031-10-27 02:01", "late"),
        ("2031-03-30 01:00", "2031-03-31 01:00", "ok"),  # 23 hours
        ("2031-03-30 01:00", "2031-03-31 01:30", "ok"),  # a timer that counts hours
        ("2031-03-30 01:00", "2031-03-31 02:01", "late"),
        ("2031-07-01 02:00", "2031-07-02 02:01", "late"),
    ],
)
def test_a_daily_job_is_not_late_when_the_clocks_are_changed(
    berlin: ZoneInfo, began: str, now: str, state: str
) -> None:
    started_at, now_s = (
        datetime.fromisoformat(text).replace(tzinfo=berlin).timestamp() for text in (began, now)
    )
    report = Report(None, Finished(started_at, started_at + 60, 0))
    assert jobs.state(NIGHTLY, report, now_s, alive=False) == state


def test_a_run_of_no_date_is_judged_all_the_same() -> None:
    """A clock may have been anywhere when it began."""
    assert jobs.state(NIGHTLY, Report(None, Finished(-1e18, 0, 0)), NOW, alive=False) == "late"


def test_a_run_that_ends_well_is_remembered_through_those_that_fail() -> None:
    begun = Report().started(Running(100.0, 1, "boot"))
    well = begun.ended(160.0, 0)
    assert well == Report(None, Finished(100.0, 160.0, 0), 160.0)
    ill = well.started(Running(200.0, 2, "boot")).ended(201.0, 3)
    assert ill == Report(None, Finished(200.0, 201.0, 3), 160.0)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = jobs.path_of("nightly", tmp_path / "jobs")
    assert jobs.read(path) == Report()
    for report in (
        Report(Running(1.5, 7, "boot")),
        Report(Running(3.0, 8, "boot"), Finished(1.0, 2.0, 1), 0.5),
        Report(None, Finished(1.0, 2.0, 0), 2.0),
    ):
        jobs.write(path, report)
        assert jobs.read(path) == report
    assert [file.name for file in path.parent.iterdir()] == ["nightly.json"]
    assert path.parent.stat().st_mode & 0o077 == 0, "others could report that all is well"


@given(st.binary(max_size=80) | st.from_regex(r"\[[0-9\[\]nul,\"a-z.]{0,40}\]").map(str.encode))
def test_a_damaged_file_is_told_and_nothing_else(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(jobs.parse(content), Report)


@pytest.fixture(autouse=True)
def usual_folder() -> Iterator[None]:
    yield
    jobs._Here.folder = None


def test_reports_lie_in_the_state_folder(tmp_path: Path) -> None:
    assert jobs.folder().name == "jobs"
    jobs.settle(tmp_path)
    assert jobs.folder() == tmp_path / "jobs"
