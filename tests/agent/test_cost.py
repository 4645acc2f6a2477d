"""What a rule costs, and how one that costs too much is slowed."""

from agent.cost import LEAST_LOOKS, SHARE, UNMEASURED


def test_a_cheap_rule_keeps_its_pace() -> None:
    cost = UNMEASURED
    for _ in range(10):
        cost = cost.after(0.01)

    assert cost.pace_s(10) == 10


def test_a_dear_rule_takes_no_more_than_its_share() -> None:
    cost = UNMEASURED
    for _ in range(10):
        cost = cost.after(0.1)

    assert round(cost.pace_s(10), 9) == 0.1 / SHARE == 20


def test_it_is_never_slowed_beyond_ten_times() -> None:
    cost = UNMEASURED
    for _ in range(10):
        cost = cost.after(30.0)

    assert cost.pace_s(60) == 600


def test_first_looks_do_not_count() -> None:
    """They load modules and find caches cold."""
    cost = UNMEASURED.after(5.0)
    assert cost.pace_s(10) == 10
    for _ in range(LEAST_LOOKS):
        cost = cost.after(0.001)

    assert cost.pace_s(10) == 10


def test_a_rule_that_becomes_cheap_gets_its_pace_back() -> None:
    cost = UNMEASURED
    for _ in range(5):
        cost = cost.after(1.0)
    for _ in range(20):
        cost = cost.after(0.01)

    assert cost.pace_s(10) == 10
