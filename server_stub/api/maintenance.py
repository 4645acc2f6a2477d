"""Maintenance windows: planned, listed, ended early."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Body, Path, Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import Caller, caller_of, needs
from server_stub.api.instants import Instant
from server_stub.api.once import OfClient, once
from server_stub.api.paging import (
    MAX_NUMBER,
    Identifier,
    Limit,
    Number,
    Page,
    Words,
    client_number,
    next_address,
)
from server_stub.clients import queries as places
from server_stub.clients.models import Client
from server_stub.desk.rights import Right
from server_stub.errors import InvalidError
from server_stub.quiet import queries
from server_stub.quiet.actions import MAX_REASON, Plan, end_window, plan_window
from server_stub.quiet.models import MaintenanceWindow

router = Router(tags=["maintenance"])

_Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_Time = Annotated[str, Field(pattern=r"^(|([01][0-9]|2[0-3]):[0-5][0-9])$")]
_Place = (
    Annotated[int, Field(strict=True, ge=1, le=MAX_NUMBER)]
    | Annotated[str, Field(min_length=1, max_length=200)]
)
WindowNumber = Annotated[int, Path(description="A maintenance window's number.")]

_NEW = {
    "client": "Harbour Dental",
    "site": "Quay Street",
    "reason": "Patch night",
    "starts_at": "2026-11-20T00:00:00Z",
    "ends_at": "2027-11-20T00:00:00Z",
    "days": ["tue"],
    "opens": "22:00",
    "closes": "02:00",
}
_SHOWN = {
    "number": 4,
    "client": "Harbour Dental",
    "site": "Quay Street",
    "device": None,
    "reason": "Patch night",
    "starts_at": "2026-11-20T00:00:00Z",
    "ends_at": "2027-11-20T00:00:00Z",
    "days": ["tue"],
    "opens": "22:00",
    "closes": "02:00",
    "zone": "Europe/London",
    "quiet_until": None,
    "created_at": "2026-11-19T10:12:00Z",
    "created_by": "ana.sousa@desk.example",
    "ended_at": None,
    "ended_by": "",
}


class NewWindow(Schema):
    """Maintenance to be planned, of a client, of one of its sites, or of one device."""

    model_config = examples.asked(_NEW)

    client: _Place | None = Field(None, description="number or name; may be left out with a device")
    site: _Place | None = Field(None, description="number or name of a site of the client")
    device: Identifier | None = Field(None, description="id of a device of the client")
    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON)]
    starts_at: Instant
    ends_at: Instant | None = Field(None, description="only a recurring one may go on for ever")
    days: list[_Day] = Field(
        default_factory=list, max_length=7, description="of a recurring one; with opens and closes"
    )
    opens: _Time = Field("", description="22:00; a window that closes no later lasts over midnight")
    closes: _Time = ""
    zone: Annotated[str, Field(max_length=64)] = Field(
        "", description="IANA, of opens and closes; the site's, else UTC"
    )


class Ending(Schema):
    """Why it is over already."""

    model_config = examples.asked({"reason": "The switch is in place"})

    reason: Annotated[str, Field(max_length=MAX_REASON)] = ""


class WindowShown(Schema):
    """A maintenance window."""

    model_config = examples.answered(_SHOWN)

    number: int
    client: str
    site: str | None
    device: str | None = Field(description="a device's id")
    reason: str
    starts_at: datetime
    ends_at: datetime | None
    days: list[str]
    opens: str
    closes: str
    zone: str
    quiet_until: datetime | None = Field(description="null while it is not quiet")
    created_at: datetime
    created_by: str
    ended_at: datetime | None = Field(description="when somebody ended it early")
    ended_by: str


@router.get("", response=Page[WindowShown], summary="Maintenance windows, the newest first")
@needs(Right.READ)
def list_maintenance(
    request: HttpRequest,
    client: Words | None = None,
    after: Number | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Return maintenance windows, those that are over too."""
    caller = caller_of(request)
    rows = queries.windows(caller.scope)
    if client:
        rows = rows.filter(client=client_number(caller.scope, client))
    if after is not None:
        rows = rows.filter(id__lt=after)
    found = list(rows[: limit + 1])
    return {
        "items": [_window(row, caller.now) for row in found[:limit]],
        "next": next_address(request, found[limit - 1].id) if len(found) > limit else None,
    }


@router.post("", response={201: WindowShown}, summary="Plan maintenance")
@needs(Right.MAINTENANCE)
@once
def plan_maintenance(
    request: HttpRequest, body: Annotated[NewWindow, Body()]
) -> tuple[OfClient, HttpResponse]:
    """Plan maintenance: alerts that begin in it open their tickets after it, if they still hold."""
    caller = caller_of(request)
    row = plan_window(caller.scope, caller.technician.email, _plan(caller, body), caller.now)
    answer = _answer(caller, row.id, 201)
    answer["Location"] = f"{request.path}/{row.id}"
    return OfClient(row.client_id), answer


@router.get("/{int:window}", response=WindowShown, summary="One maintenance window")
@needs(Right.READ)
def get_maintenance(request: HttpRequest, window: WindowNumber) -> dict[str, Any]:
    """Return one maintenance window."""
    caller = caller_of(request)
    return _window(queries.window(caller.scope, window), caller.now)


@router.post("/{int:window}/end", response=WindowShown, summary="End maintenance early")
@needs(Right.MAINTENANCE)
@once
def end_maintenance(
    request: HttpRequest, window: WindowNumber, body: Annotated[Ending | None, Body()] = None
) -> tuple[OfClient, HttpResponse]:
    """End it now: what it held back and still holds opens its tickets within a minute."""
    caller = caller_of(request)
    who, why = caller.technician.email, body.reason if body else ""
    row = end_window(caller.scope, who, window, caller.now, reason=why)
    return OfClient(row.client_id), _answer(caller, row.id, 200)


def _plan(caller: Caller, body: NewWindow) -> Plan:
    device = places.device(caller.scope, body.device) if body.device else None
    client = _client(caller, body, device.client if device else None)
    site = None
    if isinstance(body.site, int):
        site = places.site(caller.scope, client, body.site)
    elif body.site is not None:
        site = places.site_named(caller.scope, client, body.site)
    named = ("reason", "starts_at", "ends_at", "days", "opens", "closes", "zone")
    return Plan(
        client=client, site=site, device=device, **{name: getattr(body, name) for name in named}
    )


def _client(caller: Caller, body: NewWindow, owner: Client | None) -> Client:
    if isinstance(body.client, int):
        return places.client(caller.scope, body.client)
    if body.client is not None:
        return places.client_named(caller.scope, body.client)
    if owner is None:
        raise InvalidError("client", "whose maintenance is it? Send the client's number or name")
    return owner


def _window(row: MaintenanceWindow, now: datetime) -> dict[str, Any]:
    named = ("reason", "starts_at", "ends_at", "opens", "closes", "zone")
    later = ("created_at", "created_by", "ended_at", "ended_by")
    return {name: getattr(row, name) for name in (*named, *later)} | {
        "number": row.id,
        "client": row.client.name,
        "site": row.site.name if row.site else None,
        "device": row.device_id,
        "days": row.days.split(),
        "quiet_until": row.window.quiet_until(now),
    }


def _answer(caller: Caller, number: int, status: int) -> HttpResponse:
    row = queries.window(caller.scope, number)
    shown = WindowShown.model_validate(_window(row, caller.now))
    return HttpResponse(shown.model_dump_json(), status=status, content_type="application/json")
