"""Which tickets somebody wants to see, as conditions on a query. Reads nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from server_stub.tickets.models import Ticket

MAX_WORDS = 8
_LOOKED_THROUGH = ("title", "fingerprint", "client__name", "site__name", "device__name")
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows a list of tickets; empty members and None do not.

    Of several words in one member any will do. ``client`` is a number or a name; ``assignee``
    an email address, empty for tickets that are nobody's. All of ``words`` must be found in
    title, fingerprint, or the names of client, site and device, or be the ticket's number.
    """

    statuses: Sequence[str] = ()
    priorities: Sequence[str] = ()
    sources: Sequence[str] = ()
    evaluations: Sequence[str] = ()
    client: int | str | None = None
    site: int | None = None
    device: str | None = None
    assignee: str | None = None
    updated_since: datetime | None = None
    words: str = ""

    def narrow(self, rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """Return only the wanted ones of these tickets."""
        return rows.filter(self._members()).filter(self._places()).filter(self._found())

    def _members(self) -> Q:
        given = {
            "status__in": self.statuses,
            "priority__in": self.priorities,
            "source__in": self.sources,
            "evaluation__in": self.evaluations,
            "updated_at__gte": self.updated_since,
        }
        return Q(**{name: value for name, value in given.items() if value})

    def _places(self) -> Q:
        found = Q()
        if isinstance(self.client, str):
            found &= Q(client__name__iexact=self.client)
        elif self.client is not None:
            found &= Q(client=self.client)
        if self.site is not None:
            found &= Q(site=self.site)
        if self.device is not None:
            found &= Q(device=self.device)
        if self.assignee is not None:
            nobodys = Q(assignee__isnull=True)
            found &= Q(assignee__email__iexact=self.assignee) if self.assignee else nobodys
        return found

    def _found(self) -> Q:
        every = Q()
        for word in self.words.split()[:MAX_WORDS]:
            anywhere = Q()
            for field in _LOOKED_THROUGH:
                anywhere |= Q(**{f"{field}__icontains": word})
            number = word.removeprefix("#")
            if number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER:
                anywhere |= Q(id=int(number))
            every &= anywhere
        return every
