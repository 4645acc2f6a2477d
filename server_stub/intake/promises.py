"""Which clocks a monitor's ticket gets, and what becomes of them when the monitor changes it."""

from datetime import datetime, timedelta
from typing import NamedTuple

from agent.protocol.words import Priority
from server_stub.intake.credentials import KnownDevice
from server_stub.intake.fold import TicketState
from server_stub.sla.models import ClockState

_PLUG = {
    Priority.URGENT: (timedelta(minutes=30), timedelta(hours=4)),
    Priority.HIGH: (timedelta(hours=1), timedelta(hours=8)),
    Priority.NORMAL: (timedelta(hours=4), timedelta(days=2)),
    Priority.LOW: (timedelta(hours=8), timedelta(days=5)),
}


class ClockRow(NamedTuple):
    """One clock of a ticket as it is stored."""

    ticket: int
    id: int
    policy_version_id: int
    name: str
    state: str
    due_at: datetime | None


def first_due(device: KnownDevice, ticket: TicketState) -> list[tuple[str, datetime]]:
    """Return name and due instant of each clock that runs from the ticket's start."""
    if device.policy_version_id is None:
        return []
    return _due(device.policy_version_id, device.time_zone, ticket.priority, ticket.created_at)


def moves_clocks(before: TicketState, after: TicketState) -> bool:
    """Tell whether the clocks must be looked at: another priority, resolved or reopened."""
    return before.priority is not after.priority or before.resolved_at != after.resolved_at


def moved(
    clock: ClockRow, before: TicketState, after: TicketState, zone: str, now: datetime
) -> ClockRow:
    """Return the clock as it is after the change."""
    if after.resolved_at is not None:
        return clock._replace(state=ClockState.STOPPED)
    if clock.state == ClockState.STOPPED and before.resolved_at is None:
        return clock
    start = now if before.resolved_at else after.created_at
    due = dict(_due(clock.policy_version_id, zone, after.priority, start))
    return clock._replace(state=ClockState.RUNNING, due_at=due.get(clock.name))


def _due(
    policy_version_id: int,  # noqa: ARG001
    zone: str,  # noqa: ARG001
    priority: Priority,
    created_at: datetime,
) -> list[tuple[str, datetime]]:
    response, resolution = _PLUG[priority]
    return [("response", created_at + response), ("resolution", created_at + resolution)]
