"""A ticket as the interface shows it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from ninja import Schema
from pydantic import Field

from agent.protocol.words import Priority, Source, Status
from server_stub.api import examples
from server_stub.api.preconditions import etag
from server_stub.clients.scope import Scope
from server_stub.contacts.facts import facts_told
from server_stub.contacts.models import Attachment
from server_stub.contacts.queries import attachments, reports
from server_stub.intake.queries import facts_reported
from server_stub.sla.models import Clock
from server_stub.tickets import queries
from server_stub.tickets.clocks import policy_named
from server_stub.tickets.models import Ticket


class ClockBrief(Schema):
    """One promise of a ticket."""

    name: str = Field(description="response, review, resolution, progress or dwell")
    state: str = Field(description="running, paused or stopped")
    due_at: datetime | None = Field(description="null while nothing can become due")


class DeviceBrief(Schema):
    """The computer a ticket is about."""

    id: str
    name: str
    kind: str


class TicketRow(Schema):
    """A ticket as lists show it."""

    model_config = examples.answered(examples.TICKET_ROW)

    number: int
    revision: str = Field(description="for If-Match: another one after each change")
    title: str
    status: Status
    stage: str = Field(description="the policy's own word within the status")
    priority: Priority
    type: str
    level: int = Field(description="line of support, 1 to 3")
    team: str
    scope: str = Field(description="direct, integrated, extended, beyond, or the policy's own")
    chargeable: bool
    close_reason: str = Field(description="empty until it is closed")
    resolution: str = Field(description="temporary or permanent, as far as was said")
    approval: str = Field(description="asked, granted, declined, or empty")
    accepted_until: datetime | None = Field(
        description="while its condition is accepted; in the year 9999 for good"
    )
    source: Source
    client: str
    site: str | None
    device: DeviceBrief | None
    assignee: str | None = Field(description="a technician's email address")
    fingerprint: str = Field(description="of the alert it follows, empty when it follows none")
    evaluation: str = Field(description="of that alert: ok, warning, critical, unknown")
    occurrences: int
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    clocks: list[ClockBrief]


class AttachmentBrief(Schema):
    """A file that came with a report."""

    id: int
    name: str = Field(description="what the sender called it; nothing to trust")
    state: str = Field(description="arriving, kept or refused")
    media_type: str = Field(description="what it was found to be; empty until it is kept")
    size_bytes: int = Field(description="of what is kept; a picture was drawn anew")
    problem: str = Field(description="why it was refused")


class TicketWhole(TicketRow):
    """A ticket with the system details of its device and the files of its reports."""

    model_config = examples.answered(examples.TICKET)

    workaround: str = Field(description="how to get on until it is solved")
    policy: str = Field(description="name and version of the policy it follows; empty for none")
    facts: dict[str, Any]
    attachments: list[AttachmentBrief]


def row_of(ticket: Ticket, clocks: Sequence[Clock]) -> dict[str, Any]:
    """Return a ticket and its clocks as lists show them."""
    named = ("revision", "title", "status", "stage", "priority", "type", "level", "team", "scope",
             "chargeable", "close_reason", "resolution", "approval", "accepted_until", "source",
             "fingerprint", "evaluation", "occurrences", "created_at", "updated_at",
             "resolved_at")  # fmt: skip
    return {name: getattr(ticket, name) for name in named} | {
        "number": ticket.id,
        "client": ticket.client.name,
        "site": ticket.site.name if ticket.site else None,
        "device": ticket.device,
        "assignee": ticket.assignee.email if ticket.assignee else None,
        "clocks": [{"name": c.name, "state": c.state, "due_at": c.due_at} for c in clocks],
    }


def whole_answer(scope: Scope, number: int) -> HttpResponse:
    """Return a ticket with its facts as an answer, its revision as the ETag.

    Raises NotFoundError.
    """
    ticket = queries.ticket(scope, number)
    device = ticket.device
    facts = facts_reported(scope, device, ticket.facts_hash)[0] if device else {}
    facts = facts_told(facts, reports(scope, number))
    row = row_of(ticket, list(queries.clocks(scope, number)))
    files = [_file(one) for one in attachments(scope, number)]
    return _answer(
        ticket,
        TicketWhole.model_validate(
            row
            | {"workaround": ticket.workaround, "facts": facts, "attachments": files}
            | {"policy": policy_named(ticket)}
        ),
        200,
    )


def row_answer(scope: Scope, number: int, status: int = 200) -> HttpResponse:
    """Return a ticket without its facts: what is answered to an act is kept for ever."""
    ticket = queries.ticket(scope, number)
    row = row_of(ticket, list(queries.clocks(scope, number)))
    return _answer(ticket, TicketRow.model_validate(row), status)


def _file(row: Attachment) -> dict[str, Any]:
    named = ("id", "name", "state", "media_type", "problem")
    return {name: getattr(row, name) for name in named} | {"size_bytes": row.size}


def _answer(ticket: Ticket, shown: TicketRow, status: int) -> HttpResponse:
    answer = HttpResponse(shown.model_dump_json(), status=status, content_type="application/json")
    answer["ETag"] = etag(ticket.revision)
    return answer
