"""Which tickets belong together, who takes part, and what people are told about one."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import caller_of, needs, scope_of
from server_stub.api.once import once
from server_stub.api.paging import MAX_NUMBER, Page, TicketNumber
from server_stub.api.ticket_acts import done
from server_stub.api.ticket_shape import TicketRow, row_of
from server_stub.contacts.requesters import requesters
from server_stub.desk.queries import assignee_of
from server_stub.desk.rights import Right
from server_stub.tickets import acts, queries
from server_stub.tickets.models import Link, LinkKind

router = Router(tags=["tickets"])

_Number = Annotated[int, Field(strict=True, ge=1, le=MAX_NUMBER)]


class Duplicate(Schema):
    """Of which ticket it is one."""

    model_config = examples.asked(examples.DUPLICATE)

    of: _Number


class LinkAsked(Schema):
    """Another ticket of the same client, and what this one is to it."""

    model_config = examples.asked(examples.LINK)

    other: _Number
    kind: LinkKind


class LinkShown(Schema):
    """A ticket that this one belongs to, or that belongs to this one."""

    model_config = examples.answered(examples.LINK_SHOWN)

    kind: LinkKind
    points: str = Field(description="to: this one is the kind of that; from: that is of this")
    number: int
    title: str
    status: str


class Participant(Schema):
    """Somebody of the client's who gets the ticket's notices."""

    model_config = examples.asked(examples.PARTICIPANT)

    email: Annotated[str, Field(min_length=3, max_length=254)]
    name: Annotated[str, Field(max_length=200)] = ""


class ParticipantShown(Schema):
    """Somebody who gets a ticket's notices."""

    model_config = examples.answered(examples.PARTICIPANT_SHOWN)

    id: int
    name: str
    email: str
    watches: bool = Field(description="a technician who watches; else one of the client's people")


class Leaving(Schema):
    """Who takes part no more."""

    model_config = examples.asked(examples.LEAVING)

    participant: _Number


class Watching(Schema):
    """Whether the caller watches."""

    model_config = examples.asked(examples.WATCHING)

    on: bool = True


class NoticeShown(Schema):
    """What somebody is to be told."""

    model_config = examples.answered(examples.NOTICE)

    id: int
    kind: str = Field(description="warning, breach, appeal, approval, decision, update")
    to: str = Field(
        description="an email address; role: and a role of the policy's; team: and a team"
    )
    text: str
    at: datetime
    send_at: datetime = Field(description="not before their working hours")
    sent_at: datetime | None


@router.post("/{int:number}/duplicate", response=TicketRow, summary="Close it as a duplicate")
@needs(Right.LINK)
@once
def duplicate(
    request: HttpRequest, number: TicketNumber, body: Annotated[Duplicate, Body()]
) -> tuple[int, HttpResponse]:
    """Close a ticket as a duplicate; its people take part in the original from now on."""
    people = requesters(scope_of(request), number)
    return done(request, number, acts.make_duplicate(body.of, people))


@router.post("/{int:number}/link", response=TicketRow, summary="Link two tickets")
@needs(Right.LINK)
@once
def link(
    request: HttpRequest, number: TicketNumber, body: Annotated[LinkAsked, Body()]
) -> tuple[int, HttpResponse]:
    """Let a ticket be the child of another, follow it, or be related to it."""
    return done(request, number, acts.link(body.other, body.kind))


@router.post("/{int:number}/unlink", response=TicketRow, summary="Take a link back")
@needs(Right.LINK)
@once
def unlink(
    request: HttpRequest, number: TicketNumber, body: Annotated[LinkAsked, Body()]
) -> tuple[int, HttpResponse]:
    """Take a link back; what was closed as a duplicate stays closed until it is reopened."""
    return done(request, number, acts.unlink(body.other, body.kind))


@router.get("/{int:number}/links", response=Page[LinkShown], summary="What belongs together")
@needs(Right.READ)
def list_links(request: HttpRequest, number: TicketNumber) -> dict[str, Any]:
    """Return what a ticket is to others, and others to it."""
    scope = scope_of(request)
    queries.ticket(scope, number)
    return {"items": [_link(one, number) for one in queries.links(scope, number)], "next": None}


@router.get("/{int:number}/like", response=Page[TicketRow], summary="Perhaps the same matter")
@needs(Right.READ)
def list_like(request: HttpRequest, number: TicketNumber) -> dict[str, Any]:
    """Return unresolved tickets of the client that may be the same matter, the likeliest first."""
    scope = scope_of(request)
    found = queries.like(scope, number)
    clocks = queries.clocks_of(scope, found)
    return {"items": [row_of(one, clocks[one.id]) for one in found], "next": None}


@router.get("/{int:number}/participants", response=Page[ParticipantShown], summary="Who takes part")
@needs(Right.READ)
def list_participants(request: HttpRequest, number: TicketNumber) -> dict[str, Any]:
    """Return who gets a ticket's notices."""
    scope = scope_of(request)
    queries.ticket(scope, number)
    return {"items": list(queries.participants(scope, number)), "next": None}


@router.post("/{int:number}/participants", response=TicketRow, summary="Let somebody take part")
@needs(Right.LINK)
@once
def add_participant(
    request: HttpRequest, number: TicketNumber, body: Annotated[Participant, Body()]
) -> tuple[int, HttpResponse]:
    """Let somebody of the client's get the ticket's notices."""
    person = acts.Person(body.name, body.email)
    return done(request, number, acts.add_participant(person))


@router.post("/{int:number}/leave", response=TicketRow, summary="Let somebody take part no more")
@needs(Right.LINK)
@once
def leave(
    request: HttpRequest, number: TicketNumber, body: Annotated[Leaving, Body()]
) -> tuple[int, HttpResponse]:
    """Let a participant or a watcher get no more notices."""
    return done(request, number, acts.remove_participant(body.participant))


@router.post("/{int:number}/watch", response=TicketRow, summary="Watch a ticket")
@needs(Right.LINK)
@once
def watch(
    request: HttpRequest, number: TicketNumber, body: Annotated[Watching | None, Body()] = None
) -> tuple[int, HttpResponse]:
    """Get what participants get, or no more."""
    watcher = assignee_of(caller_of(request).technician.email)
    return done(request, number, acts.watch(watcher, on=body is None or body.on))


@router.get("/{int:number}/notices", response=Page[NoticeShown], summary="Who is told what")
@needs(Right.READ)
def list_notices(request: HttpRequest, number: TicketNumber) -> dict[str, Any]:
    """Return what was, and is to be, told to whom about a ticket: warnings, breaches, updates."""
    scope = scope_of(request)
    queries.ticket(scope, number)
    return {"items": list(queries.notices(scope, number)), "next": None}


def _link(one: Link, number: int) -> dict[str, Any]:
    points = "to" if one.ticket_id == number else "from"
    other = one.other if points == "to" else one.ticket
    return {
        "kind": one.kind,
        "points": points,
        "number": other.id,
        "title": other.title,
        "status": other.status,
    }
