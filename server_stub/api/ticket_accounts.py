"""What a ticket costs, attempts to reach its client, what delays it, and accepted conditions."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import needs, scope_of
from server_stub.api.instants import Instant
from server_stub.api.once import once
from server_stub.api.paging import Key, Page, TicketNumber
from server_stub.api.reasons import Reasoned
from server_stub.api.ticket_acts import done
from server_stub.api.ticket_shape import TicketRow
from server_stub.desk.rights import Right
from server_stub.tickets import acts, queries
from server_stub.tickets.acts.accounting import MOST_MINUTES
from server_stub.tickets.models import EntryKind, TimelineEntry

router = Router(tags=["tickets"])

_Note = Annotated[str, Field(max_length=1_000)]


class Work(Schema):
    """When somebody began, for how long, on what."""

    model_config = examples.asked(examples.WORK)

    started_at: Instant
    minutes: Annotated[int, Field(strict=True, ge=1, le=MOST_MINUTES)]
    note: _Note = ""
    chargeable: bool | None = Field(None, description="as the ticket when it is left out")


class WorkShown(Schema):
    """Work that was logged."""

    model_config = examples.answered(examples.WORK_SHOWN)

    id: int
    who: str
    started_at: datetime
    minutes: int
    chargeable: bool
    note: str


class Delay(Reasoned):
    """What nobody can help."""

    model_config = examples.asked(examples.DELAY)


class Attempt(Schema):
    """By which way the client was tried to be reached."""

    model_config = examples.asked(examples.ATTEMPT)

    way: Key = Field(description="phone, email, sms, visit, or the policy's own")
    note: _Note = ""
    reached: bool = False


class Outcome(Schema):
    """What was decided after enough attempts."""

    model_config = examples.asked(examples.OUTCOME)

    outcome: Key = Field(description="addressed (closed) or canceled")
    note: _Note = ""


class Accepting(Reasoned):
    """Until when the condition is accepted as it is; null for good."""

    model_config = examples.asked(examples.ACCEPTING)

    until: Instant | None = None


class Ending(Reasoned):
    """Why it is accepted no more."""

    model_config = examples.asked(examples.ENDING)


@router.post("/{int:number}/work", response=TicketRow, summary="Log work")
@needs(Right.ACCOUNT)
@once
def log_work(
    request: HttpRequest, number: TicketNumber, body: Annotated[Work, Body()]
) -> tuple[int, HttpResponse]:
    """Note how long the caller worked on it."""
    step = acts.log_work(body.started_at, body.minutes, body.note, chargeable=body.chargeable)
    return done(request, number, step)


@router.get("/{int:number}/work", response=Page[WorkShown], summary="Work on a ticket")
@needs(Right.READ)
def list_work(request: HttpRequest, number: TicketNumber) -> dict[str, Any]:
    """Return the work that was logged, oldest first."""
    scope = scope_of(request)
    queries.ticket(scope, number)
    rows = queries.timeline(scope, number).filter(kind=EntryKind.WORK.value)
    return {"items": [_work(row) for row in rows], "next": None}


@router.post("/{int:number}/delay", response=TicketRow, summary="Note what nobody can help")
@needs(Right.NOTE)
@once
def delay(
    request: HttpRequest, number: TicketNumber, body: Annotated[Delay, Body()]
) -> tuple[int, HttpResponse]:
    """Note why it takes longer: weather, traffic, force majeure. Clocks go on."""
    return done(request, number, acts.delay(body.why_told))


@router.post("/{int:number}/contact-attempt", response=TicketRow, summary="Note an attempt")
@needs(Right.REPLY)
@once
def contact_attempt(
    request: HttpRequest, number: TicketNumber, body: Annotated[Attempt, Body()]
) -> tuple[int, HttpResponse]:
    """Note an attempt to reach the client; after enough in vain somebody has to decide."""
    return done(request, number, acts.attempt(body.way, body.note, reached=body.reached))


@router.post("/{int:number}/contact-outcome", response=TicketRow, summary="Decide after attempts")
@needs(Right.STATUS)
@once
def contact_outcome(
    request: HttpRequest, number: TicketNumber, body: Annotated[Outcome, Body()]
) -> tuple[int, HttpResponse]:
    """Decide after enough attempts: addressed and closed, or canceled."""
    return done(request, number, acts.weigh(body.outcome, body.note))


@router.post("/{int:number}/accept", response=TicketRow, summary="Accept a condition")
@needs(Right.ACCEPT)
@once
def accept(
    request: HttpRequest, number: TicketNumber, body: Annotated[Accepting, Body()]
) -> tuple[int, HttpResponse]:
    """Close a ticket whose condition stays; the alert joins it until then, or until it worsens."""
    return done(request, number, acts.accept(body.until, body.why_told))


@router.post("/{int:number}/end-acceptance", response=TicketRow, summary="Accept it no more")
@needs(Right.ACCEPT)
@once
def end_acceptance(
    request: HttpRequest, number: TicketNumber, body: Annotated[Ending | None, Body()] = None
) -> tuple[int, HttpResponse]:
    """End an acceptance; while the condition is there the ticket is open again."""
    return done(request, number, acts.end_acceptance(body.why_told if body else acts.Reason()))


def _work(row: TimelineEntry) -> dict[str, Any]:
    tree = row.tree
    return {
        "id": row.id,
        "who": row.actor,
        "started_at": tree["started_at"],
        "minutes": tree["minutes"],
        "chargeable": tree["chargeable"],
        "note": row.body,
    }
