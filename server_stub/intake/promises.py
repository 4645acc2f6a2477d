"""Which clocks a monitor's ticket gets, and what becomes of them when the monitor changes it.

New tickets take the fast way (their due instants alone); a ticket that changes is accounted for
anew from its timeline, by the same ledger that explains it to people.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from agent.protocol.words import Priority, Source
from server_stub.clients.standing import USUAL, Cover, Importance, Standing, standing
from server_stub.errors import ServerError
from server_stub.intake.credentials import KnownDevice
from server_stub.intake.fold import TicketState
from server_stub.sla.account import ClockLedger, State
from server_stub.sla.calendar import EndlessError
from server_stub.sla.clocks import (
    CLOCK_KINDS,
    FirstLook,
    account,
    columns,
    first_looks,
    policy_of,
)
from server_stub.sla.models import ClockState, PolicyVersion
from server_stub.sla.policy import Policy
from server_stub.sla.zones import ZoneError, zone_of
from server_stub.tickets.routing import Beginning, beginning
from server_stub.tickets.warnings import TOLD_KINDS, next_look, told_of, untold
from server_stub.tickets.warnings import Told as Warned

_UNRECKONABLE = (ServerError, ZoneError, EndlessError)
_log = logging.getLogger(__name__)
TOLD = (*CLOCK_KINDS, *TOLD_KINDS)
"""The kinds of timeline entries that a stored ticket's clocks are reckoned from."""


class Promise(NamedTuple):
    """A clock as it is to be stored."""

    policy_version_id: int
    name: str
    state: str
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None
    look_at: datetime | None
    """When it is to be looked at; not a column of the clock."""

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
    entries: Sequence[Told]


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


def at_first(
    device: KnownDevice, ticket: TicketState, words: Standing = USUAL
) -> tuple[Beginning, list[Promise]]:
    """Return what a new ticket is, and its clocks; they stand when it is resolved already.

    No clocks when nothing is promised, or nothing that can be reckoned: a ticket never waits for
    its clocks.
    """
    version = device.policy_version_id
    if version is None:
        return Beginning(), []
    start, end = ticket.created_at, ticket.resolved_at
    state = ClockState.RUNNING if end is None else ClockState.STOPPED
    try:
        first, found = _first_due(
            version, ticket.priority, start, device.time_zone, words.agreement, words.importance
        )
    except _UNRECKONABLE as error:
        _log.warning("a ticket of device %s gets no clocks: %s", device.id, error)
        return Beginning(), []
    return first, [
        Promise(
            *(version, one.name.value, state.value, start, one.due_at, end, None),
            one.look_at if end is None else None,
        )
        for one in found
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
    told = told_of(ticket.entries)
    return [
        Promise(ticket.policy_version_id, **columns(one), look_at=_look(one, told))
        for one in ledgers
    ]


def _look(one: ClockLedger, told: frozenset[Warned]) -> datetime | None:
    if one.state in (State.RUNNING, State.BREACHED):
        return next_look(one, told)
    return one.at if untold(one.broken, told) else None


@lru_cache(maxsize=1024)
def _first_due(  # noqa: PLR0917 - a cache's keys
    version_id: int, priority: Priority, start: datetime, zone: str, agreement: str, importance: str
) -> tuple[Beginning, list[FirstLook]]:
    """Return what a monitor's new ticket is and is promised; tickets of one group share it."""
    policy = _policy(version_id)
    words = Standing(agreement=agreement, importance=importance)
    first = beginning(policy, "", priority, Source.MONITOR, words)
    clocks = first_looks(
        *(policy, priority, Source.MONITOR, start, zone),
        ticket_type=first.type,
        level=str(first.level),
        agreement=agreement,
        importance=importance,
    )
    return first, clocks


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
