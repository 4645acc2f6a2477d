"""The queue's filters, read from an address: what is asked for, and what is wrong with it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.protocol.words import Priority, Status
from server_stub.clients.models import Client
from server_stub.tickets.models import UNRESOLVED
from server_stub.tickets.queries import Only
from server_stub.tickets.search import Wanted
from server_stub.tickets.words import asked

LONGEST_SEARCH = 200
_NUMBER = re.compile(r"#?\s*([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class FilterField:
    """One filter as its form control: the values to choose from and the one chosen."""

    name: str
    label: str
    everything: str
    choices: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """All filters of the queue, and every value in the address that none of them knows.

    ``search`` is what was typed to be searched for, ``words`` what of it can be.
    """

    fields: tuple[FilterField, ...]
    problems: tuple[str, ...]
    search: str = ""
    words: tuple[str, ...] = ()

    @property
    def query(self) -> dict[str, str]:
        """Return the chosen filters as they stand in an address."""
        chosen = {field.name: field.chosen for field in self.fields if field.chosen}
        return ({"q": self.search} if self.words else {}) | chosen

    @property
    def any(self) -> bool:
        """Tell whether the list is narrowed at all."""
        return bool(self.query)

    @property
    def chosen_words(self) -> str:
        """Return which fields narrow the list: ``status and client``."""
        return " and ".join(field.name for field in self.fields if field.chosen)

    @property
    def only(self) -> Only:
        """Return what the query layer is asked for."""
        query = self.query
        client = query.get("client")
        return Only(query.get("status"), query.get("priority"), int(client) if client else None)

    @property
    def wanted(self) -> Wanted:
        """Return what a search is asked for."""
        only = self.only
        return Wanted(
            statuses=(only.status,) if only.status else (),
            priorities=(only.priority,) if only.priority else (),
            client=only.client,
            words=self.words,
        )

    @property
    def number(self) -> int | None:
        """Return the ticket number that was typed, with or without ``#``; None for other words."""
        typed = _NUMBER.fullmatch(self.search)
        return int(typed[1]) if typed else None


def read_filters(asked_for: Mapping[str, str], clients: Iterable[Client]) -> QueueFilters:
    """Return the filters of an address; ``clients`` are those the viewer may see.

    A value that is none of the choices narrows nothing and is told as a problem. A search looks
    at resolved tickets too: somebody had this before.
    """
    search = asked_for.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    words = asked(search)
    statuses, every = (tuple(Status), "Any status") if words else (UNRESOLVED, "Any unresolved")
    offered = (
        ("status", "Status", every, tuple((str(w), str(w)) for w in statuses)),
        ("priority", "Priority", "Any priority", tuple((str(w), str(w)) for w in Priority)),
        ("client", "Client", "All clients", tuple((str(c.id), c.name) for c in clients)),
    )
    fields, problems = [], []
    for name, label, everything, choices in offered:
        value = asked_for.get(name, "")
        known = value in {choice for choice, _ in choices}
        if value and not known:
            problems.append(f"{label}: there is no {value[:40]!r} to choose. It was left out.")
        fields.append(FilterField(name, label, everything, choices, value if known else ""))
    if search and not words:
        problems.append(f"Search: there is no word and no number in {search[:40]!r}.")
    return QueueFilters(tuple(fields), tuple(problems), search, words)
