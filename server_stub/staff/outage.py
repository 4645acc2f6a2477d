"""The devices that the ticket of a site outage tells of."""

from collections.abc import Sequence
from dataclasses import dataclass

from server_stub.clients.scope import Scope
from server_stub.fleet.models import Member
from server_stub.fleet.queries import members

MOST_MEMBERS = 100
"""Of the missing ones and of those that were heard again so many are shown each."""


@dataclass(frozen=True, slots=True)
class OutageShown:
    """Who is missing still, who is not any more, and how many of each there are."""

    missing: Sequence[Member]
    back: Sequence[Member]
    missing_count: int
    back_count: int

    @property
    def left_out(self) -> int:
        """Return how many are not shown."""
        return self.missing_count + self.back_count - len(self.missing) - len(self.back)


def outage(scope: Scope, number: int) -> OutageShown | None:
    """Return the devices of a ticket's outage, None for a ticket of none (one query then)."""
    rows = members(scope, number)
    if not rows.exists():
        return None
    missing = rows.filter(released_at__isnull=True)
    back = rows.filter(released_at__isnull=False).order_by("-released_at", "-id")
    return OutageShown(
        list(missing[:MOST_MEMBERS]), list(back[:MOST_MEMBERS]), missing.count(), back.count()
    )
