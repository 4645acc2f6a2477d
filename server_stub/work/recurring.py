"""Due work that comes again and again: a row that plans its next one when it is done.

``init`` plants the rows; from then on each is there once, whoever works.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from server_stub.work.engine import Act, Claim, plan
from server_stub.work.models import DueWork


@dataclass(frozen=True, slots=True)
class Recurring:
    """Something to be done every so often, within the transaction of its row."""

    kind: str
    every: timedelta
    do: Callable[[datetime], object]

    @property
    def act(self) -> Act:
        """Return what a worker does: it takes the row first, so that no other does the same."""

        def run(claim: Claim, now: datetime) -> None:
            self.do(now)
            claim.take()
            plan(self.kind, self.kind, now + self.every)

        return run


def plant(all_of_them: Iterable[Recurring], now: datetime) -> None:
    """Plan what recurs and is not planned, for now."""
    for one in all_of_them:
        DueWork.objects.get_or_create(kind=one.kind, key=one.kind, defaults={"due_at": now})
