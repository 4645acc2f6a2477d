"""The clocks of a ticket, each with the account of every interval: what counted and why."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import caller_of, needs
from server_stub.api.paging import Page, TicketNumber
from server_stub.desk.rights import Right
from server_stub.sla.account import ClockLedger, Interval
from server_stub.sla.models import Clock
from server_stub.tickets import queries
from server_stub.tickets.clocks import UnexplainedError, ledgers

router = Router(tags=["tickets"])


class IntervalShape(Schema):
    """A piece of a clock's life."""

    start_at: datetime
    end_at: datetime
    counted: bool
    why: str = Field(description="such as: calendar office; status waiting pauses the clock")
    status: str = Field(description="the ticket's status then")
    promise: str = Field(description="the policy's row that was in force")
    policy: str = Field(description="hash of the policy's text that was in force")
    round: int = Field(1, description="how often the clock had begun anew by then, from 1")


class ClockAccount(Schema):
    """The ledger of one clock.

    The counted intervals of its last round add up to ``elapsed_s`` exactly.
    """

    model_config = examples.answered(examples.CLOCK)

    name: str = Field(description="response, review, resolution, progress or dwell")
    state: str = Field(description="running, paused, stopped, or breached: running and overdue")
    sentence: str = Field(description="how it stands, in plain words, times at the client's site")
    due_at: datetime | None = Field(description="null while nothing can become due")
    aim_at: datetime | None = Field(None, description="what is hoped for, before due_at")
    started_at: datetime
    stopped_at: datetime | None
    breached_at: datetime | None = Field(description="when a promise was broken first")
    target_s: float | None = Field(None, description="what is promised, in time that counts")
    elapsed_s: float | None = Field(None, description="what of it was used")
    remaining_s: float | None = Field(None, description="what is left, negative when overdue")
    promise: str = Field("", description="the policy's row in force")
    policy: str = Field("", description="hash of the policy's text in force")
    intervals: list[IntervalShape] = Field([])


@router.get("/{int:number}/clocks", response=Page[ClockAccount], summary="A ticket's clocks")
@needs(Right.READ)
def list_clocks(request: HttpRequest, number: TicketNumber) -> dict[str, Any]:
    """Return the ledger of each clock, reckoned now.

    When it cannot be reckoned, each clock as it was stored last; its sentence says why.
    """
    caller = caller_of(request)
    ticket = queries.ticket(caller.scope, number)
    try:
        items = [_account(one) for one in ledgers(caller.scope, ticket, caller.now)]
    except UnexplainedError as error:
        items = [_stored(row, str(error)) for row in queries.clocks(caller.scope, number)]
    return {"items": items, "next": None}


def _account(one: ClockLedger) -> dict[str, Any]:
    named = ("state", "due_at", "aim_at", "started_at", "stopped_at", "breached_at")
    return {name: getattr(one, name) for name in named} | {
        "name": one.name.value,
        "sentence": one.sentence(),
        "target_s": None if one.within is None else one.within.total_seconds(),
        "elapsed_s": one.elapsed.total_seconds(),
        "remaining_s": None if one.remaining is None else one.remaining.total_seconds(),
        "promise": str(one.row),
        "policy": one.policy.hash,
        "intervals": [_interval(piece) for piece in one.intervals],
    }


def _interval(piece: Interval) -> dict[str, Any]:
    return {
        "start_at": piece.start,
        "end_at": piece.end,
        "counted": piece.counted,
        "why": piece.why,
        "status": piece.status,
        "promise": piece.row,
        "policy": piece.policy,
        "round": piece.round,
    }


def _stored(row: Clock, why: str) -> dict[str, Any]:
    named = ("name", "state", "due_at", "started_at", "stopped_at", "breached_at")
    return {name: getattr(row, name) for name in named} | {
        "sentence": f"As it was stored last. It cannot be explained now: {why}",
        "policy": row.policy_version.hash,
    }
