"""Conditions that stay as they are by agreement: until a date or for good, with a reason.

An acceptance is a closed ticket whose alert goes on: what the monitor tells of it joins the
ticket. It ends at its date, when somebody ends it, and at once when the condition gets graver.
"""

from datetime import datetime

from agent.protocol.words import Evaluation
from server_stub.errors import ConflictError, InvalidError
from server_stub.tickets.acts.moving import change, close_as
from server_stub.tickets.acts.step import NO_REASON, Reason, Step, not_closed
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import NOT_DUE, CloseReason, EntryKind
from server_stub.work.engine import call_off, plan

ACCEPTANCE_WORK = "acceptance"
"""Kind of the due work that ends an acceptance; its key is the ticket's number."""
_FIRING = (Evaluation.WARNING, Evaluation.CRITICAL, Evaluation.UNKNOWN)


def accept(until: datetime | None, reason: Reason) -> Step:
    """Accept the condition of an alert as it is, until a date or for good (None), and close."""

    def step(one: Amendment) -> None:
        ticket = one.ticket
        not_closed(ticket)
        if not ticket.alert_key or ticket.evaluation not in _FIRING:
            raise ConflictError(f"ticket {ticket.id} is of no condition that the monitor finds now")
        if until is not None and not one.at < until < NOT_DUE:
            raise InvalidError("until", "it is in the past, or not a time anybody will see")
        members = reason.told(one.policy, "acceptance", needed=True)
        ticket.accepted_until, ticket.accepted = until or NOT_DUE, ticket.evaluation
        one.tell(
            EntryKind.ACCEPTED,
            until=until.isoformat() if until else None,
            evaluation=ticket.evaluation,
            **members,
        )
        close_as(one, CloseReason.ACCEPTED)
        if until is not None:
            plan(ACCEPTANCE_WORK, str(ticket.id), until)

    return step


def end_acceptance(reason: Reason = NO_REASON) -> Step:
    """End an acceptance; a condition that is still there is worked on again."""

    def step(one: Amendment) -> None:
        if one.ticket.accepted_until is None:
            raise ConflictError(f"ticket {one.ticket.id} accepts nothing")
        ended(one, **reason.told(one.policy, "acceptance"))
        call_off(ACCEPTANCE_WORK, str(one.ticket.id))

    return step


def ended(one: Amendment, **members: object) -> None:
    """Accept no more: open again while the monitor still finds it, closed for good when not."""
    ticket = one.ticket
    ticket.accepted_until, ticket.accepted = None, ""
    still = ticket.evaluation in _FIRING
    one.tell(EntryKind.ACCEPTED, ended=True, still=still, **members)
    if still:
        stage = one.policy.stages["open"]
        one.tell(EntryKind.REOPENED, **change(one, stage))
        ticket.status, ticket.stage = stage.status.value, stage.name
        ticket.resolved_at, ticket.close_reason = None, ""
