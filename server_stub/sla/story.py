"""A timeline as clocks read it: which entries matter to them, and what each of them means.

What a timeline entry's payload tells (``tree``): ``from`` and ``to`` of a change (of ``priority``,
``type``, ``level``, ``escalated``, ``agreement``, ``importance``, ``status``, and of ``policy`` by
the hashes of the versions' texts); of the ``opened`` entry ``agreement`` and ``importance``; of
entries that change the status, ``resolved`` and ``reopened`` too, ``stage``: the stage's name (or
its ``to``, when ``stage`` is a change itself); of ``date_set`` the ``clock`` and the date (``to``,
an instant in ISO 8601); ``said`` when a ``resolved`` entry has words for the client; ``by:
contact`` when the person is the client's.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from agent.protocol.words import Source, Status
from server_stub.clients.standing import USUAL
from server_stub.sla.events import Act, Event
from server_stub.sla.terms import ClockName, Policy, Traits

_CHANGES = ("priority", "type", "level", "agreement", "importance")
_NAMED = {"escalated": "level"}
_STATUS_OF = {"resolved": Status.RESOLVED.value, "reopened": Status.OPEN.value}
_STATUSES = frozenset(status.value for status in Status)
_ACTS = {
    "reply": Act.ANSWER,
    "call": Act.ANSWER,
    "progress": Act.ANSWER,
    "workaround": Act.ANSWER,
    "review": Act.REVIEW,
    "consultation": Act.CONSULTATION,
}
_SPOKEN = (Source.PHONE, Source.CHAT)

CLOCK_KINDS = (
    *("opened", "acknowledged", "reply", "call", "note", "assigned", "attempt"),
    *("status", "resolved", "reopened", "escalated", *_CHANGES),
    *("review", "consultation", "progress", "workaround", "date_set", "policy"),
)
"""Kinds of timeline entries that can move a clock; the monitor's reports (``changed``) cannot."""


class EntryRow(Protocol):
    """A timeline entry as it is stored.

    ``actor`` holds an ``@`` when a person did it; ``tree`` is the payload.
    """

    @property
    def at(self) -> datetime:
        """When, by the server's clock."""

    @property
    def kind(self) -> str:
        """What the entry tells."""

    @property
    def actor(self) -> str:
        """Who did it."""

    @property
    def channel(self) -> str:
        """The way it came, a source."""

    @property
    def tree(self) -> Mapping[str, Any]:
        """The payload."""


class TicketRow(Protocol):
    """A ticket as it is stored, as far as targets choose by it."""

    @property
    def source(self) -> str:
        """Where it came from."""

    @property
    def type(self) -> str:
        """What it is about."""

    @property
    def priority(self) -> str:
        """How pressing it is now."""

    @property
    def level(self) -> int:
        """The line of support it is with now."""


class Story(NamedTuple):
    """A stored ticket as ledgers read it: what it was at first, and what happened since."""

    policy: Policy
    opened: Traits
    events: list[Event]

    @classmethod
    def of(
        cls,
        policy: Policy,
        ticket: TicketRow,
        entries: Iterable[EntryRow],
        version_of: Callable[[str], Policy],
    ) -> "Story":
        """Return the story that a timeline tells; ``policy`` is the version in force last."""

        def version(text_hash: str) -> Policy:
            return policy if text_hash == policy.hash else version_of(text_hash)

        rows = list(entries)
        changed = next((row for row in rows if row.kind == "policy"), None)
        first = version(str(changed.tree.get("from", policy.hash))) if changed else policy
        return cls(first, _as_opened(ticket, rows), events_of(rows, version))


def events_of(entries: Iterable[EntryRow], version_of: Callable[[str], Policy]) -> list[Event]:
    """Return what a timeline means to clocks."""
    return [_event(entry, version_of) for entry in entries if entry.kind in CLOCK_KINDS]


def _event(entry: EntryRow, version: Callable[[str], Policy]) -> Event:
    change: dict[str, Any] = {}
    to = str(entry.tree.get("to", ""))
    if entry.kind == "policy":
        change["policy"] = version(to)
    elif entry.kind == "date_set":
        change["date"] = _date(entry)
    elif entry.kind in _CHANGES or entry.kind in _NAMED:
        change[_NAMED.get(entry.kind, entry.kind)] = to
    elif entry.kind == "status" or entry.kind in _STATUS_OF:
        status = _STATUS_OF.get(entry.kind, to)
        change["status"] = status if status in _STATUSES else ""
        change["stage"] = _stage(entry)
    return Event(entry.at, _act(entry), **change)


def _stage(entry: EntryRow) -> str:
    told = entry.tree.get("stage", "")
    return str(told.get("to", "")) if isinstance(told, dict) else str(told)


def _date(entry: EntryRow) -> tuple[str, datetime] | None:
    try:
        found = datetime.fromisoformat(str(entry.tree.get("to", "")))
    except ValueError:
        return None
    clock = str(entry.tree.get("clock", ClockName.RESOLUTION.value))
    return clock, found if found.tzinfo else found.replace(tzinfo=UTC)


def _act(entry: EntryRow) -> Act:
    if entry.kind == "acknowledged":
        return Act.ACKNOWLEDGEMENT
    if "@" not in entry.actor or entry.tree.get("by") == "contact":
        told = entry.kind in {"progress", "workaround"} and entry.tree.get("by") != "contact"
        return Act.UPDATE if told else Act.SYSTEM
    if entry.kind == "opened":  # who takes a call has answered it
        return Act.ANSWER if entry.channel in _SPOKEN else Act.SYSTEM
    if entry.kind == "resolved" and entry.tree.get("said"):
        return Act.ANSWER
    if entry.kind == "consultation" and not _asks_above(entry.tree):
        return Act.TOUCH
    return _ACTS.get(entry.kind, Act.TOUCH)


def _asks_above(tree: Mapping[str, Any]) -> bool:
    """Tell whether a level above was consulted: those below know no more."""
    here, asked = str(tree.get("at", "")), str(tree.get("level", ""))
    return not (here.isdecimal() and asked.isdecimal()) or int(asked) > int(here)


def _as_opened(ticket: TicketRow, entries: list[EntryRow]) -> Traits:
    """Return what the ticket was when it was opened: what its first changes changed from."""
    opened = next((entry.tree for entry in entries if entry.kind == "opened"), {})
    was = {
        "priority": ticket.priority,
        "type": ticket.type,
        "level": str(ticket.level),
        "agreement": str(opened.get("agreement", USUAL.agreement)),
        "importance": str(opened.get("importance", USUAL.importance)),
    }
    for entry in reversed(entries):
        name = _NAMED.get(entry.kind, entry.kind)
        if name in was and "from" in entry.tree:
            was[name] = str(entry.tree["from"])
    return Traits(ticket.source, channel=ticket.source, **was)  # type: ignore[arg-type]
