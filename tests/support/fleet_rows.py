"""Rows of maintenance and outages for tests, each with the least one must say."""

from datetime import timedelta
from typing import Any

from server_stub.clients.models import Client, Device, Site
from server_stub.fleet.models import Member, Outage
from server_stub.quiet.models import Because, HeldBack, MaintenanceWindow
from server_stub.tickets.models import Ticket
from tests.support.rows import NOW


def a_window(client: Client, **fields: Any) -> MaintenanceWindow:
    """Return maintenance of a client, of the two hours before ``NOW``."""
    given = {
        "reason": "new switch",
        "starts_at": NOW - timedelta(hours=2),
        "ends_at": NOW,
        "created_at": NOW - timedelta(days=1),
        "created_by": "kim@desk.example",
    }
    return MaintenanceWindow.objects.create(client=client, **given | fields)


def a_held_back(device: Device, **fields: Any) -> HeldBack:
    """Return an alert of a device that maintenance held back, and that was gone by the end."""
    given = {
        "client_id": device.client_id,
        "fingerprint": "disk-space:/",
        "title": "Low disk space",
        "evaluation": "warning",
        "priority": "low",
        "because": Because.MAINTENANCE.value,
        "who": "kim@desk.example",
        "at": NOW - timedelta(hours=1),
        "last_at": NOW - timedelta(hours=1),
        "released_at": NOW,
        "released": "gone",
    }
    return HeldBack.objects.create(device=device, **given | fields)


def a_member(device: Device, ticket: Ticket, site: Site) -> Member:
    """Return a device's part in an outage that is over and that a ticket tells of."""
    outage = Outage.objects.create(
        client_id=device.client_id, site=site, ticket=ticket, started_at=NOW, ended_at=NOW
    )
    return Member.objects.create(
        outage=outage, device=device, joined_at=NOW, missing_since=NOW, released_at=NOW
    )
