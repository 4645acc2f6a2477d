"""Which clocks a monitor's ticket gets, and what becomes of them when the monitor changes it.

New tickets take the fast way (their due instants alone); a ticket that changes is accounted for
anew from its timeline, by the same ledger that explains it to people.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from agent.protocol.words import Priority, Source
from server_stub.clients.standing import USUAL, Cover, Importance, Standing, standing
from server_stub.errors import ServerError
from server_stub.intake.credentials import KnownDevice
from server_stub.intake.fold import TicketState
from server_stub.sla.calendar import EndlessError
from server_stub.sla.clocks import account, columns, first_due, policy_of
from server_stub.sla.models import ClockState, PolicyVersion
from server_stub.sla.policy import Policy
from server_stub.sla.terms import ClockName
from server_stub.sla.zones import ZoneError, zone_of

_UNRECKONABLE = (ServerError, ZoneError, EndlessError)
_log = logging.getLogger(__name__)


class Promise(NamedTuple):
    """A clock as it is to be stored."""

    policy_version_id: int
    name: str
    state: str
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None

    @property
    def running_until(self) -> datetime | None:
        """Return when it is due, None when it does not run."""
        return self.due_at if self.state == ClockState.RUNNING else None


class Told(NamedTuple):
    """A timeline entry as the ledger reads it."""

    at: datetime
    kind: str
    actor: str
    channel: str
    tree: Mapping[str, Any]


class Accounted(NamedTuple):
    """A stored ticket as the ledger reads it: what targets choose by, and its story so far."""

    policy_version_id: int
    source: str
    type: str
    priority: str
    level: int
    entries: Iterable[Told]


def moves_clocks(before: TicketState, after: TicketState) -> bool:
    """Tell whether the clocks must be reckoned anew: another priority, resolved or reopened."""
    return before.priority is not after.priority or before.resolved_at != after.resolved_at


def standing_of(device: KnownDevice, now: datetime) -> Standing:
    """Return the words that a device's new ticket gets: of most devices the usual ones."""
    if not device.covers:
        if device.importance == Importance.NORMAL:
            return USUAL
        return Standing(importance=device.importance)
    return _words(device.covers, device.importance, now, device.time_zone)


def at_first(device: KnownDevice, ticket: TicketState, words: Standing = USUAL) -> list[Promise]:
    """Return the clocks of a new ticket; they stand when it is resolved already.

    None when nothing is promised, or nothing that can be reckoned: a ticket never waits for its
    clocks.
    """
    version = device.policy_version_id
    if version is None:
        return []
    start, end = ticket.created_at, ticket.resolved_at
    state = ClockState.RUNNING if end is None else ClockState.STOPPED
    try:
        found = _first_due(
            version, ticket.priority, start, device.time_zone, words.agreement, words.importance
        )
    except _UNRECKONABLE as error:
        _log.warning("a ticket of device %s gets no clocks: %s", device.id, error)
        return []
    return [
        Promise(version, name.value, state.value, start, due_at, end, None)
        for name, due_at in found
    ]


def anew(ticket: Accounted, zone: str, now: datetime) -> list[Promise] | None:
    """Return the clocks of a stored ticket after all its entries, the newest ones included.

    None when they cannot be reckoned: what is stored stays.
    """
    try:
        policy = _policy(ticket.policy_version_id)
        ledgers = account(policy, ticket, ticket.entries, now, zone)
    except _UNRECKONABLE as error:
        _log.warning("the clocks of a ticket stay as they were: %s", error)
        return None
    return [Promise(ticket.policy_version_id, **columns(one)) for one in ledgers]


@lru_cache(maxsize=1024)
def _first_due(  # noqa: PLR0917 - a cache's keys
    version_id: int, priority: Priority, start: datetime, zone: str, agreement: str, importance: str
) -> list[tuple[ClockName, datetime]]:
    """Return the due instants of a monitor's new ticket; tickets of one group share them."""
    return first_due(
        *(_policy(version_id), priority, Source.MONITOR, start, zone),
        agreement=agreement,
        importance=importance,
    )


@lru_cache(maxsize=1024)
def _words(covers: tuple[Cover, ...], importance: str, now: datetime, zone: str) -> Standing:
    """Return the words of the day at a site, by UTC where this computer does not know its zone."""
    try:
        day = now.astimezone(zone_of(zone)).date()
    except ZoneError:
        day = now.astimezone(UTC).date()
    return standing(covers, day, importance)


@lru_cache(maxsize=256)
def _policy(version_id: int) -> Policy:
    """Return a stored version; it never changes."""
    return policy_of(PolicyVersion.objects.get(id=version_id))


def policy_of_version(version_id: int) -> Policy:
    """Return a stored policy version; raises ServerError when it cannot be read."""
    return _policy(version_id)
