"""What maintenance held back, once it is over: tickets of what still holds."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from agent.protocol.events import AlertEvent, parse_event
from agent.protocol.ids import uuid7
from server_stub.fleet import alerts
from server_stub.intake.credentials import KnownDevice, known_devices
from server_stub.intake.maintenance import fires
from server_stub.quiet.active import REMEMBER_S, TAIL, Quiet
from server_stub.quiet.models import HeldBack, Released

_NO_TAIL = timedelta(0)
_SETTLED = TAIL + timedelta(seconds=REMEMBER_S)
"""So long after a window every process knows that it is over, and what it held back."""
MOST = 500


def release(now: datetime, quiet: Quiet) -> int:
    """Release what no window holds back any more, within the caller's transaction.

    Return how many rows were released. A row that gets news in this moment waits for us, and is
    held back anew for the next time.
    """
    rows = list(
        HeldBack.objects.select_for_update()
        .filter(released_at__isnull=True, window__isnull=False)
        .exclude(event="")
        .order_by("id")[:MOST]
    )
    known = known_devices({row.device_id for row in rows}) if rows else {}
    over = [row for row in rows if _is_over(known[row.device_id], quiet, now)]
    events = [(row, replace(parse_event(json.loads(row.event)), id=uuid7())) for row in over]
    firing = [(row, event) for row, event in events if fires(event)]
    numbers = _tell(firing, now)
    for row in over:
        row.released_at = now
        row.ticket_number = numbers.get(row.id)
        row.released = (Released.OPENED if row.ticket_number else Released.GONE).value
    HeldBack.objects.bulk_update(over, ["released_at", "released", "ticket_number"])
    return len(over)


def _is_over(device: KnownDevice, quiet: Quiet, now: datetime) -> bool:
    """Tell whether neither now nor until a moment ago a window kept the device quiet."""
    place = (device.client_id, device.site_id, device.id)
    return not quiet.window(*place, now, _NO_TAIL) and not quiet.window(*place, now, _SETTLED)


def _tell(firing: Sequence[tuple[HeldBack, AlertEvent]], now: datetime) -> dict[int, int]:
    """Store the events; return the number of each row's ticket."""
    receipts = alerts.tell_all([(row.device_id, event) for row, event in firing], now)
    return {
        row.id: receipt.ticket
        for (row, _), receipt in zip(firing, receipts, strict=True)
        if receipt.ticket
    }
