"""Pending updates: what is told of what the package system knows."""

import pytest

from agent.check_api import Measured, TargetFilter
from agent.checks.updates import CHECK, values
from agent.host import packages
from agent.host.packages import Pending, Updates

NOW = 2_000_000_000.0
DAY = 86_400.0


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        (
            Updates(Pending(12, 3), NOW - DAY, NOW - 50 * DAY, NOW - 22 * DAY),
            {
                "pending_count": 12,
                "security_count": 3,
                "last_success_age": 50 * DAY,
                "lists_age": DAY,
                "reboot_pending_age": 22 * DAY,
            },
        ),
        (  # nothing has come for 50 days, and that is known since yesterday
            Updates(Pending(0, 0), NOW - DAY, NOW - 50 * DAY, None),
            {
                "pending_count": 0,
                "security_count": 0,
                "last_success_age": DAY,
                "lists_age": DAY,
                "reboot_pending_age": 0,
            },
        ),
        (  # nothing pending by lists of long ago is no success of today
            Updates(Pending(0, 0), NOW - 60 * DAY, None, None),
            {
                "pending_count": 0,
                "security_count": 0,
                "last_success_age": 60 * DAY,
                "lists_age": 60 * DAY,
                "reboot_pending_age": 0,
            },
        ),
        (
            Updates(Pending(5, 0), None, None, None),
            {"pending_count": 5, "security_count": 0, "reboot_pending_age": 0},
        ),
        (  # a clock that was set back
            Updates(Pending(0, 0), NOW + DAY, NOW + DAY, NOW + DAY),
            {
                "pending_count": 0,
                "security_count": 0,
                "last_success_age": 0,
                "lists_age": 0,
                "reboot_pending_age": 0,
            },
        ),
    ],
)
def test_counts_and_ages_are_told(updates: Updates, expected: dict[str, float]) -> None:
    assert values(updates, NOW) == expected


def test_one_target_stands_for_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "read", lambda: Updates(Pending(1, 0), None, None, None))
    [found] = CHECK.probe(TargetFilter())
    assert isinstance(found, Measured)
    assert found.target == "system"
    assert list(CHECK.probe(TargetFilter(exclude=("*",)))) == []
