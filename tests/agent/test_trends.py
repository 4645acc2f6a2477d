"""Metrics that follow from earlier readings, over a real history file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.check_api import Check, Increase, Measured, Metric, Unit, UsedUpIn
from agent.clock import Now
from agent.history import NEVER
from agent.store.history_file import HistoryFile, Row, SeriesKey
from agent.trends import RETRY_S, Trends

START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = 3600.0
DAY = 24 * HOUR
CHECK = Check(
    "test.events",
    "a test",
    (
        Metric("kills_total", Unit.COUNT, "since the start"),
        Metric("kills_1h", Unit.COUNT, "", derived=Increase("kills_total", HOUR)),
        Metric("kills_24h", Unit.COUNT, "", derived=Increase("kills_total", DAY)),
        Metric("free_bytes", Unit.BYTES, "room"),
        Metric("total_bytes", Unit.BYTES, "all"),
        Metric("full_in", Unit.SECONDS, "", derived=UsedUpIn("free_bytes", "total_bytes")),
        Metric("state", Unit.WORD, "how", ("off", "on")),
    ),
    lambda _: iter(()),
)


def at(seconds: float) -> Now:
    return Now(50_000 + seconds, 50_000 + seconds, START + timedelta(seconds=seconds))


class Computer:
    """A computer whose agent looks now and then, and is restarted."""

    def __init__(self, folder: Path) -> None:
        self.file = HistoryFile(folder)
        self.trends = Trends(self.file)

    def restart(self) -> None:
        self.trends = Trends(self.file)

    def looks(
        self, seconds: float, judged: tuple[str, ...] = (), **values: float | str
    ) -> Mapping[str, object]:
        measured = Measured("it", values)
        found: Mapping[str, object] = self.trends.complete(
            CHECK, measured, frozenset(judged), at(seconds)
        ).values
        self.trends.write(at(seconds))
        return found


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)


def test_a_counter_tells_its_increase_over_each_time(computer: Computer) -> None:
    assert computer.looks(0, kills_total=7)["kills_24h"] == 0
    computer.looks(2 * HOUR, kills_total=9)

    told = computer.looks(2.5 * HOUR, kills_total=10)

    assert (told["kills_1h"], told["kills_24h"]) == (3, 3)
    later = computer.looks(4 * HOUR, kills_total=10)
    assert (later["kills_1h"], later["kills_24h"]) == (0, 3)


def test_an_increase_outlives_restarts_of_the_agent(computer: Computer) -> None:
    computer.looks(0, kills_total=7)
    computer.looks(HOUR, kills_total=9)
    computer.restart()

    assert computer.looks(1.5 * HOUR, kills_total=9)["kills_24h"] == 2


def test_what_was_not_written_yet_when_the_agent_was_killed_still_counts(
    computer: Computer,
) -> None:
    """The counter itself is elsewhere; what it is measured from is in the file."""
    computer.looks(0, kills_total=7)
    computer.looks(HOUR, kills_total=7)
    computer.trends.complete(CHECK, Measured("it", {"kills_total": 8}), frozenset(), at(HOUR + 1))
    computer.restart()

    assert computer.looks(HOUR + 60, kills_total=8)["kills_24h"] == 1


def test_a_metric_this_device_lacks_has_no_increase(computer: Computer) -> None:
    assert computer.looks(0) == {}


def test_room_that_shrinks_for_days_is_forecast_with_a_band(computer: Computer) -> None:
    for hour in range(14 * 24):
        told = computer.looks(hour * HOUR, free_bytes=2e11 - hour * 4e8, total_bytes=1e12)

    left_s = (2e11 - 13.9 * 24 * 4e8) / 4e8 * HOUR
    assert told["full_in"] == pytest.approx(left_s, rel=0.1)
    band = computer.trends.forecast_of("test.events", "it", "free_bytes")
    assert band.earliest_s <= band.in_s <= band.latest_s


def test_without_days_of_looks_it_is_never_full(computer: Computer) -> None:
    told = computer.looks(0, free_bytes=1.0, total_bytes=1e12)

    assert told["full_in"] == NEVER.in_s


def test_idle_readings_are_written_once_in_five_minutes_at_most(
    computer: Computer, tmp_path: Path
) -> None:
    written = []

    class Counting(HistoryFile):
        def append(self, rows: Sequence[Row]) -> bool:
            written.append(len(rows))
            return super().append(rows)

    computer.file = Counting(tmp_path)
    computer.restart()
    for second in range(0, 7200, 10):
        computer.looks(second, judged=("state",), state="on" if second % 20 else "off")

    assert 20 <= len(written) <= 25


def test_only_what_rules_judge_and_what_is_derived_from_is_kept(computer: Computer) -> None:
    computer.looks(0, judged=("state",), state="on", free_bytes=1.0, total_bytes=2.0, kills_total=1)
    computer.trends.write(at(1), at_once=True)

    assert {key.metric for key in computer.file.series()} == {
        *("kills_total", "free_bytes", "total_bytes", "state")
    }
    assert computer.file.samples(SeriesKey("test.events", "it", "state"), 0) == [
        (START.timestamp(), 1.0)
    ]


def test_between_samples_nothing_is_looked_up_but_words_are_news_at_once(
    computer: Computer,
) -> None:
    judged = ("free_bytes", "state")
    computer.looks(0, judged, free_bytes=100.0, state="off")
    computer.looks(10, judged, free_bytes=50.0, state="off")
    computer.looks(20, judged, free_bytes=50.0, state="on")
    computer.looks(310, judged, free_bytes=50.0, state="on")
    computer.trends.write(at(320), at_once=True)

    def kept(metric: str) -> list[float]:
        return [value for _, value in computer.file.samples(SeriesKey(CHECK.name, "it", metric), 0)]

    assert kept("state") == [0.0, 1.0]
    assert kept("free_bytes") == [100.0, 50.0]


def test_performance_data_that_rules_judge_is_kept_as_well(computer: Computer) -> None:
    plugin = replace(CHECK, open_metrics="perf_")
    judged = frozenset({"perf_load", "state"})
    measured = Measured("it", {"state": "on", "perf_load": 2.5, "perf_other": 1.0})
    computer.trends.complete(plugin, measured, judged, at(0))
    computer.trends.write(at(1), at_once=True)

    load = SeriesKey("test.events", "it", "perf_load")
    assert set(computer.file.series()) == {load, SeriesKey("test.events", "it", "state")}
    assert computer.file.samples(load, 0) == [(START.timestamp(), 2.5)]


JUMPS = (-HOUR, 10 * DAY, -3650 * DAY, 3650 * DAY)


@pytest.mark.parametrize("jump_s", JUMPS)
def test_a_clock_that_is_set_makes_no_increase_and_hides_none(
    computer: Computer, jump_s: float
) -> None:
    """A line of a log an hour before the clock is set is as old as before; one after it is new."""

    def looks(seconds: float, total: int, jumped_s: float = 0.0) -> object:
        now = at(seconds)._replace(wall=at(seconds + jumped_s).wall)
        measured = Measured("it", {"kills_total": total})
        return computer.trends.complete(CHECK, measured, frozenset(), now).values["kills_24h"]

    for hour in range(48):
        looks(hour * HOUR, 5)
    assert looks(48 * HOUR, 7) == 2
    assert looks(49 * HOUR, 7, jump_s) == 2
    assert looks(49 * HOUR + 60, 8, jump_s) == 3
    assert looks(49.5 * HOUR, 8, jump_s) == 3
    assert looks(72.5 * HOUR, 8, jump_s) == 1
    assert looks(74 * HOUR, 8, jump_s) == 0


@pytest.mark.parametrize("jump_s", JUMPS)
def test_a_line_that_comes_while_the_agent_restarts_under_another_clock_is_not_lost(
    computer: Computer, jump_s: float
) -> None:
    for hour in range(48):
        computer.looks(hour * HOUR, kills_total=5)
    computer.trends.write(at(48 * HOUR), at_once=True)
    computer.restart()

    told = computer.looks(48 * HOUR + jump_s, kills_total=6)["kills_24h"]

    assert told == 1


@pytest.mark.parametrize("jump_s", JUMPS)
def test_a_clock_that_is_set_makes_no_forecast_of_a_full_disk(
    computer: Computer, jump_s: float
) -> None:
    told = [
        computer.looks(
            hour * HOUR + (jump_s if hour > 300 else 0.0),
            free_bytes=3e11 - hour * 1e8,
            total_bytes=1e12,
        )["full_in"]
        for hour in range(0, 500, 6)
    ]

    assert all(isinstance(one, float) and one > 60 * DAY for one in told)


def test_samples_that_cannot_be_written_are_tried_again_soon(
    computer: Computer, tmp_path: Path
) -> None:
    computer.file = HistoryFile(tmp_path / "gone")
    computer.restart()
    computer.looks(0, kills_total=1)
    assert "cannot be used since" in computer.file.trouble
    (tmp_path / "gone").mkdir()

    computer.looks(RETRY_S / 2, kills_total=1)
    assert computer.file.trouble
    computer.looks(RETRY_S, kills_total=1)

    assert not computer.file.trouble
    assert len(HistoryFile(tmp_path / "gone").series()) == 1
