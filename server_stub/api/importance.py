"""How much clients, their contacts and their devices matter."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, Path, Router, Schema

from agent.protocol.words import Source
from server_stub.api import examples
from server_stub.api.access import Caller, caller_of, needs, scope_of
from server_stub.api.once import OfClient, once
from server_stub.api.paging import Limit, Number, Page, next_address
from server_stub.audit.record import record
from server_stub.clients import queries as places
from server_stub.clients.agreements import set_importance
from server_stub.clients.models import Client, Device
from server_stub.clients.standing import Importance
from server_stub.contacts import queries as people
from server_stub.contacts.models import Contact
from server_stub.desk.rights import Right

router = Router(tags=["agreements"])
of_devices = Router(tags=["agreements"])

ClientNumber = Annotated[int, Path(description="A client's number.")]
ContactNumber = Annotated[int, Path(description="A contact's number.")]
DeviceId = Annotated[str, Path(description="A device's id.", max_length=36)]
_IMPORTANCE = {"importance": "vip"}
_MATTERS = {"name": "Harbour Dental", "importance": "vip"}
_CONTACT = {
    "number": 8,
    "name": "Dr Rui Costa",
    "account": "HARBOUR\\reception",
    "device": "FRONTDESK-03",
    "importance": "vip",
}


class Mattering(Schema):
    """How much somebody or something matters."""

    model_config = examples.asked(_IMPORTANCE)

    importance: Importance


class Matters(Schema):
    """Who or what matters so much."""

    model_config = examples.answered(_MATTERS)

    name: str
    importance: Importance


class ContactShown(Schema):
    """A person at a client, known by the account of one computer."""

    model_config = examples.answered(_CONTACT)

    number: int
    name: str
    account: str
    device: str
    importance: Importance


@router.post(
    "/{int:client_id}/importance", response=Matters, summary="Say how much a client matters"
)
@needs(Right.AGREE)
@once
def set_client_importance(
    request: HttpRequest, client_id: ClientNumber, body: Annotated[Mattering, Body()]
) -> tuple[OfClient, HttpResponse]:
    """Let new tickets of a client matter so much; open ones stay as they are."""
    caller = caller_of(request)
    client = places.client(caller.scope, client_id)
    return OfClient(client.id), _matters(caller, client.id, client, body)


@router.get("/{int:client_id}/contacts", response=Page[ContactShown], summary="A client's contacts")
@needs(Right.READ)
def list_contacts(
    request: HttpRequest,
    client_id: ClientNumber,
    after: Number = 0,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Return who filed reports, in the order they were first heard of."""
    scope = scope_of(request)
    client = places.client(scope, client_id)
    found = list(people.contacts(scope, client.id).filter(id__gt=after)[: limit + 1])
    return {
        "items": [_contact(row) for row in found[:limit]],
        "next": next_address(request, found[limit - 1].pk) if len(found) > limit else None,
    }


@router.post(
    "/{int:client_id}/contacts/{int:contact}/importance",
    response=Matters,
    summary="Say how much a contact matters",
)
@needs(Right.AGREE)
@once
def set_contact_importance(
    request: HttpRequest,
    client_id: ClientNumber,
    contact: ContactNumber,
    body: Annotated[Mattering, Body()],
) -> tuple[OfClient, HttpResponse]:
    """Let what a contact reports from now on matter so much."""
    caller = caller_of(request)
    client = places.client(caller.scope, client_id)
    row = people.contact(caller.scope, client.id, contact)
    return OfClient(client.id), _matters(caller, client.id, row, body)


@of_devices.post(
    "/{device_id}/importance", response=Matters, summary="Say how much a device matters"
)
@needs(Right.AGREE)
@once
def set_device_importance(
    request: HttpRequest, device_id: DeviceId, body: Annotated[Mattering, Body()]
) -> tuple[OfClient, HttpResponse]:
    """Let new tickets of a device matter so much; open ones stay as they are."""
    caller = caller_of(request)
    device = places.device(caller.scope, device_id)
    return OfClient(device.client_id), _matters(caller, device.client_id, device, body)


def _matters(
    caller: Caller, client: int, row: Client | Device | Contact, body: Mattering
) -> HttpResponse:
    set_importance(row, body.importance)
    record(
        caller.technician.email,
        Source.API.value,
        "importance",
        str(row),
        client_id=client,
        now=caller.now,
        importance=body.importance,
    )
    shown = Matters(name=str(row), importance=body.importance)
    return HttpResponse(shown.model_dump_json(), content_type="application/json")


def _contact(row: Contact) -> dict[str, Any]:
    return {
        "number": row.pk,
        "name": row.name,
        "account": row.account_name or row.account,
        "device": row.device.name,
        "importance": row.importance,
    }
