"""The schedule, against what a fleet needs."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.delivery import schedule
from agent.delivery.schedule import Schedule

CHANCE = st.floats(0, 1, exclude_max=True)
NOW = st.floats(0, 1e9)


@given(NOW, CHANCE)
def test_after_a_boot_the_first_contact_takes_its_share_of_the_window(
    now_s: float, chance: float
) -> None:
    """A site that comes back from a power cut must not come back as one."""
    first = schedule.first(now_s, chance)
    wait = chance * 120 if now_s < 300 else 0
    for waiting in (True, False):
        assert abs(first.due_at(waiting=waiting) - (now_s + wait)) < 1e-6


@given(NOW, CHANCE)
def test_who_was_enrolled_since_the_boot_comes_at_once(now_s: float, chance: float) -> None:
    """Else a computer that is set up and enrolled looks dead for two minutes."""
    first = schedule.first(now_s, chance, newly_enrolled=True)
    for waiting in (True, False):
        assert abs(first.due_at(waiting=waiting) - now_s) < 1e-6


@given(st.lists(CHANCE, min_size=1, max_size=40))
def test_waits_grow_to_a_quarter_of_an_hour_and_stay_drawn_over_the_whole_range(
    chances: list[float],
) -> None:
    """Jitter clamped away at the cap once kept a fleet in step for a whole outage."""
    state = Schedule(beaten_at=0)
    for tries, chance in enumerate(chances):
        state = schedule.failed(state, 1000, chance)
        cap = min(900, 10 * 2**tries)
        assert state.retry_at == 1000 + max(1, chance * cap)
        assert state.due_at(waiting=True) == state.due_at(waiting=False) == state.retry_at
        assert state.failures == tries + 1


def test_at_the_cap_two_devices_still_differ() -> None:
    state = Schedule(beaten_at=0, failures=50)
    waits = {schedule.failed(state, 0, n / 10).retry_at for n in range(1, 10)}
    assert waits == {90.0 * n for n in range(1, 10)}


@pytest.mark.parametrize("outage_s", [5, 20, 90, 600, 3600])
def test_a_fleet_that_failed_at_one_moment_comes_back_over_the_window_the_server_named(
    outage_s: float,
) -> None:
    """3,000 devices, each with a fresh alert; a server that asks for 25 a second names 120 s."""
    dice = random.Random(outage_s)  # noqa: S311 - a test that repeats itself
    arrivals: Counter[int] = Counter()
    for _ in range(3_000):
        state = schedule.succeeded(Schedule(beaten_at=0), spread_s=120)
        now = 0.0
        while now < outage_s:
            state = schedule.failed(state, now, dice.random())
            state = schedule.freshened(state, now, dice.random())
            now = state.due_at(waiting=True)
        arrivals[int(now)] += 1
    assert max(arrivals.values()) <= 4 * 25, "the earlier of two draws counts, so not evenly"


def test_a_device_alone_comes_back_soon() -> None:
    state = schedule.succeeded(Schedule(beaten_at=0), spread_s=1 / 25)
    assert schedule.failed(state, 0, 0.5).retry_at == 5
    unknown = Schedule(beaten_at=0)
    assert schedule.failed(unknown, 0, 0.5).retry_at == 5, "it was started before its server"


def test_a_success_forgets_the_failures_and_the_next_alert_goes_at_once() -> None:
    state = schedule.failed(Schedule(beaten_at=1000), 1000, 0.9)
    state = schedule.succeeded(state)
    assert state.due_at(waiting=True) <= 1000
    assert state.due_at(waiting=False) == 1300


@given(NOW, CHANCE, st.floats(1, 3600))
def test_the_servers_retry_after_is_never_passed(now_s: float, chance: float, asked: float) -> None:
    state = schedule.failed(Schedule(beaten_at=0), now_s, chance, asked)
    assert state.retry_at >= now_s + asked
    state = schedule.freshened(state, now_s, 0.0)
    assert state.retry_at >= now_s + asked


@given(NOW, CHANCE, CHANCE, st.integers(0, 30))
def test_a_fresh_alert_in_an_outage_waits_its_share_of_the_window_at_most(
    now_s: float, chance: float, later: float, failures: int
) -> None:
    state = schedule.failed(Schedule(beaten_at=0, failures=failures), now_s, chance)
    fresh = schedule.freshened(state, now_s, later)
    assert fresh.retry_at <= min(state.retry_at, now_s + max(1, later * 120))
    assert fresh.retry_at >= now_s + 1


def test_a_stream_of_fresh_alerts_does_not_draw_until_the_wait_is_nothing() -> None:
    state = schedule.failed(Schedule(beaten_at=0, failures=10), 0, 0.9)
    once = schedule.freshened(state, 0, 0.5)
    assert once.retry_at == 60
    assert all(schedule.freshened(once, 0, n / 100) == once for n in range(100))
    again = schedule.failed(once, 60, 0.9)
    assert schedule.freshened(again, 60, 0.1).retry_at == 72


def test_a_fresh_alert_changes_nothing_while_the_server_answers() -> None:
    state = schedule.succeeded(Schedule(beaten_at=500))
    assert schedule.freshened(state, 600, 0.5) == state
    assert state.due_at(waiting=True) <= 600


@given(CHANCE)
def test_a_refused_credential_rests_half_to_all_of_a_quarter_of_an_hour(chance: float) -> None:
    state = schedule.paused(Schedule(beaten_at=0), 0, chance)
    assert 450 <= state.retry_at <= 900
    assert schedule.freshened(state, 0, 0.0).retry_at == state.retry_at


def test_the_servers_wishes_are_clamped() -> None:
    def wished(heartbeat: float, spread: float) -> tuple[float, float | None]:
        state = schedule.succeeded(Schedule(beaten_at=0), heartbeat, spread)
        return state.heartbeat_every_s, state.spread_s

    assert wished(0, 0) == (60, 0)
    assert wished(1e300, 1e300) == (900, 900)
    assert wished(120, 30) == (120, 30)
    assert schedule.succeeded(Schedule(beaten_at=0)).heartbeat_every_s == 300
    kept = schedule.succeeded(schedule.succeeded(Schedule(beaten_at=0), 120, 30))
    assert (kept.heartbeat_every_s, kept.spread_s) == (120, 30)


def test_a_wish_for_heartbeats_holds_from_the_last_one_on() -> None:
    state = schedule.succeeded(schedule.beaten(Schedule(beaten_at=0), 1000), 60)
    assert state.due_at(waiting=False) == 1060
