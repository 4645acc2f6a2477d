"""What clients are told and asked beside replies: calls, reviews, work-arounds, sign-off."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Schema
from pydantic import Field

from agent.protocol.strict import MAX_TEXT
from server_stub.api import examples
from server_stub.api.access import needs
from server_stub.api.once import once
from server_stub.api.paging import Key, TicketNumber
from server_stub.api.reasons import Reasoned
from server_stub.api.ticket_acts import done
from server_stub.api.ticket_shape import TicketRow
from server_stub.desk.rights import Right
from server_stub.tickets import acts

router = Router(tags=["tickets"])

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
MaybeText = Annotated[str, Field(max_length=MAX_TEXT)]


class Call(Schema):
    """What was said in a call."""

    model_config = examples.asked(examples.CALL)

    body: Text


class Review(Schema):
    """What was found and what comes next."""

    model_config = examples.asked(examples.REVIEW)

    body: Text


class Workaround(Schema):
    """How to get on until it is solved; empty takes it back."""

    model_config = examples.asked(examples.WORKAROUND)

    body: MaybeText


class Closing(Reasoned):
    """Why a ticket is closed."""

    model_config = examples.asked(examples.CLOSING)

    why: Key = Field(
        description="resolved, canceled, duplicate, insufficient_information, outside_scope, or "
        "one of the policy's own"
    )
    fixed: bool = Field(
        default=False,
        description="asked for (409) while the monitor still finds the condition: it is gone",
    )


class Confirmation(Schema):
    """What the client says of the resolution."""

    model_config = examples.asked(examples.CONFIRMATION)

    fixed: bool
    body: MaybeText = ""


@router.post("/{int:number}/call", response=TicketRow, summary="Note a call with the client")
@needs(Right.REPLY)
@once
def call(
    request: HttpRequest, number: TicketNumber, body: Annotated[Call, Body()]
) -> tuple[int, HttpResponse]:
    """Add a call to the timeline: as good an answer as a reply."""
    return done(request, number, acts.call(body.body))


@router.post("/{int:number}/review", response=TicketRow, summary="Tell what comes next")
@needs(Right.REPLY)
@once
def review(
    request: HttpRequest, number: TicketNumber, body: Annotated[Review, Body()]
) -> tuple[int, HttpResponse]:
    """Tell the client what was found and what comes next; the review clock stops."""
    return done(request, number, acts.review(body.body))


@router.post("/{int:number}/workaround", response=TicketRow, summary="Tell a work-around")
@needs(Right.REPLY)
@once
def workaround(
    request: HttpRequest, number: TicketNumber, body: Annotated[Workaround, Body()]
) -> tuple[int, HttpResponse]:
    """Tell all participants how to get on until it is solved."""
    return done(request, number, acts.work_around(body.body))


@router.post("/{int:number}/close", response=TicketRow, summary="Close a ticket")
@needs(Right.STATUS)
@once
def close(
    request: HttpRequest, number: TicketNumber, body: Annotated[Closing, Body()]
) -> tuple[int, HttpResponse]:
    """Close a ticket for a reason; as resolved only when it is resolved."""
    return done(request, number, acts.close(body.why, body.why_told, fixed=body.fixed))


@router.post("/{int:number}/confirm", response=TicketRow, summary="Note the client's sign-off")
@needs(Right.STATUS)
@once
def confirm(
    request: HttpRequest, number: TicketNumber, body: Annotated[Confirmation, Body()]
) -> tuple[int, HttpResponse]:
    """Note what the client says of the resolution: closed, or open again."""
    return done(request, number, acts.confirm(body.body, fixed=body.fixed))
