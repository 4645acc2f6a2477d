"""Tickets: list, open, show and change."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, Query, Router, Schema
from pydantic import Field

from agent.protocol.words import Evaluation, Priority, Source, Status
from server_stub.api import examples
from server_stub.api.access import Caller, caller_of, needs
from server_stub.api.instants import Instant
from server_stub.api.once import once
from server_stub.api.opening import NewTicket, draft_of
from server_stub.api.paging import (
    Identifier,
    Key,
    Limit,
    Number,
    Page,
    TicketNumber,
    Words,
    client_number,
    next_address,
)
from server_stub.api.preconditions import conditional, demanded_revisions
from server_stub.api.ticket_shape import TicketRow, TicketWhole, row_answer, row_of, whole_answer
from server_stub.audit.record import record
from server_stub.desk.queries import assignee_of
from server_stub.desk.rights import Right, demand, may
from server_stub.errors import InvalidError
from server_stub.tickets import acts, queries
from server_stub.tickets.actions import amend, open_ticket
from server_stub.tickets.acts import MAX_REASON, Reason, Step
from server_stub.tickets.models import MAX_TITLE
from server_stub.tickets.search import Wanted, search
from server_stub.tickets.words import asked

router = Router(tags=["tickets"])


_NUMBER = re.compile(r"#([0-9]{1,18})")
_Title = Annotated[str, Field(min_length=1, max_length=MAX_TITLE)]


class TicketFilter(Schema):
    """Which tickets to list; members that are left out do not narrow the list."""

    status: list[Status] = Field([], description="may be repeated: any of them")
    priority: list[Priority] = Field([], description="may be repeated: any of them")
    source: list[Source] = Field([], description="may be repeated: any of them")
    evaluation: list[Evaluation] = Field([], description="may be repeated: any of them")
    client: Words | None = Field(None, description="number or name of a client")
    site: Number | None = Field(None, description="number of a site")
    device: Identifier | None = Field(None, description="id of a device")
    assignee: Words | None = Field(None, description="an email address, 'me' or 'none'")
    q: Words = Field(
        "",
        description="words of title, client's and device's name, all of them, the last one may be "
        "a beginning; or a ticket's number: #17",
    )
    updated_since: Instant | None = Field(None, description="changed at or after this instant")
    undecided: bool | None = Field(
        None, description="whether somebody has to decide, after attempts to reach the client"
    )
    after: Number | None = Field(None, description="only tickets with lower numbers")


class TicketChange(Schema):
    """What is to be different; members that are left out stay."""

    model_config = examples.asked(examples.CHANGE)

    title: _Title = ""
    priority: Priority = Priority.NORMAL
    reason: Annotated[str, Field(max_length=MAX_REASON)] = Field(
        "", description="why it changes: a priority moves what is promised"
    )
    reason_key: Key = Field("", description="one of the policy's reasons, see choices")
    status: Status = Status.OPEN
    stage: Annotated[str, Field(min_length=1, max_length=40)] = Field(
        "open", description="the policy's own word within the status"
    )
    checked: bool = Field(
        default=False,
        description="with a stage that asks so: the checklist was gone through, see choices",
    )
    type: Annotated[str, Field(min_length=1, max_length=40)] = Field(
        "incident", description="one of the policy's types"
    )
    team: Annotated[str, Field(max_length=40)] = Field("", description="empty for none")
    scope: Annotated[str, Field(max_length=40)] = Field(
        "direct", description="direct, integrated, extended, beyond, or the policy's own"
    )
    chargeable: bool = False
    assignee: Annotated[str, Field(max_length=254)] | None = Field(
        None, description="a technician's email address, 'me', or null for nobody"
    )


@router.get("", response=Page[TicketRow], summary="Tickets, newest first")
@needs(Right.READ)
def list_tickets(
    request: HttpRequest, only: Annotated[TicketFilter, Query()], limit: Limit = 50
) -> dict[str, Any]:
    """Return tickets by number, newest first."""
    caller = caller_of(request)
    page = search(caller.scope, _wanted(only, caller), only.after, limit)
    clocks = queries.clocks_of(caller.scope, page.tickets)
    return {
        "items": [row_of(ticket, clocks[ticket.id]) for ticket in page.tickets],
        "next": None if page.next is None else next_address(request, page.next),
    }


@router.post("", response={201: TicketRow}, summary="Open a ticket")
@needs(Right.OPEN)
@once
def create_ticket(
    request: HttpRequest, body: Annotated[NewTicket, Body()]
) -> tuple[int, HttpResponse]:
    """Open a ticket as a technician would who was called; its clocks start now."""
    caller = caller_of(request)
    ticket = open_ticket(caller.scope, caller.actor, draft_of(caller, body), caller.now)
    subject = f"ticket {ticket.id}"
    record(caller.actor.email, "api", "opened", subject, client_id=ticket.client_id, now=caller.now)
    answer = row_answer(caller.scope, ticket.id, 201)
    answer["Location"] = f"{request.path}/{ticket.id}"
    return ticket.id, answer


@router.get("/{int:number}", response=TicketWhole, summary="One ticket")
@needs(Right.READ)
def get_ticket(request: HttpRequest, number: TicketNumber) -> HttpResponse:
    """Return one ticket; its ETag is what a change sends in If-Match."""
    return whole_answer(caller_of(request).scope, number)


@router.patch("/{int:number}", response=TicketWhole, summary="Change a ticket")
@needs(Right.TITLE, Right.ASSIGN, Right.PRIORITY, Right.ACCOUNT, Right.STATUS)
@conditional
def change_ticket(
    request: HttpRequest, number: TicketNumber, body: Annotated[TicketChange, Body()]
) -> HttpResponse:
    """Change title, type, priority, stage, who works on it, …: all that is asked for, or nothing.

    What is asked for and is so already changes nothing. Each change asks for its own right.
    """
    caller = caller_of(request)
    seen = _seen(caller, number, demanded_revisions(request))
    steps = _steps(caller, body)
    amend(caller.scope, number, caller.actor, *steps, now=caller.now, seen=seen)
    return whole_answer(caller.scope, number)


def _seen(caller: Caller, number: int, tags: tuple[str, ...] | None) -> str | None:
    """Return which of several revisions the change is of: the present one when it is among them."""
    if tags is None or len(tags) == 1:
        return tags[0] if tags else None
    present = queries.ticket(caller.scope, number).revision
    return present if present in tags else tags[0]


def _wanted(only: TicketFilter, caller: Caller) -> Wanted:
    mine = {"me": caller.technician.email, "none": ""}
    named = _NUMBER.fullmatch(only.q.strip())
    return Wanted(
        statuses=only.status,
        priorities=only.priority,
        sources=only.source,
        evaluations=only.evaluation,
        number=int(named[1]) if named else None,
        client=client_number(caller.scope, only.client) if only.client else None,
        site=only.site,
        device=only.device,
        assignee=mine.get(only.assignee, only.assignee) if only.assignee else None,
        updated_since=only.updated_since,
        undecided=only.undecided,
        words=() if named else _words(only.q),
    )


def _words(text: str) -> tuple[str, ...]:
    words = asked(text)
    if text.strip() and not words:
        raise InvalidError("q", "there is no word in it")
    return words


_CHANGES: Mapping[str, tuple[Right, Callable[[Caller, TicketChange], Step]]] = {
    "title": (Right.TITLE, lambda _, body: acts.set_title(body.title)),
    "assignee": (Right.ASSIGN, lambda caller, body: _assignment(caller, body.assignee)),
    "team": (Right.ASSIGN, lambda _, body: acts.set_team(body.team)),
    "type": (Right.PRIORITY, lambda _, body: acts.set_type(body.type, _reason(body))),
    "priority": (
        Right.PRIORITY,
        lambda _, body: acts.set_priority(body.priority, _reason(body)),
    ),
    "scope": (Right.ACCOUNT, lambda _, body: acts.set_scope(body.scope, _reason(body))),
    "chargeable": (
        Right.ACCOUNT,
        lambda _, body: acts.set_chargeable(chargeable=body.chargeable, reason=_reason(body)),
    ),
    "status": (Right.STATUS, lambda _, body: acts.set_status(body.status, _reason(body))),
    "stage": (
        Right.STATUS,
        lambda _, body: acts.set_stage(body.stage, _reason(body), checked=body.checked),
    ),
}
"""What can be changed, in this order, and the right each change needs."""


def _steps(caller: Caller, body: TicketChange) -> list[Step]:
    asked = [change for name, change in _CHANGES.items() if name in body.model_fields_set]
    for right, _ in asked:
        demand(caller.technician.role, right)
    return [step(caller, body) for _, step in asked]


def _reason(body: TicketChange) -> Reason:
    return Reason(body.reason_key, body.reason)


def _assignment(caller: Caller, email: str | None) -> Step:
    taking = may(caller.technician.role, Right.TAKE_OVER)
    if email is None:
        return acts.assign(None, from_others=taking)
    assignee = assignee_of(caller.technician.email if email == "me" else email)
    return acts.assign(assignee, from_others=taking)
