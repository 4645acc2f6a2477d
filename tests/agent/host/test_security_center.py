"""What Windows' Security Center tells, in our words."""

from datetime import UTC, datetime

import pytest

from agent.host.security_center import signatures_at, state

GOOD, NOT_MONITORED, POOR, SNOOZED = range(4)
ON, OFF, SNOOZED_PRODUCT, EXPIRED = range(4)


@pytest.mark.parametrize(
    ("health", "products", "word"),
    [
        (GOOD, (), "on"),
        (POOR, (), "off"),
        (SNOOZED, (), "off"),
        (NOT_MONITORED, (), None),
        (None, (), None),
        (99, (), None),
        # Products go first: health is poor, too, for signatures that are old.
        (POOR, (ON,), "on"),
        (POOR, (OFF,), "off"),
        (GOOD, (EXPIRED, SNOOZED_PRODUCT), "off"),
        # Quiet: Defender stands back for another product; one product is listed twice.
        (GOOD, (OFF, ON), "on"),
        (GOOD, (ON, ON), "on"),
    ],
)
def test_any_active_product_protects(
    health: int | None, products: tuple[int, ...], word: str | None
) -> None:
    assert state(health, products) == word


def test_the_time_of_signatures_is_a_time_of_windows() -> None:
    ticks = 133_524_288_000_000_000
    at = datetime(2024, 2, 15, tzinfo=UTC)
    assert signatures_at(ticks.to_bytes(8, "little")) == at
    assert signatures_at(ticks) == at
    assert [signatures_at(raw) for raw in (b"", bytes(8), "today", None)] == [None] * 4
