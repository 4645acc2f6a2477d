"""Where ledgers meet the rest of the server: timeline rows in, stored clocks out.

``first_due`` is all that the intake needs for a new ticket; ``account`` computes the ledgers of
any ticket from its timeline; ``columns`` and ``next_due`` say what to store of them; ``supposed``
says what would become of them. ``story`` says what entries mean.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from server_stub.clients.standing import USUAL
from server_stub.errors import SetupError
from server_stub.sla.ledger import Broken, ClockLedger, Event, State, broken_promises, ledger
from server_stub.sla.policy import Policy, load
from server_stub.sla.promise import amount
from server_stub.sla.story import CLOCK_KINDS, EntryRow, Story, TicketRow
from server_stub.sla.terms import DEFAULT_TYPE, ClockName, Kind, Starts, Traits
from server_stub.sla.what_if import Supposed, what_if

if TYPE_CHECKING:
    from server_stub.sla.models import PolicyVersion

__all__ = [
    "CLOCK_KINDS",
    "DEFAULT_NAME",
    "DEFAULT_TYPE",
    "FIRST_LEVEL",
    "CurrentPolicy",
    "account",
    "broken",
    "columns",
    "current_policy",
    "first_due",
    "first_looks",
    "followed_policy",
    "next_due",
    "policy_of",
    "policy_version",
    "supposed",
]

DEFAULT_NAME = "default"
FIRST_LEVEL = "1"

_MOST_LOADED = 256


class CurrentPolicy(NamedTuple):
    """A policy and the id of the stored version it was read from."""

    version_id: int
    policy: Policy


class FirstLook(NamedTuple):
    """When a new ticket's clock is due, and when it is looked at first: to warn, or then."""

    name: ClockName
    due_at: datetime
    look_at: datetime


def first_due(
    policy: Policy,
    priority: str,
    source: str,
    created_at: datetime,
    zone: str = "UTC",
    **words: str,
) -> list[tuple[ClockName, datetime]]:
    """Return name and due instant of each clock of a new ticket, as ``first_looks``."""
    found = first_looks(policy, priority, source, created_at, zone, **words)
    return [(one.name, one.due_at) for one in found]


def first_looks(
    policy: Policy,
    priority: str,
    source: str,
    created_at: datetime,
    zone: str = "UTC",
    *,
    ticket_type: str = DEFAULT_TYPE,
    level: str = FIRST_LEVEL,
    agreement: str = USUAL.agreement,
    importance: str = USUAL.importance,
) -> list[FirstLook]:
    """Return when each clock of a new ticket is due and looked at; none when nothing is promised.

    The same as the ledger at ``created_at``, without its account (measured: 10 µs). Clocks that
    have no due instant yet are left out. ``zone`` is the site's. Raises ZoneError for a zone that
    does not exist.
    """
    traits = Traits(source, ticket_type, priority, level, agreement, source, importance)
    row = policy.row(policy.traits(traits, created_at, zone) if policy.asked_hours else traits)
    if row is None:
        return []
    found: list[FirstLook] = []
    for name, target, calendar in policy.promises(row, zone):
        within: timedelta | None = target.within
        if target.kind is not Kind.TIME:
            within = amount(policy, target, created_at, zone)
        if within is not None and target.starts is Starts.OPENED:
            look_at = due_at = calendar.add(created_at, within)
            if share := policy.first_share.get(name):
                look_at = calendar.add(created_at, within * share / 100)
            found.append(FirstLook(name, due_at, look_at))
    return found


def account(  # noqa: PLR0917 - each of them another fact
    policy: Policy,
    ticket: TicketRow,
    entries: Iterable[EntryRow],
    now: datetime,
    zone: str = "UTC",
    version_of: Callable[[str], Policy] | None = None,
) -> list[ClockLedger]:
    """Return the ledgers of a ticket from its whole timeline, in the order written.

    Entries of other kinds than ``CLOCK_KINDS`` may be left out. ``policy`` is the version the
    ticket's clocks name, ``zone`` the site's time zone. ``version_of`` returns other versions by
    their hash, where the ticket moved from one to another (by itself: the stored ones). Raises
    SetupError for a version that is not there.
    """
    story = Story.of(policy, ticket, entries, version_of or policy_version)
    return ledger(story.policy, story.opened, story.events, now, zone)


def broken(
    policy: Policy, ticket: TicketRow, entries: Iterable[EntryRow], now: datetime, zone: str = "UTC"
) -> list[Broken]:
    """Return every promise to a ticket that was not kept; otherwise as ``account``."""
    story = Story.of(policy, ticket, entries, policy_version)
    return broken_promises(story.policy, story.opened, story.events, now, zone)


def supposed(  # noqa: PLR0917 - as above
    policy: Policy,
    ticket: TicketRow,
    entries: Iterable[EntryRow],
    now: datetime,
    supposition: Event,
    zone: str = "UTC",
    version_of: Callable[[str], Policy] | None = None,
) -> list[Supposed]:
    """Return what would become of each clock by a change at ``now``: another priority, stage, ….

    ``supposition`` is that change; its ``at`` does not matter. Nothing is stored. Otherwise as
    ``account``.
    """
    story = Story.of(policy, ticket, entries, version_of or policy_version)
    return what_if(story.policy, story.opened, story.events, now, supposition, zone)


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


def policy_version(text_hash: str) -> Policy:
    """Return the stored policy version whose text has this hash.

    Raises SetupError when it is not there.
    """
    if policy := _loaded.get(text_hash):
        return policy
    from server_stub.sla.models import PolicyVersion  # noqa: PLC0415 - all else needs no Django

    version = PolicyVersion.objects.filter(hash=text_hash).first()
    if version is None:
        raise SetupError(f"the SLA policy version {text_hash[:8]!r} is not stored")
    return policy_of(version)


_loaded: dict[str, Policy] = {}
