"""What targets choose by of whom a ticket is for: the agreement that covers it, who matters.

Pure: the words of a ticket are settled on the day it is opened and written into its timeline, so
what was promised then never depends on what was agreed since.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

NO_AGREEMENT = "none"
"""The word of a ticket that no agreement covers."""


class Importance(StrEnum):
    """How much a client, a person there or a device matters, the least first."""

    NORMAL = "normal"
    KEY = "key"
    VIP = "vip"


_RANKS = {word.value: rank for rank, word in enumerate(Importance)}


class Cover(NamedTuple):
    """An agreement as far as it covers one device: ``ends`` is its last day, None while open.

    ``narrowness`` is 2 where it names the device, 1 where its site, 0 where it is for the whole
    client; ``number`` is the agreement's.
    """

    narrowness: int
    starts: date
    ends: date | None
    name: str
    number: int


class Standing(NamedTuple):
    """The words of one ticket. ``number`` is the agreement's, 0 when none covers it."""

    agreement: str = NO_AGREEMENT
    importance: str = Importance.NORMAL.value
    number: int = 0

    @property
    def told(self) -> dict[str, object]:
        """Return what a ticket's first timeline entry keeps of it: nothing of what is usual."""
        kept: dict[str, object] = {}
        if self.number:
            kept |= {"agreement": self.agreement, "agreement_number": self.number}
        if self.importance != Importance.NORMAL:
            kept["importance"] = self.importance
        return kept


USUAL = Standing()


def standing(covers: Iterable[Cover], day: date, *importances: str) -> Standing:
    """Return the words that hold on a day: the narrowest agreement, the greatest importance."""
    one = in_force(covers, day)
    importance = greatest(*importances)
    return Standing(one.name, importance, one.number) if one else Standing(importance=importance)


def in_force(covers: Iterable[Cover], day: date) -> Cover | None:
    """Return the agreement that covers a day: the narrowest, of these the newest; None if none."""
    held = (one for one in covers if one.starts <= day and (one.ends is None or day <= one.ends))
    return max(held, key=lambda one: (one.narrowness, one.starts, one.number), default=None)


def greatest(*importances: str) -> str:
    """Return the greatest of these, normal of none; a word that is none counts as normal."""
    return max(importances, key=lambda word: _RANKS.get(word, 0), default=Importance.NORMAL.value)
