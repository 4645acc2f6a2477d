"""Reports over many tickets."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from server_stub.api import examples
from server_stub.api.access import caller_of, needs
from server_stub.desk.rights import Right
from server_stub.tickets.recurring import recurring

router = Router(tags=["reports"])

_EXAMPLE = {
    "fingerprint": "service-spooler:spooler",
    "title": "The service spooler is stopped",
    "client": "Harbour Dental",
    "device": "0193a1f0-5c1e-7b6a-9a53-2f6f0d9f4c11",
    "device_name": "FRONTDESK-03",
    "tickets": 3,
    "reopened": 4,
    "occurrences": 9,
    "ticket": 17,
    "last_at": "2026-11-19T10:31:00Z",
}


class RecurringShown(Schema):
    """A problem that comes again and again."""

    model_config = examples.answered(_EXAMPLE)

    fingerprint: str
    title: str = Field(description="of its latest ticket")
    client: str
    device: str | None = Field(description="a device's id; null for an outage of a site")
    device_name: str | None
    tickets: int
    reopened: int = Field(description="how often one of them was reopened")
    occurrences: int = Field(description="how often it was up, by all of them")
    ticket: int = Field(description="the latest one's number")
    last_at: datetime


class RecurringList(Schema):
    """The worst first; at most 200."""

    items: list[RecurringShown]
    next: None = None


class RecurringFilter(Schema):
    """Which problems to list."""

    days: int = Field(30, ge=1, le=366, description="of tickets that were open in so many days")
    least: int = Field(3, ge=2, le=10_000, description="up at least so often")


@router.get("/recurring", response=RecurringList, summary="Problems that come again and again")
@needs(Right.READ)
def list_recurring(
    request: HttpRequest, only: Annotated[RecurringFilter, Query()]
) -> dict[str, Any]:
    """Return the alerts that were up most often, with how many tickets they made."""
    caller = caller_of(request)
    since = caller.now - timedelta(days=only.days)
    found = recurring(caller.scope, since, only.least)
    named = RecurringShown.model_fields
    return {"items": [{name: getattr(one, name) for name in named} for one in found], "next": None}
