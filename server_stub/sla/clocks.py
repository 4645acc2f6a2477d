"""Where ledgers meet the rest of the server: timeline rows in, stored clocks out.

``first_due`` is all that the intake needs for a new ticket; ``account`` computes the ledgers of
any ticket from its timeline; ``columns`` and ``next_due`` say what to store of them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from agent.protocol.words import Source, Status
from server_stub.errors import SetupError
from server_stub.sla.ledger import Act, ClockLedger, Event, State, ledger
from server_stub.sla.policy import Policy, load
from server_stub.sla.terms import ClockName, Traits

if TYPE_CHECKING:
    from server_stub.sla.models import PolicyVersion

DEFAULT_NAME = "default"
DEFAULT_TYPE = "incident"
FIRST_LEVEL = "1"

_CHANGES = ("priority", "type", "level")
_STATUS_OF = {"resolved": Status.RESOLVED.value, "reopened": Status.OPEN.value}
_STATUSES = frozenset(status.value for status in Status)
_ANSWERS = ("reply", "call")
_SPOKEN = (Source.PHONE, Source.CHAT)
_MOST_LOADED = 256

CLOCK_KINDS = (
    *("opened", "acknowledged", "reply", "call", "note", "assigned"),
    *("status", "resolved", "reopened", *_CHANGES),
)
"""Kinds of timeline entries that can move a clock; the monitor's reports (``changed``) cannot."""


class EntryRow(Protocol):
    """A timeline entry as it is stored.

    ``actor`` holds an ``@`` when a person did it; ``tree`` is the payload: ``from`` and ``to``
    of a change, ``priority`` of an opening, ``by: contact`` when the person is the client's.
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


class CurrentPolicy(NamedTuple):
    """A policy and the id of the stored version it was read from."""

    version_id: int
    policy: Policy


def first_due(
    policy: Policy,
    priority: str,
    source: str,
    created_at: datetime,
    zone: str = "UTC",
    *,
    ticket_type: str = DEFAULT_TYPE,
    level: str = FIRST_LEVEL,
) -> list[tuple[ClockName, datetime]]:
    """Return name and due instant of each clock of a new ticket; none when nothing is promised.

    The same as the ledger at ``created_at``, without its account (measured: 10 µs). ``zone`` is
    the site's. Raises ZoneError for a zone that does not exist.
    """
    row = policy.row(Traits(source, ticket_type, priority, level))
    if row is None:
        return []
    return [
        (ClockName(name), policy.calendar(target.calendar, zone).add(created_at, target.within))
        for name, target in row.targets.items()
    ]


def account(
    policy: Policy,
    ticket: TicketRow,
    entries: Iterable[EntryRow],
    now: datetime,
    zone: str = "UTC",
) -> list[ClockLedger]:
    """Return the ledgers of a ticket from its whole timeline, in the order written.

    Entries of other kinds than ``CLOCK_KINDS`` may be left out. ``policy`` is the version the
    ticket's clocks name, ``zone`` the site's time zone.
    """
    rows = list(entries)
    return ledger(policy, _as_opened(ticket, rows), events_of(rows), now, zone)


def events_of(entries: Iterable[EntryRow]) -> list[Event]:
    """Return what a timeline means to clocks."""
    return [_event(entry) for entry in entries if entry.kind in CLOCK_KINDS]


def next_due(ledgers: Iterable[ClockLedger]) -> datetime | None:
    """Return when the next clock is due, in the past when one is overdue; None when none runs."""
    running = (State.RUNNING, State.BREACHED)
    return min((one.due_at for one in ledgers if one.state in running and one.due_at), default=None)


def columns(one: ClockLedger) -> dict[str, Any]:
    """Return what a stored clock keeps of its ledger.

    Overdue is not a stored state: it comes with the hour. A paused clock has no due time.
    """
    state = State.RUNNING if one.state is State.BREACHED else one.state
    return {
        "name": one.name.value,
        "state": state.value,
        "started_at": one.started_at,
        "due_at": None if state is State.PAUSED else one.due_at,
        "stopped_at": one.stopped_at,
        "breached_at": one.breached_at,
    }


def current_policy(name: str = DEFAULT_NAME) -> CurrentPolicy:
    """Return the newest stored version of a policy: what new tickets follow.

    One small query; the text is fetched and read once per process and version. Raises
    SetupError when there is none.
    """
    from server_stub.sla.models import PolicyVersion  # noqa: PLC0415 - all else needs no Django

    versions = PolicyVersion.objects.filter(name=name).order_by("-id")
    newest = versions.values_list("id", "hash").first()
    if newest is None:
        raise SetupError(f"no SLA policy {name!r} is stored: run watchdesk-server init")
    if policy := _loaded.get(newest[1]):
        return CurrentPolicy(newest[0], policy)
    return CurrentPolicy(newest[0], policy_of(versions.get(id=newest[0])))


def followed_policy(name: str) -> CurrentPolicy:
    """Return the newest version of a client's policy, of the default one when there is none.

    Raises SetupError when there is neither.
    """
    try:
        return current_policy(name)
    except SetupError:
        return current_policy(DEFAULT_NAME)


def policy_of(version: "PolicyVersion") -> Policy:
    """Return a stored policy version, read once per process."""
    policy = _loaded.get(version.hash)
    if policy is None:
        policy = load(version.text, f"{version.name} {version.hash[:8]}")
        if len(_loaded) < _MOST_LOADED:
            _loaded[version.hash] = policy
    return policy


_loaded: dict[str, Policy] = {}


def _event(entry: EntryRow) -> Event:
    change: dict[str, Any] = {}
    to = str(entry.tree.get("to", ""))
    if entry.kind in _STATUS_OF:
        change["status"] = _STATUS_OF[entry.kind]
    elif entry.kind in _CHANGES or (entry.kind == "status" and to in _STATUSES):
        change[entry.kind] = to
    return Event(entry.at, _act(entry), **change)


def _act(entry: EntryRow) -> Act:
    if entry.kind == "acknowledged":
        return Act.ACKNOWLEDGEMENT
    if "@" not in entry.actor or entry.tree.get("by") == "contact":
        return Act.SYSTEM
    if entry.kind == "opened":  # who takes a call has answered it
        return Act.ANSWER if entry.channel in _SPOKEN else Act.SYSTEM
    return Act.ANSWER if entry.kind in _ANSWERS else Act.TOUCH


def _as_opened(ticket: TicketRow, entries: list[EntryRow]) -> Traits:
    """Return what the ticket was when it was opened: what its first changes changed from."""
    now = {"priority": ticket.priority, "type": ticket.type, "level": str(ticket.level)}
    for entry in reversed(entries):
        if entry.kind in _CHANGES and "from" in entry.tree:
            now[entry.kind] = str(entry.tree["from"])
    return Traits(ticket.source, now["type"], now["priority"], now["level"])
