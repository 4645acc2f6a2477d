"""Folded tickets → the rows to be written of them, table by table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from agent.protocol.strict import text_of
from agent.protocol.words import Source
from server_stub.intake import sql
from server_stub.intake.credentials import KnownDevice
from server_stub.intake.fold import TicketChange, TicketState
from server_stub.intake.heartbeats import label
from server_stub.intake.promises import ClockRow, first_due, moved, moves_clocks
from server_stub.sla.models import ClockState
from server_stub.tickets.models import NOT_DUE

ACTOR = "monitor"
CLOCK_WORK = "clock"
"""Kind of the due work that looks at a clock; its key is ``<ticket number>:<clock name>``."""


@dataclass(slots=True)
class TicketRows:
    """The rows of one group's tickets, gathered first and written set by set."""

    now: datetime
    _tickets: list[sql.Row] = field(default_factory=list)
    _updates: list[sql.Row] = field(default_factory=list)
    _timeline: list[sql.Row] = field(default_factory=list)
    _clocks: list[sql.Row] = field(default_factory=list)
    _moved_clocks: list[sql.Row] = field(default_factory=list)
    _work: list[sql.Row] = field(default_factory=list)
    _moved_work: list[sql.Row] = field(default_factory=list)
    _done_work: list[sql.Row] = field(default_factory=list)

    def open(self, device: KnownDevice, alert_key: str, ticket: TicketState) -> None:
        """Take a new ticket with its clocks; they stand when it was resolved in the same group."""
        due_at = NOT_DUE
        for name, clock_due_at in first_due(device, ticket):
            state = ClockState.STOPPED if ticket.resolved_at else ClockState.RUNNING
            self._clocks.append(
                (
                    *(ticket.number, device.policy_version_id, name, state.value),
                    *(self.now, clock_due_at, ticket.resolved_at),
                )
            )
            if state is ClockState.RUNNING:
                self._work.append((CLOCK_WORK, f"{ticket.number}:{name}", clock_due_at, ""))
                due_at = min(due_at, clock_due_at)
        fingerprint = alert_key.partition(":")[2]
        self._tickets.append(
            (
                *(ticket.number, device.client_id, device.site_id, device.id, ticket.title),
                *(ticket.status.value, ticket.priority.value, fingerprint, alert_key),
                *(ticket.alert_id, ticket.sequence, ticket.evaluation.value, ticket.occurrences),
                *(ticket.facts_hash, self.now, self.now, ticket.resolved_at, due_at),
            )
        )

    def update(
        self, change: TicketChange, due_at: datetime, clocks: Iterable[ClockRow], zone: str
    ) -> None:
        """Take a stored ticket that changed; ``due_at`` and ``clocks`` are as stored."""
        before, ticket = change.before, change.after
        if before and moves_clocks(before, ticket):
            due_at = NOT_DUE
            for clock in clocks:
                after = moved(clock, before, ticket, zone, self.now)
                self._move(clock, after)
                if after.state == ClockState.RUNNING and after.due_at:
                    due_at = min(due_at, after.due_at)
        self._updates.append(
            (
                *(ticket.status.value, ticket.priority.value, ticket.title),
                *(ticket.evaluation.value, ticket.alert_id, ticket.sequence, ticket.occurrences),
                *(ticket.facts_hash, self.now, ticket.resolved_at, due_at, ticket.number),
            )
        )

    def _move(self, clock: ClockRow, after: ClockRow) -> None:
        if after == clock:
            return
        work = (CLOCK_WORK, f"{clock.ticket}:{clock.name}")
        stopped_at = self.now if after.state == ClockState.STOPPED else None
        self._moved_clocks.append((after.state, after.due_at, stopped_at, clock.id))
        if after.state == ClockState.RUNNING and after.due_at:
            self._moved_work.append((*work, after.due_at, ""))
        else:
            self._done_work.append(work)

    def tell(self, change: TicketChange) -> None:
        """Take the timeline entries of a ticket, new or stored."""
        self._timeline += [
            (
                *(change.after.number, self.now, label(entry.device_at), entry.kind.value),
                *(ACTOR, Source.MONITOR.value, entry.body, text_of(entry.payload)),
            )
            for entry in change.entries
        ]

    def write(self, execute: sql.Statements) -> None:
        """Write everything taken."""
        execute.insert("tickets_ticket", self._tickets)
        execute.insert("tickets_timelineentry", self._timeline)
        execute.insert("sla_clock", self._clocks)
        execute.insert("work_duework", self._work)
        execute.many(sql.UPDATE_TICKETS, self._updates)
        execute.many(sql.UPDATE_CLOCKS, self._moved_clocks)
        execute.many(sql.DELETE_WORK, self._done_work)
        execute.many(sql.PUT_WORK, self._moved_work)
