"""Saying how long a class is kept, showing what that removes, and removing it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from server_stub.audit.record import record
from server_stub.errors import InvalidError
from server_stub.retention.classes import AUDIT, KINDS
from server_stub.retention.models import Keep

LEAST_DAYS = 30
"""Less would remove what a ticket that is reopened needs."""
MOST_DAYS = 36_500
TRIM_EVERY = timedelta(minutes=5)
"""A batch of each class so often is a quarter of a million rows a day."""


@dataclass(frozen=True, slots=True)
class Old:
    """What is older than its class is kept: how many there are, or were removed."""

    what: str
    days: int
    before: datetime
    count: int
    rehearsed: bool


def keep(what: str, days: int, now: datetime) -> None:
    """Keep a class for so many days (0: for ever); a dry run must show first what that removes.

    Raises InvalidError.
    """
    if what not in KINDS:
        raise InvalidError("what", f"{what!r} is not one of {', '.join(KINDS)}")
    if days == 0:
        Keep.objects.filter(what=what).delete()
        return
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise InvalidError("days", f"{days} is not between {LEAST_DAYS} and {MOST_DAYS}, nor 0")
    Keep.objects.update_or_create(
        what=what, defaults={"days": days, "set_at": now, "rehearsed_at": None}
    )


def rehearse(now: datetime) -> list[Old]:
    """Return what would be removed now, and remember that it was shown."""
    found = [_old(one, now) for one in Keep.objects.order_by("what")]
    Keep.objects.update(rehearsed_at=now)
    return found


def apply(now: datetime, who: str) -> Iterator[Old]:
    """Remove what is too old, class by class, in small transactions; yield what was removed.

    A class that no dry run showed since its age was set is left alone.
    """
    for one in Keep.objects.order_by("what"):
        removed = 0
        if one.rehearsed_at is not None:
            while batch := KINDS[one.what].remove(_before(one, now), now):
                removed += batch
        _note(one, removed, who, "command", now)
        yield Old(one.what, one.days, _before(one, now), removed, one.rehearsed_at is not None)


def trim(now: datetime) -> None:
    """Remove one batch of each class that a dry run showed, within the caller's transaction.

    The audit log comes last: while somebody writes an entry nothing is sealed.
    """
    shown = {one.what: one for one in Keep.objects.filter(rehearsed_at__isnull=False)}
    order = sorted(shown, key=lambda what: what == AUDIT)
    removed = {what: KINDS[what].remove(_before(shown[what], now), now) for what in order}
    for what, count in removed.items():
        _note(shown[what], count, "server", "server", now)


def _note(one: Keep, removed: int, who: str, via: str, now: datetime) -> None:
    if removed:
        before = _before(one, now).isoformat()
        record(who, via, "retention", one.what, now=now, removed=removed, before=before)


def _before(one: Keep, now: datetime) -> datetime:
    return now - timedelta(days=one.days)


def _old(one: Keep, now: datetime) -> Old:
    before = _before(one, now)
    count = KINDS[one.what].count(before)
    return Old(one.what, one.days, before, count, one.rehearsed_at is not None)
