"""Which clocks a monitor's ticket gets, and what becomes of them when the monitor changes it.

New tickets take the fast way (their due instants alone); a ticket that changes is accounted for
anew from its timeline, by the same ledger that explains it to people.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from agent.protocol.words import Source
from server_stub.intake.credentials import KnownDevice
from server_stub.intake.fold import TicketState
from server_stub.sla.clocks import account, columns, first_due, policy_of
from server_stub.sla.models import ClockState, PolicyVersion
from server_stub.sla.policy import Policy


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


def at_first(device: KnownDevice, ticket: TicketState) -> list[Promise]:
    """Return the clocks of a new ticket; they stand when it is resolved already."""
    version = device.policy_version_id
    if version is None:
        return []
    start, end = ticket.created_at, ticket.resolved_at
    state = ClockState.RUNNING if end is None else ClockState.STOPPED
    found = first_due(_policy(version), ticket.priority, Source.MONITOR, start, device.time_zone)
    return [
        Promise(version, name.value, state.value, start, due_at, end, None)
        for name, due_at in found
    ]


def anew(ticket: Accounted, zone: str, now: datetime) -> list[Promise]:
    """Return the clocks of a stored ticket after all its entries, the newest ones included."""
    ledgers = account(_policy(ticket.policy_version_id), ticket, ticket.entries, now, zone)
    return [Promise(ticket.policy_version_id, **columns(one)) for one in ledgers]


def _policy(version_id: int) -> Policy:
    policy = _by_version.get(version_id)
    if policy is None:
        policy = policy_of(PolicyVersion.objects.get(id=version_id))
        _by_version[version_id] = policy
    return policy


_by_version: dict[int, Policy] = {}
