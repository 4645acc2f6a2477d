"""Levels, priorities and promises of a ticket: escalate, consult, appeal, approve, grade, date."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Schema
from pydantic import Field

from agent.protocol.strict import MAX_TEXT
from server_stub.api import examples
from server_stub.api.access import needs
from server_stub.api.instants import Instant
from server_stub.api.once import once
from server_stub.api.paging import Key, TicketNumber
from server_stub.api.reasons import Reasoned
from server_stub.api.ticket_acts import done
from server_stub.api.ticket_shape import TicketRow
from server_stub.desk.rights import Right
from server_stub.sla.terms import ClockName
from server_stub.tickets import acts

router = Router(tags=["tickets"])

_Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
_Level = Annotated[str, Field(min_length=1, max_length=2, pattern="^[0-9]+$")]


class Escalation(Reasoned):
    """Which level takes over, and what the client is told."""

    model_config = examples.asked(examples.ESCALATION)

    level: _Level
    message: Annotated[str, Field(max_length=MAX_TEXT)] = Field(
        "", description="for the client; demanded on the way up"
    )
    expectation: Annotated[str, Field(max_length=500)] = Field(
        "", description="what the client may expect from now on; demanded on the way up"
    )
    direct: bool = Field(default=False, description="the client turned to that level themselves")


class Consultation(Schema):
    """What another level said."""

    model_config = examples.asked(examples.CONSULTATION)

    level: _Level
    body: _Text


class Appeal(Schema):
    """What the client asks of the role that the policy names."""

    model_config = examples.asked(examples.APPEAL)

    body: _Text


class Approval(Reasoned):
    """Whether what was asked for is approved; a refusal says why."""

    model_config = examples.asked(examples.APPROVAL_GIVEN)

    granted: bool


class Grading(Reasoned):
    """Words of the policy's matrix, see choices."""

    model_config = examples.asked(examples.GRADING)

    urgency: Key
    impact: Key
    complexity: Key = ""


class PromisedDate(Reasoned):
    """A date for a clock whose target a named role sets."""

    model_config = examples.asked(examples.DATE)

    clock: ClockName = ClockName.RESOLUTION
    due_at: Instant


@router.post("/{int:number}/escalate", response=TicketRow, summary="Hand it to another level")
@needs(Right.ESCALATE)
@once
def escalate(
    request: HttpRequest, number: TicketNumber, body: Annotated[Escalation, Body()]
) -> tuple[int, HttpResponse]:
    """Hand a ticket to another level; the client is told, with what to expect."""
    step = acts.escalate(
        body.level, body.message, body.expectation, body.why_told, direct=body.direct
    )
    return done(request, number, step)


@router.post("/{int:number}/consult", response=TicketRow, summary="Note a consultation")
@needs(Right.ESCALATE)
@once
def consult(
    request: HttpRequest, number: TicketNumber, body: Annotated[Consultation, Body()]
) -> tuple[int, HttpResponse]:
    """Note what another level said; the ticket stays where it is."""
    return done(request, number, acts.consult(body.level, body.body))


@router.post("/{int:number}/appeal", response=TicketRow, summary="Pass on an appeal")
@needs(Right.ESCALATE)
@once
def appeal(
    request: HttpRequest, number: TicketNumber, body: Annotated[Appeal, Body()]
) -> tuple[int, HttpResponse]:
    """Note that the client asks for an escalation to the role that the policy names."""
    return done(request, number, acts.appeal(body.body))


@router.post("/{int:number}/approval", response=TicketRow, summary="Approve or decline")
@needs(Right.APPROVE)
@once
def approval(
    request: HttpRequest, number: TicketNumber, body: Annotated[Approval, Body()]
) -> tuple[int, HttpResponse]:
    """Decide what was asked for: a ticket becomes another type, or stays what it is."""
    return done(request, number, acts.decide(granted=body.granted, reason=body.why_told))


@router.post("/{int:number}/grade", response=TicketRow, summary="Priority by the policy's matrix")
@needs(Right.PRIORITY)
@once
def grade(
    request: HttpRequest, number: TicketNumber, body: Annotated[Grading, Body()]
) -> tuple[int, HttpResponse]:
    """Let urgency, impact and complexity say how pressing it is."""
    return done(
        request, number, acts.grade(body.urgency, body.impact, body.complexity, body.why_told)
    )


@router.post("/{int:number}/date", response=TicketRow, summary="Promise a date")
@needs(Right.APPROVE)
@once
def date(
    request: HttpRequest, number: TicketNumber, body: Annotated[PromisedDate, Body()]
) -> tuple[int, HttpResponse]:
    """Set the date by which something is promised, where the policy leaves it to a role."""
    return done(request, number, acts.set_date(body.clock, body.due_at, body.why_told))
