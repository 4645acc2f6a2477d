"""Which agreement covers a ticket, and who matters: pure."""

import itertools
from datetime import date, timedelta

import pytest

from server_stub.clients.standing import (
    USUAL,
    Cover,
    Importance,
    Standing,
    greatest,
    in_force,
    standing,
)

DAY = date(2026, 3, 2)
LAST_YEAR, YESTERDAY, TOMORROW = date(2025, 1, 1), DAY - timedelta(1), DAY + timedelta(1)


def cover(number: int, narrowness: int, starts: date, ends: date | None = None) -> Cover:
    return Cover(narrowness, starts, ends, f"a{number}", number)


def test_the_narrowest_agreement_covers_and_of_these_the_newest() -> None:
    of_client, older, newer = cover(1, 0, DAY), cover(2, 1, LAST_YEAR), cover(3, 1, YESTERDAY)
    of_device = cover(4, 2, LAST_YEAR)

    for several in itertools.permutations([of_client, older, newer]):
        assert in_force(several, DAY) == newer
    assert in_force([newer, of_device, of_client], DAY) == of_device
    assert in_force([cover(8, 1, DAY), cover(9, 1, DAY)], DAY) == cover(9, 1, DAY)


@pytest.mark.parametrize(
    ("starts", "ends", "holds"),
    [
        (DAY, None, True),
        (DAY, DAY, True),
        (LAST_YEAR, DAY, True),
        (LAST_YEAR, YESTERDAY, False),
        (TOMORROW, None, False),
    ],
)
def test_both_its_days_are_included(starts: date, ends: date | None, *, holds: bool) -> None:
    assert (in_force([cover(1, 0, starts, ends)], DAY) is not None) == holds


def test_a_narrow_agreement_that_is_over_gives_way_to_a_wider_one() -> None:
    covers = [cover(1, 0, LAST_YEAR), cover(2, 2, LAST_YEAR, YESTERDAY)]

    assert standing(covers, DAY).agreement == "a1"


def test_importance_is_the_greatest_of_all() -> None:
    for words in itertools.permutations(Importance):
        assert greatest(*words) == "vip"
    assert greatest("normal", "key", "unheard") == "key"
    assert greatest() == "normal"


def test_of_what_is_usual_nothing_is_kept() -> None:
    assert standing([], DAY, "normal", "normal") == USUAL
    assert USUAL.told == {}
    assert standing([cover(7, 0, DAY)], DAY, "key").told == {
        "agreement": "a7",
        "agreement_number": 7,
        "importance": "key",
    }
    assert Standing(importance="vip").told == {"importance": "vip"}
