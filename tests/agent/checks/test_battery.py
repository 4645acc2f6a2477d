"""Which batteries are told, and what of them."""

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks.battery import CHECK
from agent.host import batteries
from agent.host.batteries import Battery


@pytest.fixture(autouse=True)
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop with two batteries, one of which tells nothing."""
    found = [Battery("BAT0", 63.0, 42.5, 812, "battery"), Battery("BAT1")]
    monkeypatch.setattr(batteries, "read", lambda: found)


def test_all_that_is_known_is_told() -> None:
    assert list(CHECK.probe(TargetFilter())) == [
        Measured(
            "BAT0",
            {
                "charge_percent": 63.0,
                "full_of_design_percent": 42.5,
                "cycles": 812,
                "source": "battery",
            },
        ),
    ]


def test_one_that_is_named_and_tells_nothing_or_is_not_there_is_unknown() -> None:
    found = list(CHECK.probe(TargetFilter(("BAT1", "BAT2"))))
    assert all(isinstance(one, Unreadable) for one in found)
    assert [one.target for one in found] == ["BAT1", "BAT2"]
