"""A worker: looks for due work every second and does it, one row after the other."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from django.db import Error, connection

from server_stub import metrics
from server_stub.walls import seen_by
from server_stub.work.engine import BATCH, LEASE, Act, Claim, Outcome, claim, perform, prepare

LOOK_EVERY_S = 1.0
_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Read this computer's clock."""
    return datetime.now(UTC)


class Worker:
    """Does due work until it is told to stop. ``acts`` says what to do, by kind."""

    def __init__(
        self,
        acts: Mapping[str, Act],
        lease: timedelta = LEASE,
        clock: Callable[[], datetime] = utc_now,
        longest: Mapping[str, timedelta] | None = None,
    ) -> None:
        """Take what can be done; rows of other kinds are left alone.

        ``longest`` says, by kind, how long what failed rests at most; an hour if not.
        """
        self._acts = dict(acts)
        self._kinds = sorted(acts)
        self._lease = lease
        self._clock = clock
        self._longest = longest or {}
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let it end after the row under way; the rest of its claims are the next worker's."""
        self._stopping.set()

    def run(self) -> None:
        """Work until told to stop; a database that does not answer is waited for."""
        connection.close()  # one that is there already was not prepared for a pause
        with seen_by(None):
            while not self._stopping.is_set():
                if not self._turn_or_wait():
                    self._stopping.wait(LOOK_EVERY_S)
        connection.close()

    def turn(self) -> int:
        """Do what is due now, at most one batch; return how many rows were claimed."""
        prepare(self._lease)
        now = self._clock()
        claims = claim(self._kinds, now, self._lease, BATCH)
        for one in claims:
            if self._stopping.is_set() or self._clock() >= now + self._lease:
                break
            outcome = self._perform(one)
            metrics.DUE_WORK.add(one.kind, outcome.value)
        return len(claims)

    def _perform(self, one: Claim) -> Outcome:
        return perform(one, self._acts[one.kind], self._clock(), self._longest.get(one.kind))

    def _turn_or_wait(self) -> int:
        try:
            return self.turn()
        except Error as error:
            _log.warning("due work waits for the database: %s", " ".join(str(error).split()))
            connection.close()
            return 0
