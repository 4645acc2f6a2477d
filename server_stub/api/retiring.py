"""Devices out of use: retired, and taken back."""

from collections.abc import Callable
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Body, Path, Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import caller_of, needs
from server_stub.api.devices import DeviceRow, row_of
from server_stub.api.once import OfClient, once
from server_stub.clients.models import Device
from server_stub.desk.rights import Right
from server_stub.fleet.retiring import MAX_REASON, restore, retire

router = Router(tags=["devices"])
DeviceId = Annotated[str, Path(description="A device's id.", max_length=36)]


class Why(Schema):
    """Why a device leaves, or is back."""

    model_config = examples.asked({"reason": "Replaced by FRONTDESK-04"})

    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON)]


@router.post("/{device_id}/retire", response=DeviceRow, summary="Take a device out of use")
@needs(Right.RETIRE)
@once
def retire_device(
    request: HttpRequest, device_id: DeviceId, body: Annotated[Why, Body()]
) -> tuple[OfClient, HttpResponse]:
    """Refuse its token, wait for it no more, leave it out of lists. Its open tickets are told."""
    return _done(retire, request, device_id, body)


@router.post("/{device_id}/restore", response=DeviceRow, summary="Take a retired device back")
@needs(Right.RETIRE)
@once
def restore_device(
    request: HttpRequest, device_id: DeviceId, body: Annotated[Why, Body()]
) -> tuple[OfClient, HttpResponse]:
    """Let the token it had hold again; it is waited for from an hour later on."""
    return _done(restore, request, device_id, body)


def _done(
    act: Callable[..., Device], request: HttpRequest, device_id: str, body: Why
) -> tuple[OfClient, HttpResponse]:
    caller = caller_of(request)
    row = act(caller.scope, caller.technician.email, device_id, body.reason, caller.now)
    shown = DeviceRow.model_validate(row_of(row)).model_dump_json()
    return OfClient(row.client_id), HttpResponse(shown, content_type="application/json")
