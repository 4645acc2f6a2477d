"""Devices: list and one, with what its last heartbeat told."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from server_stub.api.access import scope_of
from server_stub.api.paging import Identifier, Limit, Page, next_address
from server_stub.clients import queries
from server_stub.clients.models import Device

router = Router(tags=["devices"])


class DeviceRow(Schema):
    """A device as lists show it."""

    id: str
    name: str
    kind: str
    os: str
    client: str
    site: str | None
    agent_version: str
    enrolled_at: datetime
    last_seen_at: datetime


class DeviceWhole(DeviceRow):
    """A device with its system details and the state of its checks."""

    facts: dict[str, Any]
    heartbeat: dict[str, Any]


@router.get("", response=Page[DeviceRow], summary="Devices, in the order they joined")
def list_devices(request: HttpRequest, after: Identifier = "", limit: Limit = 50) -> dict[str, Any]:
    """Return devices by id: an id begins with the time it was made."""
    rows = queries.devices(scope_of(request)).order_by("id").filter(id__gt=after)
    found = list(rows[: limit + 1])
    shown = found[:limit]
    return {
        "items": [_row(device) for device in shown],
        "next": next_address(request, shown[-1].id) if len(found) > limit else None,
    }


@router.get("/{device_id}", response=DeviceWhole, summary="One device")
def get_device(request: HttpRequest, device_id: str) -> dict[str, Any]:
    """Return one device."""
    device = queries.device(scope_of(request), device_id)
    return _row(device) | {"facts": device.facts_tree, "heartbeat": device.heartbeat_tree}


def _row(device: Device) -> dict[str, Any]:
    named = ("id", "name", "kind", "os", "agent_version", "enrolled_at", "last_seen_at")
    return {name: getattr(device, name) for name in named} | {
        "client": device.client.name,
        "site": device.site.name if device.site else None,
    }
