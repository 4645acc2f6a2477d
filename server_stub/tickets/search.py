"""Lists of tickets as programs ask for them: narrowed by anything, newest first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from server_stub.clients.scope import Scope
from server_stub.tickets.amendment import DECISION_WORK
from server_stub.tickets.models import UNRESOLVED, Ticket
from server_stub.tickets.queries import tickets
from server_stub.tickets.words import Sought, found
from server_stub.work.models import DueWork

_LOOKED_UP = 250
"""Numbers taken from the word index at once, when more than the index narrows what is found."""
_LOOKS = 8
"""So often for one page; a page may be short, and yet not the last."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows a list of tickets; empty members and None do not.

    Of several words in one member any will do, of ``words`` all must be found (see
    ``tickets.words``). ``assignee`` is an email address, empty for tickets that are nobody's.
    ``undecided``: somebody has to decide, after attempts to reach the client in vain.
    """

    statuses: Sequence[str] = ()
    priorities: Sequence[str] = ()
    sources: Sequence[str] = ()
    evaluations: Sequence[str] = ()
    number: int | None = None
    client: int | None = None
    site: int | None = None
    device: str | None = None
    assignee: str | None = None
    updated_since: datetime | None = None
    words: tuple[str, ...] = ()
    undecided: bool | None = None

    @property
    def sought(self) -> Sought:
        """Return what the word index can narrow by itself."""
        return Sought(self.words, _alone(self.statuses), _alone(self.priorities), self.client)

    @property
    def is_sought_alone(self) -> bool:
        """Tell whether the word index narrows all there is to narrow."""
        several = (*self.sources, *self.evaluations, *self.statuses[1:], *self.priorities[1:])
        one = (
            self.number,
            self.site,
            self.device,
            self.assignee,
            self.updated_since,
            self.undecided,
        )
        return not several and all(value is None for value in one)

    def narrow(self, rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """Return only the wanted ones of these tickets; words are not looked at."""
        several = {
            "status__in": self.statuses,
            "priority__in": self.priorities,
            "source__in": self.sources,
            "evaluation__in": self.evaluations,
        }
        one = {
            "id": self.number,
            "client": self.client,
            "site": self.site,
            "device": self.device,
            "updated_at__gte": self.updated_since,
        }
        rows = rows.filter(**{name: words for name, words in several.items() if words})
        rows = rows.filter(**{name: value for name, value in one.items() if value is not None})
        return rows.filter(self._assigned(), self._decided())

    @property
    def is_of_unresolved(self) -> bool:
        """Tell whether only tickets that are not resolved are wanted."""
        return bool(self.statuses) and set(self.statuses) <= set(UNRESOLVED)

    def _decided(self) -> Q:
        if self.undecided is None:
            return Q()
        key = Cast(OuterRef("id"), CharField(max_length=200))
        there = Q(Exists(DueWork.objects.filter(kind=DECISION_WORK, key=key)))
        return there if self.undecided else ~there

    def _assigned(self) -> Q:
        if self.assignee is None:
            return Q()
        nobodys = Q(assignee__isnull=True)
        return Q(assignee__email__iexact=self.assignee) if self.assignee else nobodys


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a list, and below which number the next one begins (None: it was the last)."""

    tickets: Sequence[Ticket]
    next: int | None


def search(scope: Scope, wanted: Wanted, before: int | None, limit: int) -> Page:
    """Return at most ``limit`` of the wanted tickets below ``before``, newest first."""
    rows = wanted.narrow(tickets(scope))
    if wanted.words:
        return _with_words(scope, wanted, rows, before, limit)
    if wanted.is_of_unresolved:
        # Said again: there is an index of these. Where numbers are known, it is the longer way.
        rows = rows.filter(resolved_at__isnull=True)
    if before is not None:
        rows = rows.filter(id__lt=before)
    got = list(rows[: limit + 1])
    return Page(got[:limit], got[limit - 1].id if len(got) > limit else None)


def _with_words(
    scope: Scope, wanted: Wanted, rows: QuerySet[Ticket], before: int | None, limit: int
) -> Page:
    """Look into the word index again and again until the page is full, or for long enough.

    The next page begins below a ticket that the scope shows, never below a number that only the
    index told.
    """
    shown: list[Ticket] = []
    below, told = before, list[int]()
    at_once = limit + 1 if wanted.is_sought_alone else _LOOKED_UP
    for _ in range(_LOOKS):
        numbers = found(scope, wanted.sought, below, at_once)
        told += numbers
        shown += rows.filter(id__in=numbers)
        if len(shown) > limit:
            return Page(shown[:limit], shown[limit - 1].id)
        if len(numbers) < at_once:
            return Page(shown, None)
        below = numbers[-1]
    seen = tickets(scope).filter(id__in=told).order_by("id")
    return Page(shown, seen.values_list("id", flat=True).first())


def _alone(words: Sequence[str]) -> str | None:
    return str(words[0]) if len(words) == 1 else None
