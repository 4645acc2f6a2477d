"""What devices fetch, and the cursors by which they know that there is something to fetch."""

from datetime import datetime
from typing import Any

from server_stub.contacts.feed import tickets_of
from server_stub.intake.credentials import KnownDevice
from server_stub.tickets.models import DeviceNews
from server_stub.walls import seen_by

URGENT_HEARTBEAT_S = 60
"""While a person waits for an answer, the device asks this often."""


def changes(device: KnownDevice) -> dict[str, str | int]:
    """Return the cursors of what the device may fetch, as of when it was last looked up."""
    return {"tickets": device.news}


def fresh_changes(device: KnownDevice) -> dict[str, str | int]:
    """Return the cursors as of now: the caller has just changed something."""
    with seen_by(frozenset({device.client_id})):
        version = DeviceNews.objects.filter(device=device.id).values_list("version", flat=True)
        return changes(device) | {"tickets": version.first() or 0}


def tickets(device: KnownDevice, now: datetime) -> dict[str, Any]:
    """Return what ``GET device/tickets`` tells, its cursor read first: nothing is missed."""
    cursors = fresh_changes(device)
    with seen_by(frozenset({device.client_id})):
        told = tickets_of(device.id, now)
    return {**told, "changes": cursors}
