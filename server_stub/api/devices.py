"""Devices: list and one, with what its last heartbeat told."""

import re
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field

from agent.protocol.words import DeviceKind, LastWord
from server_stub.api import examples
from server_stub.api.access import needs, scope_of
from server_stub.api.paging import Identifier, Limit, Page, Words, client_number, next_address
from server_stub.clients import queries
from server_stub.clients.models import Device
from server_stub.desk.rights import Right
from server_stub.errors import NotFoundError
from server_stub.intake.queries import last_word

router = Router(tags=["devices"])

_IDENTIFIER = re.compile(r"[0-9a-f-]{1,36}")


class DeviceRow(Schema):
    """A device as lists show it."""

    model_config = examples.answered(examples.DEVICE_ROW)

    id: str
    name: str
    kind: str = Field(description="workstation, laptop or server")
    os: str
    importance: str = Field(description="normal, key or vip")
    client: str
    site: str | None
    agent_version: str
    enrolled_at: datetime
    last_seen_at: datetime
    retired_at: datetime | None = Field(description="since when it is out of use; null in use")
    retired_by: str
    retired_because: str


class LastWordShown(Schema):
    """What a device announced before it was not heard for a while."""

    word: LastWord = Field(description="of the computer: sleep, shutdown; of its agent: stopped")
    at: datetime
    taken_back_at: datetime | None = Field(description="when it was heard again")


class DeviceWhole(DeviceRow):
    """A device with its system details and the state of its checks."""

    model_config = examples.answered(examples.DEVICE)

    facts: dict[str, Any]
    heartbeat: dict[str, Any] = Field(description="the last one: the state of all checks")
    last_word: LastWordShown | None = Field(description="the latest one; null without any")


class DeviceFilter(Schema):
    """Which devices to list; members that are left out do not narrow the list."""

    client: Words | None = Field(None, description="number or name of a client")
    kind: list[DeviceKind] = Field([], description="may be repeated: any of them")
    q: Words = Field("", description="a part of the name")
    retired: bool = Field(
        default=False, description="true: those out of use instead of those in use"
    )
    after: Identifier = Field("", description="only devices with later ids")


@router.get("", response=Page[DeviceRow], summary="Devices, in the order they joined")
@needs(Right.READ)
def list_devices(
    request: HttpRequest, only: Annotated[DeviceFilter, Query()], limit: Limit = 50
) -> dict[str, Any]:
    """Return devices by id: an id begins with the time it was made."""
    scope = scope_of(request)
    rows = queries.devices(scope).order_by("id").filter(id__gt=only.after)
    rows = rows.filter(retired_at__isnull=not only.retired)
    if only.client:
        rows = rows.filter(client=client_number(scope, only.client))
    if only.kind:
        rows = rows.filter(kind__in=only.kind)
    if only.q:
        rows = rows.filter(name__icontains=only.q)
    found = list(rows[: limit + 1])
    shown = found[:limit]
    return {
        "items": [row_of(device) for device in shown],
        "next": next_address(request, shown[-1].id) if len(found) > limit else None,
    }


@router.get("/{device_id}", response=DeviceWhole, summary="One device")
@needs(Right.READ)
def get_device(
    request: HttpRequest, device_id: Annotated[str, Path(description="A device's id.")]
) -> dict[str, Any]:
    """Return one device."""
    if not _IDENTIFIER.fullmatch(device_id):
        raise NotFoundError("device", device_id)
    scope = scope_of(request)
    device = queries.device(scope, device_id)
    word = last_word(device)
    named = ("word", "at", "taken_back_at")
    return row_of(device) | {
        "facts": device.facts_tree,
        "heartbeat": device.heartbeat_tree,
        "last_word": {name: getattr(word, name) for name in named} if word else None,
    }


def row_of(device: Device) -> dict[str, Any]:
    """Return a device as lists show it."""
    named = ("id", "name", "kind", "os", "importance", "agent_version", "retired_by")
    more = ("retired_because", "enrolled_at", "last_seen_at", "retired_at")
    return {name: getattr(device, name) for name in (*named, *more)} | {
        "client": device.client.name,
        "site": device.site.name if device.site else None,
    }
