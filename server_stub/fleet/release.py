"""What maintenance held back, once it is over: tickets of what still holds."""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.protocol.events import AlertEvent, parse_event
from agent.protocol.ids import uuid7
from agent.protocol.strict import ProtocolError
from agent.protocol.words import Change, Evaluation, Priority
from server_stub.fleet import alerts
from server_stub.intake.maintenance import fires
from server_stub.quiet.active import REMEMBER_S, TAIL, Quiet
from server_stub.quiet.models import HeldBack, Released

_NO_TAIL = timedelta(0)
_SETTLED = TAIL + timedelta(seconds=REMEMBER_S)
"""So long after a window every process knows that it is over, and what it held back."""
MOST = 4_000
"""Rows released in one sweep: some seconds' work."""
_AT_ONCE = 500
_log = logging.getLogger(__name__)


class Place(NamedTuple):
    """A row that waits, and whose it is."""

    row: int
    client: int
    site: int | None
    device: str


def release(now: datetime, quiet: Quiet) -> int:
    """Release what no window holds back any more, within the caller's transaction.

    Return how many rows were released. Tickets are locked before rows, as the intake does it; a
    row that got news meanwhile stays for the next time, when it joins the ticket that is there.
    """
    waiting = HeldBack.objects.filter(released_at__isnull=True, window__isnull=False)
    waiting = waiting.exclude(event="").order_by("id")
    places = waiting.values_list("id", "client_id", "device__site_id", "device_id")
    over = _over([Place(*place) for place in places], quiet, now)
    released = 0
    for start in range(0, min(len(over), MOST), _AT_ONCE):
        some = over[start : start + min(_AT_ONCE, MOST - start)]
        released += _release(list(waiting.filter(id__in=some)), now)
    return released


def _over(places: Sequence[Place], quiet: Quiet, now: datetime) -> list[int]:
    """Return the rows whose device no window keeps quiet, now or until a moment ago."""
    known: dict[str, bool] = {}
    for _, client, site, device in places:
        if device not in known:
            known[device] = not (
                quiet.window(client, site, device, now, _NO_TAIL)
                or quiet.window(client, site, device, now, _SETTLED)
            )
    return [place.row for place in places if known[place.device]]


def _release(rows: Sequence[HeldBack], now: datetime) -> int:
    """Hand the newest events on, those that resolve too: the ticket may be there by now."""
    events = [(row, _event(row)) for row in rows]
    receipts = alerts.tell_all([(row.device_id, event) for row, event in events], now)
    released = 0
    for (row, event), receipt in zip(events, receipts, strict=True):
        opened = receipt.ticket is not None and fires(event)
        as_read = HeldBack.objects.filter(id=row.id, times=row.times, released_at__isnull=True)
        released += as_read.update(
            released_at=now,
            released=(Released.OPENED if opened else Released.GONE).value,
            ticket_number=receipt.ticket if opened else None,
        )
    return released


def _event(row: HeldBack) -> AlertEvent:
    """Return what is told; of an event that this version cannot read, what its row says."""
    try:
        return replace(parse_event(json.loads(row.event)), id=uuid7())
    except (ValueError, ProtocolError) as error:
        _log.error("what was held back as row %d is told by its title alone: %s", row.id, error)
        return AlertEvent(
            id=uuid7(),
            alert_id=uuid7(),
            sequence=1,
            change=Change.OPENED,
            fingerprint=row.fingerprint,
            rule=row.fingerprint,
            check="server.held-back",
            target=row.fingerprint,
            evaluation=Evaluation.WARNING,
            priority=Priority.NORMAL,
            title=row.title or row.fingerprint,
            at="",
            opened_at=row.at.isoformat(),
        )
