"""Folded tickets → the rows to be written of them, table by table."""

from dataclasses import dataclass, field
from datetime import datetime

from agent.protocol.strict import text_of
from agent.protocol.words import Source
from server_stub.intake import sql
from server_stub.intake.credentials import KnownDevice
from server_stub.intake.entries import Entry
from server_stub.intake.fold import TicketState
from server_stub.intake.heartbeats import label
from server_stub.intake.promises import Promise
from server_stub.sla.models import ClockName
from server_stub.tickets.clocks import CLOCK_WORK
from server_stub.tickets.models import NOT_DUE
from server_stub.tickets.routing import Beginning

ACTOR = "monitor"
CHANNEL = Source.MONITOR.value


@dataclass(slots=True)
class TicketRows:
    """The rows of one group's tickets, gathered first and written set by set."""

    now: datetime
    _tickets: list[sql.Row] = field(default_factory=list)
    _updates: list[sql.Row] = field(default_factory=list)
    _timeline: list[sql.Row] = field(default_factory=list)
    _clocks: list[sql.Row] = field(default_factory=list)
    _work: list[sql.Row] = field(default_factory=list)
    _dropped_clocks: list[sql.Row] = field(default_factory=list)
    _dropped_work: list[sql.Row] = field(default_factory=list)

    def open(
        self,
        device: KnownDevice,
        alert_key: str,
        ticket: TicketState,
        first: tuple[Beginning, list[Promise]],
    ) -> None:
        """Take a new ticket with what it is at first and its clocks."""
        beginning, clocks = first
        due_at = self._promise(ticket.number, clocks)
        fingerprint = alert_key.partition(":")[2]
        self._tickets.append(
            (
                *(ticket.number, device.client_id, device.site_id, device.id, ticket.title),
                *(ticket.status.value, ticket.priority.value, fingerprint, alert_key),
                *(ticket.alert_id, ticket.sequence, ticket.evaluation.value, ticket.occurrences),
                *(ticket.facts_hash, self.now, self.now, ticket.resolved_at, due_at),
                *(ticket.status.value, beginning.type, beginning.level),
                device.policy_version_id,
            )
        )

    def update(self, ticket: TicketState, due_at: datetime, clocks: list[Promise] | None) -> None:
        """Take a stored ticket that changed; ``clocks`` are its new ones, None to keep them."""
        if clocks is not None:
            self._dropped_clocks.append((ticket.number,))
            self._dropped_work += [(CLOCK_WORK, f"{ticket.number}:{n}") for n in ClockName]
            due_at = self._promise(ticket.number, clocks)
        self._updates.append(
            (
                *(ticket.status.value, ticket.priority.value, ticket.title),
                *(ticket.evaluation.value, ticket.alert_id, ticket.sequence, ticket.occurrences),
                *(ticket.facts_hash, self.now, ticket.resolved_at, due_at),
                *(ticket.accepted_until, ticket.accepted),
                *([ticket.status.value] * 3),
                ticket.number,
            )
        )

    def tell(self, number: int, entries: list[Entry]) -> None:
        """Take timeline entries of a ticket, new or stored."""
        self._timeline += [
            (
                *(number, self.now, label(entry.device_at), entry.kind.value, ACTOR, CHANNEL),
                *(entry.body, text_of(entry.payload)),
            )
            for entry in entries
        ]

    @property
    def changes(self) -> list[sql.Change]:
        """Return what is to be done to stored tickets, in this order."""
        return [
            (sql.DELETE_CLOCKS, self._dropped_clocks),
            (sql.DELETE_WORK, self._dropped_work),
            (sql.UPDATE_TICKETS, self._updates),
        ]

    @property
    def new(self) -> dict[str, list[sql.Row]]:
        """Return the new rows by table."""
        return {
            "tickets_ticket": self._tickets,
            "tickets_timelineentry": self._timeline,
            "sla_clock": self._clocks,
            "work_duework": self._work,
        }

    def _promise(self, number: int, clocks: list[Promise]) -> datetime:
        """Take a ticket's clocks and the work they cause; return when the next one is due."""
        due_at = NOT_DUE
        for clock in clocks:
            self._clocks.append((number, *clock[:-1]))
            if clock.look_at is not None:
                self._work.append((CLOCK_WORK, f"{number}:{clock.name}", clock.look_at, ""))
            if until := clock.running_until:
                due_at = min(due_at, until)
        return due_at
