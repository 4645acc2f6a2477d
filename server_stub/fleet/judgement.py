"""Who is missing, and whether those who are missing are one outage. Pure.

A device is heard at least every five minutes. One that has missed its heartbeats for
``missed_after`` is missing, unless its last word was that the computer goes to sleep or shuts
down. A missing device is silent once its kind's grace is over; before that, missing devices of
one site may be an outage.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.protocol.words import LastWord
from server_stub.sla.monitor_terms import OutageTerms

AFTERTHOUGHT = timedelta(minutes=2)
"""What was on its way with the last word may arrive so long after it."""
GAP = timedelta(minutes=3)
"""A sweep so long after the last one: the server stood still, and nobody could be heard."""
COME_BACK = timedelta(minutes=5)
"""Devices that found no server try again within fifteen minutes: three more than are missed."""
HEARTBEAT = timedelta(minutes=7)
"""Every device is heard within so much time, with what a busy line may take."""
DEAF_CLIENTS = 3
DEAF_PERCENT = 80
_AWAY = frozenset({LastWord.SLEEP, LastWord.SHUTDOWN})


class Sight(NamedTuple):
    """What is known of a device when it is looked at; ``word`` is empty without a last word."""

    last_seen_at: datetime
    word: str = ""
    word_at: datetime | None = None

    @property
    def last_word(self) -> str:
        """Return the last word if nothing was heard after it, else nothing."""
        if self.word_at is None or self.last_seen_at > self.word_at + AFTERTHOUGHT:
            return ""
        return self.word

    @property
    def is_away(self) -> bool:
        """Tell whether the computer said that it sleeps or is shut down."""
        return self.last_word in _AWAY

    def is_missing(self, now: datetime, missed_after: timedelta, counts_from: datetime) -> bool:
        """Tell whether it should have been heard by now; nothing before ``counts_from`` counts."""
        return not self.is_away and now - max(self.last_seen_at, counts_from) >= missed_after


class Heard(NamedTuple):
    """When a device of a client was heard last, as far as it announced no absence."""

    client: int
    at: datetime


def is_deaf(devices: Sequence[Heard], now: datetime) -> bool:
    """Tell whether it is rather us who hear nothing than all of them who are silent.

    ``devices`` were heard within the last hour. For longer than a heartbeat takes nobody was
    heard but devices of one client at most (ours, on the same network), and those of three
    others fell silent at the same time.
    """
    hearing = {one.client for one in devices if now - one.at <= HEARTBEAT}
    if len(hearing) > 1:
        return False
    silent = [one for one in devices if one.client not in hearing]
    if len({one.client for one in silent}) < DEAF_CLIENTS:
        return False
    _, count = together([one.at for one in silent], HEARTBEAT)
    return count * 100 >= len(silent) * DEAF_PERCENT


def together(missing: Sequence[datetime], within: timedelta) -> tuple[datetime, int]:
    """Return when the most devices fell missing within so much time began, and how many they are.

    ``missing``, not empty, holds for each device when it was last heard; of several stretches as
    large the latest counts.
    """
    times = sorted(missing)
    best, first = (times[0], 0), 0
    for last, at in enumerate(times):
        while at - times[first] > within:
            first += 1
        if last - first + 1 >= best[1]:
            best = (times[first], last - first + 1)
    return best


def is_outage(count: int, expected: int, terms: OutageTerms) -> bool:
    """Tell whether ``count`` devices missing together, of ``expected`` that should be heard, are.

    ``expected`` counts the missing ones, too.
    """
    return count >= terms.at_least and count * 100 >= expected * terms.share_percent


def may_become_outage(count: int, began_at: datetime, now: datetime, terms: OutageTerms) -> bool:
    """Tell whether more may fall missing with these: then nobody of them is told alone yet."""
    return count >= terms.at_least and now - began_at < terms.missed_after + terms.within


def is_over(missing: int, expected: int, since_last: timedelta | None, terms: OutageTerms) -> bool:
    """Tell whether an outage is over: all are back, or no more come and too few are missing.

    ``since_last`` is how long ago a device came back, None while none has.
    """
    if missing == 0:
        return True
    if since_last is None or since_last < terms.within:
        return False
    return missing * 100 < expected * terms.share_percent
