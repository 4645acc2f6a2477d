"""What is kept of what was measured, and what follows from days of it."""

import math
import random

import pytest

from agent.history import NEVER, Forecast, Sample, forecast, increase, is_news
from agent.protocol.words import Unit

HOUR = 3600.0
DAY = 24 * HOUR
NOW = 1_780_000_000.0
GIB = float(2**30)


def looks(days: float, *, per_day: float, left: float, noise: float = 0.0) -> list[Sample]:
    """Return hourly looks that end now at ``left``, after falling by ``per_day``."""
    dice = random.Random(7)  # noqa: S311 - to be repeated
    hours = int(days * 24)
    return [
        Sample(
            NOW - (hours - n) * HOUR,
            left + per_day * (hours - n) / 24 + dice.uniform(-noise, noise),
        )
        for n in range(hours + 1)
    ]


@pytest.mark.parametrize(
    ("unit", "before", "value", "after_s", "news"),
    [
        (Unit.SHARE, 50.0, 50.4, 600.0, False),
        (Unit.SHARE, 50.0, 51.0, 600.0, True),
        (Unit.SHARE, 50.0, 80.0, 200.0, False),
        (Unit.SHARE, 50.0, 50.0, HOUR, True),
        (Unit.BYTES, 100 * GIB, 99.5 * GIB, 600.0, False),
        (Unit.BYTES, 100 * GIB, 99.0 * GIB, 600.0, True),
        (Unit.BYTES, 0.0, 0.0, 600.0, False),
        (Unit.COUNT, 3.0, 4.0, 600.0, True),
        (Unit.WORD, 0.0, 1.0, 1.0, True),
        (Unit.WORD, 1.0, 1.0, 600.0, False),
        (Unit.SHARE, 50.0, 50.0, -HOUR, True),  # the clock was set back
    ],
)
def test_what_changes_is_kept_and_what_stays_once_an_hour(
    unit: Unit, before: float, value: float, after_s: float, *, news: bool
) -> None:
    assert is_news(Sample(NOW - after_s, before), value, unit, NOW) is news


def test_the_first_sample_is_kept() -> None:
    assert is_news(None, 0.0, Unit.COUNT, NOW)


@pytest.mark.parametrize(
    ("values", "risen"),
    [
        ([], 0),
        ([5], 0),
        ([5, 5, 5], 0),
        ([5, 7, 9], 4),
        ([5, 7, 0, 1], 3),  # began again at 0
        ([5, 2], 2),
    ],
)
def test_a_counter_tells_by_how_much_it_rose(values: list[float], risen: float) -> None:
    samples = [Sample(NOW - (len(values) - n) * 60, value) for n, value in enumerate(values)]

    assert increase(samples, DAY, NOW) == risen


def test_only_what_rose_within_the_time_counts() -> None:
    samples = [Sample(NOW - 2 * DAY, 0), Sample(NOW - 25 * HOUR, 10), Sample(NOW - HOUR, 11)]

    assert increase(samples, DAY, NOW) == 1


@pytest.mark.parametrize("jump_s", [-HOUR, -10 * DAY, -3650 * DAY, 3650 * DAY])
def test_a_clock_that_was_set_makes_nothing_new_of_what_was_counted_before(jump_s: float) -> None:
    samples = [Sample(NOW - jump_s - days * DAY, 10.0 - days) for days in range(9, 2, -1)]
    hourly = [Sample(NOW - jump_s - hours * HOUR, 7) for hours in range(48, 0, -1)]

    assert increase([*samples, *hourly, Sample(NOW, 7)], DAY, NOW) == 0


@pytest.mark.parametrize("jump_s", [-HOUR, -10 * DAY, -3650 * DAY, 3650 * DAY])
def test_what_comes_right_after_the_clock_was_set_is_counted(jump_s: float) -> None:
    """Its first sample has it already: it is measured from the last one by the old clock."""
    samples = [Sample(NOW - jump_s - HOUR, 7), Sample(NOW, 8), Sample(NOW, 8)]

    assert increase(samples, DAY, NOW) == 1


def test_how_long_ago_it_was_stays_true_when_the_clock_is_set_back() -> None:
    old = NOW + 10 * DAY
    samples = [Sample(old - 5 * HOUR, 0), Sample(old - 4 * HOUR, 20), Sample(old - 1000, 21)]

    assert increase([*samples, Sample(NOW, 21)], HOUR, NOW) == 1
    assert increase([*samples, Sample(NOW, 21)], DAY, NOW) == 21


def test_a_counter_that_begins_again_under_another_clock_is_counted_from_0() -> None:
    samples = [Sample(NOW + 10 * DAY, 900), Sample(NOW - HOUR, 1), Sample(NOW, 3)]

    assert increase(samples, DAY, NOW) == 3


@pytest.mark.parametrize("jump_s", [-10 * DAY, -DAY, -3650 * DAY, 10 * DAY, 3650 * DAY])
def test_a_clock_that_was_set_makes_no_forecast_that_is_sooner(jump_s: float) -> None:
    """Set back, the same days are there twice: what fell in two weeks would have in one."""
    falling = looks(14, per_day=GIB, left=60 * GIB)
    before = forecast(falling, 200 * GIB, NOW).in_s
    for hours in range(0, 15 * 24, 6):
        now = NOW + jump_s + hours * HOUR
        later = [Sample(NOW + jump_s + h * HOUR, 60 * GIB - h * GIB / 24) for h in range(hours + 1)]

        assert forecast([*falling, *later], 200 * GIB, now).in_s > 0.6 * before


def test_a_steady_fall_is_forecast() -> None:
    told = forecast(looks(14, per_day=2 * GIB, left=20 * GIB, noise=0.3 * GIB), 200 * GIB, NOW)

    assert 9 * DAY < told.in_s < 11 * DAY
    assert told.earliest_s < told.in_s < told.latest_s


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param([], id="nothing is known"),
        pytest.param(looks(2, per_day=9 * GIB, left=20 * GIB), id="two days are too few"),
        pytest.param(looks(14, per_day=0, left=20 * GIB), id="flat"),
        pytest.param(looks(14, per_day=0, left=20 * GIB, noise=GIB), id="flat and noisy"),
        pytest.param(looks(14, per_day=-2 * GIB, left=90 * GIB), id="it becomes more"),
        pytest.param(looks(14, per_day=0.01 * GIB, left=20 * GIB), id="too little to tell"),
        pytest.param(looks(14, per_day=0.2 * GIB, left=150 * GIB), id="in years"),
    ],
)
def test_what_does_not_fall_for_days_has_no_forecast(samples: list[Sample]) -> None:
    assert forecast(samples, 200 * GIB, NOW) == NEVER


def test_one_big_file_is_no_trend() -> None:
    before = [s._replace(value=s.value + 60 * GIB) for s in looks(14, per_day=0, left=40 * GIB)]
    samples = before[: len(before) // 2] + looks(14, per_day=0, left=40 * GIB)[len(before) // 2 :]

    assert forecast(samples, 200 * GIB, NOW) == NEVER


def test_a_file_that_comes_and_goes_every_night_is_no_trend() -> None:
    samples = [
        sample._replace(value=sample.value - (30 * GIB if n % 24 < 8 else 0))
        for n, sample in enumerate(looks(14, per_day=0, left=60 * GIB))
    ]

    assert forecast(samples, 200 * GIB, NOW) == NEVER


def test_after_a_clean_up_it_takes_days_again() -> None:
    falling = looks(14, per_day=2 * GIB, left=20 * GIB)
    cleaned = [
        *falling[:-24],
        *(s._replace(value=s.value + 80 * GIB) for s in falling[-24:]),
    ]

    assert forecast(falling, 200 * GIB, NOW) != NEVER
    assert forecast(cleaned, 200 * GIB, NOW) == NEVER


def test_what_is_used_up_is_used_up_now() -> None:
    told = forecast(looks(14, per_day=2 * GIB, left=0.0), 200 * GIB, NOW)

    assert told == Forecast(0.0, 0.0, 0.0)


@pytest.mark.parametrize("seed", range(200))
def test_a_forecast_is_never_negative_nor_out_of_order(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    samples = looks(
        dice.uniform(0, 20),
        per_day=dice.uniform(-9, 9) * GIB,
        left=dice.uniform(0, 99) * GIB,
        noise=dice.uniform(0, 5) * GIB,
    )

    told = forecast([s._replace(value=max(0.0, s.value)) for s in samples], 200 * GIB, NOW)

    assert 0 <= told.earliest_s <= told.in_s <= told.latest_s
    assert not math.isnan(told.in_s)
