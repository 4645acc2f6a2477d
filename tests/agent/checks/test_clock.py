"""The clock: what is told of an offset, and of a server that tells none."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from agent.check_api import CheckError, Measured, TargetFilter, Unreadable
from agent.checks.clock import CHECK, values
from agent.host import sntp
from agent.host.sntp import Offset


@pytest.mark.parametrize(
    ("ahead_s", "skew", "direction"),
    [(90.5, 90.5, "behind"), (-90.5, 90.5, "ahead"), (0.0, 0.0, "ahead")],
)
def test_size_and_direction_are_told(ahead_s: float, skew: float, direction: str) -> None:
    assert values(ahead_s) == {"skew": skew, "direction": direction}


def test_each_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(host: str, now: Callable[[], datetime]) -> Offset:
        assert now().tzinfo is UTC
        if host == "mute.example":
            raise CheckError("it did not answer")
        return Offset(240.0)

    monkeypatch.setattr(sntp, "offset", asked)
    assert list(CHECK.probe(TargetFilter(("dc1.example", "mute.example", "fd00::1", "a b")))) == [
        Measured("dc1.example", {"skew": 240.0, "direction": "behind"}),
        Unreadable("mute.example", "it did not answer"),
        Measured("fd00::1", {"skew": 240.0, "direction": "behind"}),
        Unreadable("a b", "this is no host's name or address"),
    ]
