"""Due work done exactly once, however many workers there are and whatever befalls them.

A worker claims rows by one conditional update, which gives each a lease and a higher fence. What
is to be done and the end of the row are one transaction: the row goes only if its fence is still
the claim's. So a worker that was paused past its lease, or cut off, changes nothing once another
has the row; one that was killed leaves the row to whoever comes after the lease.

An act locks what it changes first and takes the row afterwards (``Claim.take``), in this order:
people's acts lock their ticket first and then write its due work, too.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import Error, InterfaceError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet

from server_stub.work.models import DueWork

LEASE = timedelta(minutes=1)
BATCH = 20
"""Rows claimed at once: their effects take a few milliseconds each, a lease lasts far longer."""
FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(hours=1)
_LONGEST_ERROR = 500
_log = logging.getLogger(__name__)

_CLAIM = """
    UPDATE work_duework SET fence = fence + 1, attempts = attempts + 1, lease_until = %s
    WHERE id IN (
        SELECT id FROM work_duework
        WHERE due_at <= %s AND (lease_until IS NULL OR lease_until <= %s) AND {}
        ORDER BY due_at, id LIMIT %s {})
    RETURNING id, kind, key, due_at, lease_until, fence, attempts, last_error, payload, created_at
"""
_CLAIMS = {
    "postgresql": _CLAIM.format("kind = ANY(%s)", "FOR UPDATE SKIP LOCKED"),
    "sqlite": _CLAIM.format("kind IN (SELECT value FROM json_each(%s))", ""),
}
_SESSION = """
    SELECT set_config('lock_timeout', '10s', false),
        set_config('idle_in_transaction_session_timeout', %s, false)"""
"""A worker paused in a transaction would keep its locks for ever: the server ends its session."""


class LostError(Exception):
    """The row is another worker's by now, or was taken back: nothing is to be done."""


class Outcome(StrEnum):
    """What became of a claim: ``put_off`` is a failure that is tried again."""

    DONE = "done"
    LOST = "lost"
    PUT_OFF = "put_off"


@dataclass(slots=True)
class Claim:
    """A row of due work that is this worker's while its lease lasts."""

    id: int
    kind: str
    key: str
    due_at: datetime
    payload: str
    fence: int
    attempts: int = 1
    taken: bool = False

    def take(self) -> None:
        """End the row, within the transaction of its effect; once is enough.

        Raises LostError when it is not this worker's any more.
        """
        if self.taken:
            return
        ended, _ = DueWork.objects.filter(id=self.id, fence=self.fence).delete()
        if not ended:
            raise LostError
        self.taken = True


Act = Callable[[Claim, datetime], None]
"""Does what is due, at ``now``, within the caller's transaction."""


def prepare(lease: timedelta = LEASE) -> None:
    """Connect this thread, so that a pause of the process holds nobody's rows past its lease."""
    if connection.connection is not None or connection.vendor != "postgresql":
        return
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute(_SESSION, [f"{lease // timedelta(milliseconds=1)}ms"])


def claim(
    kinds: Sequence[str], now: datetime, lease: timedelta = LEASE, most: int = BATCH
) -> list[Claim]:
    """Return due rows of these kinds that are this worker's until ``now + lease``, oldest first."""
    if not _due(now).filter(kind__in=kinds).exists():
        return []  # looking costs no write: an idle worker keeps nobody waiting
    named: object = list(kinds) if connection.vendor == "postgresql" else json.dumps(list(kinds))
    at = connection.ops.adapt_datetimefield_value
    values = (at(now + lease), at(now), at(now), named, most)
    rows = sorted(
        DueWork.objects.raw(_CLAIMS[connection.vendor], values),
        key=lambda row: (row.due_at, row.id),
    )
    return [
        Claim(row.id, row.kind, row.key, row.due_at, row.payload, row.fence, row.attempts)
        for row in rows
    ]


def perform(one: Claim, act: Act, now: datetime, longest: timedelta | None = None) -> Outcome:
    """Do what a claim is about, in one transaction with the end of its row.

    Whatever goes wrong is noted at the row, which is tried again after ``longest`` at the latest;
    the others go on.
    """
    try:
        with transaction.atomic():
            act(one, now)
            one.take()
    except LostError:
        return Outcome.LOST
    except (OperationalError, InterfaceError) as error:  # a deadlock, a connection cut off
        _log.warning("due work %s %s is tried again: %s", one.kind, one.key, _line(error))
        put_off(one, error, now, longest or LONGEST_DELAY)
        return Outcome.PUT_OFF
    except Exception as error:  # noqa: BLE001 - one that fails must not keep the others waiting
        _log.error("due work %s %s failed", one.kind, one.key, exc_info=error)
        put_off(one, error, now, longest or LONGEST_DELAY)
        return Outcome.PUT_OFF
    return Outcome.DONE


def put_off(
    one: Claim, error: Exception, now: datetime, longest: timedelta = LONGEST_DELAY
) -> None:
    """Let a row that failed rest: ten seconds first, twice as long each time, at most ``longest``.

    When not even this can be written, its lease lapses by itself.
    """
    try:
        DueWork.objects.filter(id=one.id, fence=one.fence).update(
            lease_until=now + min(delay(one.attempts), longest),
            last_error=f"{type(error).__name__}: {_line(error)}"[:_LONGEST_ERROR],
        )
    except Error:
        connection.close()


def delay(attempts: int) -> timedelta:
    """Return how long work rests after so many failed attempts."""
    doublings = min(attempts - 1, 20)
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)


def plan(kind: str, key: str, due_at: datetime, payload: str = "") -> None:
    """Let something be done at ``due_at``; within the transaction that makes it necessary.

    What was planned under this kind and key before is replaced, and lost to a worker that has it.
    """
    DueWork.objects.filter(kind=kind, key=key).delete()
    DueWork.objects.create(kind=kind, key=key, due_at=due_at, payload=payload)


def call_off(kind: str, *keys: str) -> None:
    """Let something not be done after all."""
    DueWork.objects.filter(kind=kind, key__in=keys).delete()


def stuck(attempts: int = 5) -> int:
    """Return how many rows have failed so often."""
    return DueWork.objects.filter(attempts__gte=attempts).exclude(last_error="").count()


def last_failure(attempts: int = 5) -> str:
    """Return why a row failed that has failed so often; empty when none has."""
    rows = DueWork.objects.filter(attempts__gte=attempts).exclude(last_error="").order_by("-id")
    return rows.values_list("last_error", flat=True).first() or ""


def waiting_since(now: datetime, least: timedelta) -> datetime | None:
    """Return since when something is due that nobody has taken up for so long; None for nothing.

    What was due already when it was planned waits since then.
    """
    rows = _due(now - least).filter(attempts=0, created_at__lte=now - least).order_by("due_at")
    return rows.values_list("due_at", flat=True).first()


def _line(error: Exception) -> str:
    return " ".join(str(error).replace("\0", "").split())


def _due(now: datetime) -> QuerySet[DueWork]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return DueWork.objects.filter(free, due_at__lte=now)
