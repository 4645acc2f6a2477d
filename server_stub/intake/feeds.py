"""What devices fetch, and the cursors by which they know that there is something to fetch."""

import logging
from datetime import datetime
from typing import Any

from server_stub.contacts.feed import tickets_of
from server_stub.contacts.profile import profile_of
from server_stub.errors import ServerError
from server_stub.intake.credentials import KnownDevice
from server_stub.knowledge.feed import notes_of
from server_stub.sla.clocks import policy_of
from server_stub.sla.models import PolicyVersion
from server_stub.sla.policy import Policy
from server_stub.tickets.models import DeviceNews
from server_stub.walls import seen_by

URGENT_HEARTBEAT_S = 60
"""While a person waits for an answer, the device asks this often."""
_PROFILE_SHAPE = 1
"""Another one when a profile tells more than before: every device fetches it anew."""
_log = logging.getLogger(__name__)


def changes(device: KnownDevice, now: datetime) -> dict[str, str | int]:
    """Return the cursors of what the device may fetch, as of when it was last looked up.

    A profile is made of what its cursor names, and of free days, which it tells for months.
    """
    made_of = f"{device.policy_version_id or 0}/{device.kind}/{device.time_zone}"
    return {
        "tickets": device.news,
        "profile": f"{_PROFILE_SHAPE}/{made_of}/{now.year}-{now.month:02}",
        "notes": device.notes,
    }


def tickets(device: KnownDevice, now: datetime) -> dict[str, Any]:
    """Return what ``GET device/tickets`` tells, its cursor read first: nothing is missed."""
    with seen_by(frozenset({device.client_id})):
        version = DeviceNews.objects.filter(device=device.id).values_list("version", flat=True)
        cursors = changes(device, now) | {"tickets": version.first() or 0}
        return {**tickets_of(device.id, now), "changes": cursors}


def profile(device: KnownDevice, now: datetime) -> dict[str, Any]:
    """Return what ``GET device/profile`` tells: the desk, as the client's policy describes it."""
    told = profile_of(_policy(device), device.kind, device.time_zone, now.date())
    return {**told, "changes": changes(device, now)}


def notes(device: KnownDevice, now: datetime) -> dict[str, Any]:
    """Return what ``GET device/notes`` tells; its cursor is never newer than the notes."""
    with seen_by(frozenset({device.client_id})):
        return {"notes": notes_of(device.client_id), "changes": changes(device, now)}


def _policy(device: KnownDevice) -> Policy | None:
    version = PolicyVersion.objects.filter(id=device.policy_version_id or 0).first()
    try:
        return policy_of(version) if version else None
    except ServerError as error:  # stored by another version than this one
        _log.warning("device %s is told nothing of the desk: %s", device.id, error)
        return None
