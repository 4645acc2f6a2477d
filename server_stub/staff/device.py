"""One device: what it is, how it does, and its tickets."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from agent.protocol.device import CheckState, Heartbeat, parse_heartbeat
from agent.protocol.strict import ProtocolError
from agent.protocol.words import Evaluation
from server_stub.clients.models import Device
from server_stub.clients.queries import device
from server_stub.staff.access import Viewer, show, staff_page
from server_stub.staff.facts import groups
from server_stub.staff.times import from_label, span
from server_stub.tickets.queries import PAGE, tickets

SILENT = timedelta(minutes=15)
"""Heard nothing for three heartbeats at their usual five minutes: what is shown is old."""
_WORST_FIRST = (Evaluation.CRITICAL, Evaluation.WARNING, Evaluation.UNKNOWN, Evaluation.OK)


@dataclass(frozen=True, slots=True)
class CheckLine:
    """How one rule judges one target, as the device's page shows it."""

    state: CheckState
    since: datetime | None


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What the last heartbeat told: checks, worst first, and what waits on the device."""

    checks: tuple[CheckLine, ...]
    counts: tuple[tuple[Evaluation, int], ...]
    waiting: int
    oldest: timedelta


@staff_page
def device_page(request: HttpRequest, viewer: Viewer, device_id: UUID) -> HttpResponse:
    """Show a device within the viewer's scope; a foreign or missing one is the same 404."""
    row = device(viewer.scope, str(device_id))
    found = list(tickets(viewer.scope).filter(device=row.id)[: PAGE + 1])
    context = {
        "page": "device",
        "device": row,
        "state": device_state(row),
        "silent_for": silence(row, viewer.now),
        "groups": groups(row.facts_tree),
        "unresolved": [ticket for ticket in found[:PAGE] if not ticket.is_resolved],
        "resolved": [ticket for ticket in found[:PAGE] if ticket.is_resolved],
        "more_tickets": len(found) > PAGE,
    }
    return show(request, viewer, "staff/device.html", context)


def device_state(row: Device) -> DeviceState | None:
    """Return what the device's last heartbeat told; None when none has come."""
    heartbeat = _heartbeat(row)
    if heartbeat is None:
        return None
    checks = sorted(
        heartbeat.checks, key=lambda c: (_WORST_FIRST.index(c.evaluation), c.rule, c.target)
    )
    counts = [(word, sum(c.evaluation is word for c in checks)) for word in _WORST_FIRST]
    return DeviceState(
        checks=tuple(CheckLine(check, from_label(check.since)) for check in checks),
        counts=tuple((word, count) for word, count in counts if count),
        waiting=heartbeat.waiting,
        oldest=timedelta(seconds=min(max(heartbeat.oldest_s, 0), timedelta.max.days * 86_400)),
    )


def silence(row: Device, now: datetime) -> str:
    """Return for how long the device has been silent, in words; empty while it is heard."""
    quiet = now - row.last_seen_at
    return span(quiet) if quiet > SILENT else ""


def _heartbeat(row: Device) -> Heartbeat | None:
    tree = row.heartbeat_tree
    try:
        return parse_heartbeat(tree) if tree else None
    except ProtocolError:  # kept by a version that knew other words: as if none had come
        return None
