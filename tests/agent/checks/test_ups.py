"""Which supplies are told, and what of them."""

import pytest

from agent.check_api import CheckError, Measured, TargetFilter, Unreadable
from agent.checks.ups import CHECK
from agent.host import ups
from agent.host.ups import Supply


@pytest.fixture(autouse=True)
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """One supply that tells, one that does not."""
    found = [
        ("rack", Supply("rack", "battery", 38.0, 540.0, worn=True)),
        ("old", CheckError("contact with it is lost")),
    ]
    monkeypatch.setattr(ups, "read", lambda: iter(found))


def test_all_that_is_known_is_told() -> None:
    assert list(CHECK.probe(TargetFilter())) == [
        Measured(
            "rack",
            {"source": "battery", "charge_percent": 38.0, "runtime_s": 540.0, "battery": "worn"},
        ),
        Unreadable("old", "contact with it is lost"),
    ]


def test_one_that_is_named_and_not_there_is_told() -> None:
    assert list(CHECK.probe(TargetFilter(("rack", "cellar"), exclude=("rack",)))) == [
        Unreadable("cellar", "no service of this computer talks to such a supply")
    ]
