"""Agreements of clients, and the words that a ticket's promises are chosen by."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, Path, Router, Schema
from pydantic import Field

from agent.protocol.words import Source
from server_stub.api import examples
from server_stub.api.access import Caller, caller_of, needs
from server_stub.api.once import OfClient, once
from server_stub.api.paging import MAX_NUMBER, Identifier, Page
from server_stub.api.paging import TicketNumber as _Number
from server_stub.audit.record import record
from server_stub.clients import queries as places
from server_stub.clients.agreements import (
    MOST_COVERED,
    MOST_MINUTES,
    Terms,
    agree,
    end,
)
from server_stub.clients.models import Agreement, Client, Covered
from server_stub.clients.standing import Importance
from server_stub.desk.rights import Right
from server_stub.tickets import queries
from server_stub.tickets.actions import amend
from server_stub.tickets.acts.agreed import set_agreement, set_ticket_importance
from server_stub.tickets.acts.step import Reason
from server_stub.tickets.included import used_minutes
from server_stub.tickets.standing import standing_of

router = Router(tags=["agreements"])
of_tickets = Router(tags=["agreements"])

ClientNumber = Annotated[int, Path(description="A client's number.")]
AgreementNumber = Annotated[int, Path(description="An agreement's number.")]
_Name = Annotated[str, Field(min_length=1, max_length=40, pattern="^[a-z0-9_]+$")]

_NEW = {
    "name": "premium",
    "starts": "2026-01-01",
    "ends": "2026-12-31",
    "included_minutes": 300,
    "sites": [5],
    "devices": [],
}
_SHOWN = _NEW | {
    "number": 11,
    "in_force": True,
    "used_minutes": 85,
    "created_at": "2025-12-18T09:00:00Z",
    "created_by": "ana.sousa@desk.example",
}
_ENDING = {"last_day": "2026-11-30"}
_CHANGE = {"agreement": "premium", "reason": "They signed it this morning."}
_STANDING = {"agreement": "premium", "agreement_number": 11, "importance": "key"}


class NewAgreement(Schema):
    """What was agreed; without sites and devices it is for the whole client."""

    model_config = examples.asked(_NEW)

    name: _Name = Field(description="the word that the policy's targets ask for")
    starts: date
    ends: date | None = Field(None, description="its last day; null while nobody ends it")
    included_minutes: Annotated[int, Field(strict=True, ge=0, le=MOST_MINUTES)] = Field(
        0, description="of work, each month"
    )
    sites: Annotated[
        list[Annotated[int, Field(strict=True, ge=1, le=MAX_NUMBER)]],
        Field(max_length=MOST_COVERED),
    ] = Field([], description="numbers of sites of the client")
    devices: Annotated[list[Identifier], Field(max_length=MOST_COVERED)] = Field(
        [], description="ids of devices of the client"
    )


class AgreementShown(Schema):
    """An agreement, and how much of this month's minutes is used."""

    model_config = examples.answered(_SHOWN)

    number: int
    name: str
    starts: date
    ends: date | None
    in_force: bool = Field(description="today, by UTC")
    included_minutes: int
    used_minutes: int = Field(description="work logged this month on its tickets, charged or not")
    sites: list[int]
    devices: list[str]
    created_at: datetime
    created_by: str


class Ending(Schema):
    """The last day of an agreement."""

    model_config = examples.asked(_ENDING)

    last_day: date


class StandingChange(Schema):
    """By which words a ticket's promises are chosen from now on; what is left out stays."""

    model_config = examples.asked(_CHANGE)

    agreement: _Name | None = Field(None, description="one in force today, or none")
    importance: Importance | None = None
    reason_key: Annotated[str, Field(max_length=40, pattern="^[a-z0-9_]*$")] = ""
    reason: Annotated[str, Field(max_length=1_000)] = ""


class StandingShown(Schema):
    """The words that a ticket's promises are chosen by."""

    model_config = examples.answered(_STANDING)

    agreement: str
    agreement_number: int | None
    importance: str


@router.get(
    "/{int:client_id}/agreements", response=Page[AgreementShown], summary="A client's agreements"
)
@needs(Right.READ)
def list_agreements(request: HttpRequest, client_id: ClientNumber) -> dict[str, Any]:
    """Return all agreements, those that are over too; those that began last come first."""
    caller = caller_of(request)
    client = places.client(caller.scope, client_id)
    used = used_minutes(caller.scope, client.id, caller.now.date())
    today = caller.now.date()
    rows = places.agreements(caller.scope, client)
    return {"items": [_shown(row, used[row.id], today) for row in rows], "next": None}


@router.post(
    "/{int:client_id}/agreements", response={201: AgreementShown}, summary="Add an agreement"
)
@needs(Right.AGREE)
@once
def add_agreement(
    request: HttpRequest, client_id: ClientNumber, body: Annotated[NewAgreement, Body()]
) -> tuple[OfClient, HttpResponse]:
    """Write down what was agreed. Tickets that are open keep what they were promised."""
    caller = caller_of(request)
    client = places.client(caller.scope, client_id)
    terms = Terms(
        body.name,
        body.starts,
        body.ends,
        body.included_minutes,
        [places.site(caller.scope, client, number) for number in dict.fromkeys(body.sites)],
        [places.device(caller.scope, one) for one in dict.fromkeys(body.devices)],
    )
    row = agree(client, terms, caller.technician.email)
    _record(caller, client.id, "agreement add", f"{client.name}: {row}", starts=str(row.starts))
    answer = _answer(caller, client, row.id, 201)
    answer["Location"] = request.path
    return OfClient(client.id), answer


@router.post(
    "/{int:client_id}/agreements/{int:agreement}/end",
    response=AgreementShown,
    summary="End an agreement",
)
@needs(Right.AGREE)
@once
def end_agreement(
    request: HttpRequest,
    client_id: ClientNumber,
    agreement: AgreementNumber,
    body: Annotated[Ending, Body()],
) -> tuple[OfClient, HttpResponse]:
    """Let it end with a day, which may lie ahead. Tickets keep what they were promised."""
    caller = caller_of(request)
    client = places.client(caller.scope, client_id)
    row = places.agreement(caller.scope, client, agreement)
    end(row, body.last_day, caller.now.date())
    _record(caller, client.id, "agreement end", f"{client.name}: {row}", last_day=str(row.ends))
    return OfClient(client.id), _answer(caller, client, row.id, 200)


@of_tickets.get(
    "/{int:number}/standing", response=StandingShown, summary="What its promises are chosen by"
)
@needs(Right.READ)
def get_standing(request: HttpRequest, number: _Number) -> HttpResponse:
    """Return the agreement that a ticket is under and how much it matters."""
    return _standing(caller_of(request), number)


@of_tickets.post(
    "/{int:number}/standing", response=StandingShown, summary="Choose its promises anew"
)
@needs(Right.AGREE)
@once
def change_standing(
    request: HttpRequest, number: _Number, body: Annotated[StandingChange, Body()]
) -> tuple[int, HttpResponse]:
    """Put a ticket under another agreement, or let it matter more or less; needs a reason."""
    caller = caller_of(request)
    why = Reason(body.reason_key, body.reason)
    steps = []
    if body.agreement is not None:
        steps.append(set_agreement(body.agreement, why))
    if body.importance is not None:
        steps.append(set_ticket_importance(body.importance, why))
    amend(caller.scope, number, caller.actor, *steps, now=caller.now)
    return number, _standing(caller, number)


def _shown(row: Agreement, used: int, today: date) -> dict[str, Any]:
    covered: list[Covered] = list(row.covered.all())
    named = ("name", "starts", "ends", "included_minutes", "created_at", "created_by")
    return {name: getattr(row, name) for name in named} | {
        "number": row.id,
        "in_force": row.starts <= today and (row.ends is None or today <= row.ends),
        "used_minutes": used,
        "sites": [one.site_id for one in covered if one.site_id],
        "devices": [one.device_id for one in covered if one.device_id],
    }


def _answer(caller: Caller, client: Client, number: int, status: int) -> HttpResponse:
    row = places.agreement(caller.scope, client, number)
    today = caller.now.astimezone(UTC).date()
    used = used_minutes(caller.scope, client.id, today)[number]
    return _json(AgreementShown.model_validate(_shown(row, used, today)), status)


def _record(caller: Caller, client: int, act: str, subject: str, **detail: str) -> None:
    who = caller.technician.email
    record(who, Source.API.value, act, subject, client_id=client, now=caller.now, **detail)


def _standing(caller: Caller, number: int) -> HttpResponse:
    queries.ticket(caller.scope, number)
    found = standing_of(caller.scope, number)
    return _json(
        StandingShown(
            agreement=found.agreement,
            agreement_number=found.number or None,
            importance=found.importance,
        )
    )


def _json(shown: Schema, status: int = 200) -> HttpResponse:
    return HttpResponse(shown.model_dump_json(), status=status, content_type="application/json")
