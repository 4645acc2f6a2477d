"""A ticket to be opened, as it is asked for: whose, where, for whom, how bad."""

from typing import Annotated

from ninja import Schema
from pydantic import Field

from agent.protocol.strict import MAX_TEXT
from agent.protocol.words import Priority, Source
from server_stub.api import examples
from server_stub.api.access import Caller
from server_stub.api.paging import MAX_NUMBER, Identifier, Key, Number
from server_stub.clients import queries as places
from server_stub.clients.models import Client, Device, Site
from server_stub.clients.standing import Importance
from server_stub.contacts import queries as people
from server_stub.contacts.models import Contact
from server_stub.errors import InvalidError
from server_stub.tickets import acts
from server_stub.tickets.actions import Draft
from server_stub.tickets.acts import Grading
from server_stub.tickets.models import MAX_TITLE

_Place = (
    Annotated[int, Field(strict=True, ge=1, le=MAX_NUMBER)]
    | Annotated[str, Field(min_length=1, max_length=200)]
)
"""A client or a site, by number or by name."""
_Title = Annotated[str, Field(min_length=1, max_length=MAX_TITLE)]


class Taking(Schema):
    """Somebody of the client's who gets the ticket's notices."""

    name: Annotated[str, Field(max_length=200)] = ""
    email: Annotated[str, Field(min_length=3, max_length=254)]


class NewTicket(Schema):
    """A ticket to be opened. A device names its client by itself."""

    model_config = examples.asked(examples.NEW_TICKET)

    title: _Title
    body: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    client: _Place | None = Field(None, description="number or name; may be left out with a device")
    site: _Place | None = Field(None, description="number or name of a site of the client")
    device: Identifier | None = Field(None, description="id of a device of the client")
    priority: Priority = Priority.NORMAL
    type: Annotated[str, Field(max_length=40)] = Field(
        "", description="one of the policy's types; the usual one when it is left out"
    )
    urgency: Key = Field("", description="with `impact`: the policy's matrix makes the priority")
    impact: Key = ""
    complexity: Key = ""
    level: Key = Field("", description="the one that the client turned to, else by the policy")
    contact: Number | None = Field(
        None, description="of the client's contacts, who asked: takes part and counts in importance"
    )
    participants: Annotated[list[Taking], Field(max_length=20)] = Field(
        [], description="who else gets the ticket's notices"
    )
    source: Source = Field(Source.API, description="api, phone, email, chat or portal")


def draft_of(caller: Caller, body: NewTicket) -> Draft:
    """Return the ticket that is asked for, its places and people looked up within the scope.

    Raises NotFoundError for what the caller does not see, InvalidError for what contradicts.
    """
    if body.urgency and "priority" in body.model_fields_set:
        raise InvalidError("priority", "the matrix makes it of urgency and impact: leave it out")
    device = places.device(caller.scope, body.device) if body.device else None
    client = _client(caller, body, device)
    contact = people.contact(caller.scope, client.id, body.contact) if body.contact else None
    grading = Grading(body.urgency, body.impact, body.complexity)
    return Draft(
        client,
        body.title,
        body.body,
        site=_site(caller, body, client) or (device.site if device else None),
        device=device,
        priority=body.priority,
        type=body.type,
        source=body.source,
        importance=contact.importance if contact else Importance.NORMAL.value,
        grading=grading if any(grading) else None,
        level=body.level,
        people=_people(contact, body),
    )


def _people(contact: Contact | None, body: NewTicket) -> tuple[acts.Person, ...]:
    others = (acts.Person(one.name, one.email) for one in body.participants)
    if contact is None:
        return tuple(others)
    name = contact.name or contact.account_name
    return acts.Person(name, contact.email, contact.pk), *others


def _client(caller: Caller, body: NewTicket, device: Device | None) -> Client:
    if isinstance(body.client, int):
        return places.client(caller.scope, body.client)
    if body.client is not None:
        return places.client_named(caller.scope, body.client)
    if device is None:
        raise InvalidError("client", "whose ticket is it? Send the client's number or name")
    return device.client


def _site(caller: Caller, body: NewTicket, client: Client) -> Site | None:
    if isinstance(body.site, int):
        return places.site(caller.scope, client, body.site)
    return places.site_named(caller.scope, client, body.site) if body.site else None
