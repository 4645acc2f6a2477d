"""One group of requests → one transaction: what was seen before, tickets, clocks, envelopes.

The steps, in order, each a constant number of statements however large the group:

1. envelopes seen before: with the same body a duplicate, with another one refused
2. the tickets of all alerts in the group, locked; what maintenance holds back is set aside
3. each alert's events folded (pure), new tickets numbered
4. what is stored changed, facts too; then tickets, timeline, clocks, due work and the envelopes
   written, so that they are seen from now on

The caller commits, and hands out the receipts only then.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from agent.protocol.device import Facts
from agent.protocol.events import AlertEvent
from agent.protocol.receipts import Receipt, ReceiptResult
from agent.protocol.strict import text_of
from agent.protocol.words import Evaluation, Priority, Status
from server_stub.database import json_object
from server_stub.intake import session, sql
from server_stub.intake.credentials import KnownDevice
from server_stub.intake.decode import Arrived, refused
from server_stub.intake.desk_terms import in_terms, monitors_of
from server_stub.intake.fold import TicketChange, TicketState, fold
from server_stub.intake.maintenance import held
from server_stub.intake.promises import (
    TOLD,
    Accounted,
    Promise,
    Told,
    anew,
    at_first,
    moves_clocks,
    standing_of,
)
from server_stub.intake.rows import ACTOR, CHANNEL, TicketRows
from server_stub.quiet.active import KNOWN, Quiet

CHANGED_BODY = "this id was used before with another body"


@dataclass(frozen=True, slots=True)
class Request:
    """The envelopes of one request that are fit to be stored, and whose they are."""

    device: KnownDevice
    arrived: Sequence[Arrived]


@dataclass(slots=True)
class _Sighting:
    """One envelope of the group; ``first`` is how the same id was seen before, if it was."""

    device: KnownDevice
    arrived: Arrived
    first: "_Sighting | _Remembered | None"
    change: TicketChange | None = None

    @property
    def body_sha256(self) -> bytes:
        return self.arrived.body_sha256

    @property
    def ticket(self) -> int | None:
        return self.change.after.number if self.change else None

    def receipt(self) -> Receipt:
        identifier = self.arrived.message.id
        if self.first is None:
            return Receipt(identifier, ReceiptResult.ACCEPTED, self.ticket)
        if self.first.body_sha256 == self.body_sha256:
            return Receipt(identifier, ReceiptResult.DUPLICATE, self.first.ticket)
        return refused(identifier, CHANGED_BODY)


@dataclass(frozen=True, slots=True)
class _Remembered:
    """An envelope stored by an earlier group."""

    body_sha256: bytes
    ticket: int | None


class _Stored(NamedTuple):
    """A ticket as it is stored."""

    ticket: TicketState
    due_at: datetime
    source: str
    type: str
    level: int
    policy_version: int | None


@dataclass(slots=True)
class _Alert:
    """One alert's events in the group, in order, and its ticket as it is stored."""

    device: KnownDevice
    sightings: list[_Sighting] = field(default_factory=list)
    stored: "_Stored | None" = None
    changes: list[TicketChange] = field(default_factory=list)

    def fold(self, now: datetime) -> None:
        """Find what the events do to the ticket."""
        events = [s.arrived.message for s in self.sightings]
        ticket = self.stored.ticket if self.stored else None
        terms = monitors_of(self.device.policy_version_id)
        told = [in_terms(e, self.device.kind, terms) for e in events if isinstance(e, AlertEvent)]
        folded = fold(ticket, told, now, terms.reopen_within)
        self.changes = folded.changes
        for sighting, change in zip(self.sightings, folded.ticket_of_event, strict=True):
            sighting.change = change


def store(
    requests: Sequence[Request], now: datetime, quiet: Quiet | None = None
) -> list[list[Receipt]]:
    """Store a group within the caller's transaction; return each request's receipts in order.

    ``quiet`` is what maintenance holds back; what this process knows of it when not given.
    """
    execute = session.statements()
    seen, tickets = execute.known(*_names(requests))
    sightings = _sightings(requests, seen)
    fresh = [s for one in sightings for s in one if s.first is None]
    alerts = _alerts(fresh, tickets)
    held_back = _held_back(alerts, KNOWN.at(now) if quiet is None else quiet, now)
    for alert in alerts.values():
        alert.fold(now)
    _number(alerts.values(), execute)
    rows = _ticket_rows(alerts, execute, now)
    envelopes = [(s.device.id, s.arrived.message.id, s.body_sha256, s.ticket, now) for s in fresh]
    execute.write(
        [*rows.changes, *_facts_changes(fresh, now), (sql.HOLD_BACK, held_back)],
        rows.new | {"intake_seenenvelope": envelopes},
    )
    return [[s.receipt() for s in one] for one in sightings]


def _names(requests: Sequence[Request]) -> tuple[list[str], list[str]]:
    """Return the ids of all envelopes and the keys of all alerts in a group."""
    ids, keys = [], set()
    for request in requests:
        for arrived in request.arrived:
            ids.append(arrived.message.id)
            if isinstance(arrived.message, AlertEvent):
                keys.add(_alert_key(request.device, arrived.message))
    return ids, list(keys)


def _alert_key(device: KnownDevice, event: AlertEvent) -> str:
    return f"{device.id}:{event.fingerprint}"


def _sightings(requests: Sequence[Request], rows: Iterable[sql.Row]) -> list[list[_Sighting]]:
    seen: dict[tuple[str, str], _Sighting | _Remembered] = {
        (device, envelope): _Remembered(bytes(body_sha256), ticket)
        for device, envelope, body_sha256, ticket in rows
    }
    found: list[list[_Sighting]] = []
    for request in requests:
        one = []
        for arrived in request.arrived:
            key = (request.device.id, arrived.message.id)
            sighting = _Sighting(request.device, arrived, seen.get(key))
            seen.setdefault(key, sighting)
            one.append(sighting)
        found.append(one)
    return found


def _alerts(fresh: Iterable[_Sighting], tickets: Iterable[sql.Row]) -> dict[str, _Alert]:
    """Return the alerts of a group with their events and tickets, by their keys."""
    alerts: dict[str, _Alert] = {}
    for sighting in fresh:
        message = sighting.arrived.message
        if isinstance(message, AlertEvent):
            key = _alert_key(sighting.device, message)
            alerts.setdefault(key, _Alert(sighting.device)).sightings.append(sighting)
    for key, *columns, due_at, source, kind, level, version in tickets:
        if key in alerts:  # else all its events were seen before
            number, status, priority, title, evaluation, *more = columns
            ticket = TicketState(
                number, Status(status), Priority(priority), title, Evaluation(evaluation), *more
            )
            alerts[key].stored = _Stored(ticket, due_at, source, kind, level, version)
    return alerts


def _held_back(alerts: dict[str, _Alert], quiet: Quiet, now: datetime) -> list[sql.Row]:
    """Take out of a group's alerts what maintenance holds back, and return its rows.

    What has an unresolved ticket goes on with it.
    """
    rows: list[sql.Row] = []
    if not quiet:
        return rows
    for key, alert in list(alerts.items()):
        if alert.stored is None or alert.stored.ticket.resolved_at is not None:
            events = [s.arrived.message for s in alert.sightings]
            own = [event for event in events if isinstance(event, AlertEvent)]
            if found := held(quiet, alert.device, own, now):
                rows += found
                del alerts[key]
    return rows


def _number(alerts: Iterable[_Alert], execute: session.Statements) -> None:
    opened = [change for alert in alerts for change in alert.changes if change.before is None]
    if opened:
        for change, number in zip(opened, execute.new_numbers(len(opened)), strict=True):
            change.after = replace(change.after, number=number)


def _ticket_rows(
    alerts: dict[str, _Alert], execute: session.Statements, now: datetime
) -> TicketRows:
    rows = TicketRows(now)
    promises = _promises_anew(alerts.values(), execute, now)
    for key, alert in alerts.items():
        for change in alert.changes:
            ticket = change.after
            if change.before is None:
                words = standing_of(alert.device, now)
                first = at_first(alert.device, ticket, words)
                change.entries[0].payload.update(words.told | first[0].told)
                rows.open(alert.device, key, ticket, first)
            elif alert.stored and change.before != ticket:
                rows.update(ticket, alert.stored.due_at, promises.get(ticket.number))
            rows.tell(ticket.number, change.entries)
    return rows


def _promises_anew(
    alerts: Iterable[_Alert], execute: session.Statements, now: datetime
) -> dict[int, list[Promise] | None]:
    """Return the clocks of the stored tickets whose clocks this group moves, by number."""
    moved = {
        change.after.number: (alert, change)
        for alert in alerts
        for change in alert.changes
        if change.before and moves_clocks(change.before, change.after)
    }
    if not moved:
        return {}
    told: dict[int, list[Told]] = {number: [] for number in moved}
    for number, at, kind, actor, channel, payload in execute.timeline(list(moved), TOLD):
        told[number].append(Told(at, kind, actor, channel, json_object(payload)))
    found: dict[int, list[Promise] | None] = {}
    for number, (alert, change) in moved.items():
        kept = alert.stored
        if kept and kept.policy_version is not None:
            entries = told[number] + [
                Told(now, entry.kind, ACTOR, CHANNEL, entry.payload) for entry in change.entries
            ]
            priority = change.after.priority
            ticket = Accounted(
                kept.policy_version, kept.source, kept.type, priority, kept.level, entries
            )
            found[number] = anew(ticket, alert.device.time_zone, now)
    return found


def _facts_changes(fresh: Iterable[_Sighting], now: datetime) -> list[sql.Change]:
    texts = [(device, one.hash, text_of(one.facts)) for device, one in _facts(fresh)]
    return [
        (sql.PUT_FACTS, [(device, hash_, text, now) for device, hash_, text in texts]),
        (sql.UPDATE_FACTS, [(text, hash_, now, device) for device, hash_, text in texts]),
    ]


def _facts(fresh: Iterable[_Sighting]) -> Iterator[tuple[str, Facts]]:
    for sighting in fresh:
        message = sighting.arrived.message
        if isinstance(message, Facts):
            yield sighting.device.id, message
