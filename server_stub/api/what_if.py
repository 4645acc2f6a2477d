"""What would become of a ticket's clocks, and what its policy offers to choose from."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from agent.protocol.words import Priority
from server_stub.api import examples
from server_stub.api.access import caller_of, needs
from server_stub.api.paging import Key, Limit, Page, TicketNumber, Words
from server_stub.api.ticket_shape import TicketRow, row_of
from server_stub.clients.standing import Importance
from server_stub.desk.rights import Right
from server_stub.errors import ConflictError
from server_stub.tickets import queries
from server_stub.tickets.clocks import UnexplainedError
from server_stub.tickets.supposing import Supposition, offered, supposed_clocks

router = Router(tags=["tickets"])


class Change(Schema):
    """What would change; members that are left out stay."""

    priority: Priority | None = None
    stage: Key = ""
    type: Key = ""
    level: Annotated[str, Field(max_length=2, pattern="^[0-9]*$")] = ""
    policy: Words = Field("", description="name of a policy: its newest version")
    agreement: Words = Field("", description="one of the client's in force today, or none")
    importance: Importance | None = None


class Supposed(Schema):
    """One clock as it stands and as it would."""

    model_config = examples.answered(examples.SUPPOSED)

    name: str
    sentence: str = Field(description="the difference in plain words")
    due_at: datetime | None
    would_be_due_at: datetime | None


class Choice(Schema):
    """A word of the policy's and its title."""

    model_config = examples.answered(examples.CHOICE)

    name: str
    title: str


class Choices(Schema):
    """What can be chosen for a ticket by its policy, as it stands now."""

    stages: list[Choice] = Field(description="that may follow")
    types: list[Choice]
    levels: list[Choice] = Field(description="that take it from where it is")
    urgencies: list[Choice] = Field(description="of the matrix, empty when there is none")
    impacts: list[Choice]
    complexities: list[Choice]
    reasons: dict[str, list[Choice]] = Field(description="by list")
    checklist: list[str] = Field(description="gone through before stages that ask so")
    reasons_demanded: list[str] = Field(description="lists of which a change needs a reason")


@router.get("/{int:number}/what-if", response=Page[Supposed], summary="What a change would do")
@needs(Right.READ)
def what_if(
    request: HttpRequest, number: TicketNumber, change: Annotated[Change, Query()]
) -> dict[str, Any]:
    """Return each clock before and after a change that nobody makes; nothing is stored."""
    caller = caller_of(request)
    ticket = queries.ticket(caller.scope, number)
    words = Supposition(
        *(change.priority or "", change.stage, change.type, change.level, change.policy),
        *(change.agreement, change.importance or ""),
    )
    try:
        found = supposed_clocks(caller.scope, ticket, words, caller.now)
    except UnexplainedError as error:
        raise ConflictError(f"the clocks cannot be reckoned just now: {error}") from error
    items = [
        {
            "name": one.name.value,
            "sentence": one.sentence,
            "due_at": one.before.due_at if one.before else None,
            "would_be_due_at": one.after.due_at if one.after else None,
        }
        for one in found
    ]
    return {"items": items, "next": None}


@router.get("/{int:number}/choices", response=Choices, summary="What can be chosen")
@needs(Right.READ)
def choices(request: HttpRequest, number: TicketNumber) -> dict[str, Any]:
    """Return the policy's stages, types, levels, matrix and reasons, as far as they may follow."""
    found = offered(queries.ticket(caller_of(request).scope, number))

    def listed(words: Any) -> list[dict[str, str]]:  # noqa: ANN401 - a mapping of word to title
        return [{"name": name, "title": title} for name, title in words.items()]

    return {
        "stages": listed(found.stages),
        "types": listed(found.types),
        "levels": listed(found.levels),
        "urgencies": listed(found.matrix.urgencies),
        "impacts": listed(found.matrix.impacts),
        "complexities": listed(found.matrix.complexities),
        "reasons": {name: listed(words) for name, words in found.reasons.items()},
        "checklist": list(found.policy.procedure.checklist),
        "reasons_demanded": sorted(found.demanded),
    }


acceptances = Router(tags=["acceptances"])


@acceptances.get("", response=Page[TicketRow], summary="Conditions accepted as they are")
@needs(Right.READ)
def list_acceptances(request: HttpRequest, limit: Limit = 50) -> dict[str, Any]:
    """Return the tickets whose conditions are accepted, those that end first first."""
    scope = caller_of(request).scope
    found = list(queries.acceptances(scope)[:limit])
    clocks = queries.clocks_of(scope, found)
    return {"items": [row_of(one, clocks[one.id]) for one in found], "next": None}
