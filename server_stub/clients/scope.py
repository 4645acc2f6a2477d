"""Whose rows a reader may see: the required first argument of every query function."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, QuerySet

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Scope:
    """The clients whose rows may be seen; None means every client's, now and later."""

    client_ids: frozenset[int] | None

    @classmethod
    def of(cls, client_ids: Iterable[int]) -> "Scope":
        """Return the scope of just these clients; of none, nothing may be seen."""
        return cls(frozenset(client_ids))

    def allows(self, client_id: int) -> bool:
        """Tell whether rows of this client may be seen."""
        return self.client_ids is None or client_id in self.client_ids

    def within(self, other: "Scope") -> "Scope":
        """Return what both scopes allow: a key never sees more than its owner."""
        if self.client_ids is None:
            return other
        if other.client_ids is None:
            return self
        return Scope(self.client_ids & other.client_ids)

    def filter(self, rows: "QuerySet[_Row]", path: str = "client") -> "QuerySet[_Row]":
        """Return only the rows whose client, found along ``path``, may be seen."""
        if self.client_ids is None:
            return rows
        return rows.filter(**{f"{path}__in": sorted(self.client_ids)})


ALL = Scope(None)
"""Full staff."""
