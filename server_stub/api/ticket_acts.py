"""What is done to a ticket: reply, note, resolve, reopen."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Schema
from pydantic import Field

from agent.protocol.strict import MAX_TEXT
from agent.protocol.words import Status
from server_stub.api import examples
from server_stub.api.access import caller_of, needs
from server_stub.api.once import once
from server_stub.api.paging import Key, TicketNumber
from server_stub.api.ticket_shape import TicketRow, row_answer
from server_stub.desk.rights import Right, demand
from server_stub.tickets import acts
from server_stub.tickets.actions import amend
from server_stub.tickets.acts import Step
from server_stub.tickets.models import Resolution as LastsFor

router = Router(tags=["tickets"])

_Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
_MaybeText = Annotated[str, Field(max_length=MAX_TEXT)]


class Reply(Schema):
    """What the client is told."""

    model_config = examples.asked(examples.REPLY)

    body: _Text
    status: Status | None = Field(
        None, description="where the ticket stands after it, for example waiting"
    )


class Note(Schema):
    """What colleagues are told."""

    model_config = examples.asked(examples.NOTE)

    body: _Text


class Resolution(Schema):
    """How it was settled."""

    model_config = examples.asked(examples.RESOLUTION)

    body: _MaybeText = ""
    kind: LastsFor | None = Field(None, description="whether it will last")
    reason_key: Key = ""


class Reopening(Schema):
    """Why it is not settled after all."""

    model_config = examples.asked(examples.REOPENING)

    body: _MaybeText = ""


@router.post("/{int:number}/reply", response=TicketRow, summary="Reply to the client")
@needs(Right.REPLY)
@once
def reply(
    request: HttpRequest, number: TicketNumber, body: Annotated[Reply, Body()]
) -> tuple[int, HttpResponse]:
    """Add a reply to the timeline. A new ticket is open from then on; its response is given."""
    steps = [acts.reply(body.body)]
    if body.status:
        demand(caller_of(request).technician.role, Right.STATUS)
        steps.append(acts.set_status(body.status))
    return done(request, number, *steps)


@router.post("/{int:number}/note", response=TicketRow, summary="Note something for colleagues")
@needs(Right.NOTE)
@once
def note(
    request: HttpRequest, number: TicketNumber, body: Annotated[Note, Body()]
) -> tuple[int, HttpResponse]:
    """Add a note to the timeline; the client does not see it."""
    return done(request, number, acts.note(body.body))


@router.post("/{int:number}/resolve", response=TicketRow, summary="Resolve a ticket")
@needs(Right.STATUS)
@once
def resolve(
    request: HttpRequest, number: TicketNumber, body: Annotated[Resolution | None, Body()] = None
) -> tuple[int, HttpResponse]:
    """Say that the matter is settled, and how."""
    return done(request, number, _resolution(body))


def _resolution(body: Resolution | None) -> Step:
    if body is None:
        return acts.resolve()
    return acts.resolve(body.body, body.kind, acts.Reason(body.reason_key))


@router.post("/{int:number}/reopen", response=TicketRow, summary="Reopen a resolved ticket")
@needs(Right.STATUS)
@once
def reopen(
    request: HttpRequest, number: TicketNumber, body: Annotated[Reopening | None, Body()] = None
) -> tuple[int, HttpResponse]:
    """Say that it is not settled after all, and why."""
    return done(request, number, acts.reopen(body.body if body else ""))


def done(request: HttpRequest, number: int, *steps: Step) -> tuple[int, HttpResponse]:
    """Do steps to a ticket as the caller; return its number and how it is then."""
    caller = caller_of(request)
    amend(caller.scope, number, caller.actor, *steps, now=caller.now)
    return number, row_answer(caller.scope, number)
