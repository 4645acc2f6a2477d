"""Storage Spaces, by the numbers that Microsoft documents; never seen on a real Windows."""

import pytest

from agent.host.arrays import Array
from agent.host.storage_spaces import space


@pytest.mark.parametrize(("health", "state"), [(0, "healthy"), (1, "degraded"), (2, "failed")])
def test_each_state_has_a_word(health: int, state: str) -> None:
    found = space("space", {"FriendlyName": "Data", "HealthStatus": health})

    assert found == Array("space:Data", state)


@pytest.mark.parametrize(
    "properties",
    [
        {"FriendlyName": "Primordial", "HealthStatus": 1, "IsPrimordial": 1},
        {"FriendlyName": "Data", "HealthStatus": 5},
        {"FriendlyName": "Data"},
        {"HealthStatus": 2},
        {},
    ],
)
def test_what_is_no_pool_or_tells_nothing_is_no_alarm(properties: dict[str, int | str]) -> None:
    assert space("pool", properties) is None
