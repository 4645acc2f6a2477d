"""What a person can do to a ticket. Each function returns a step for ``actions.amend``.

A step that changes nothing (the priority it has already) tells nothing. Steps raise InvalidError
for what cannot be right and ConflictError for what cannot be done as the ticket stands.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agent.protocol.strict import MAX_TEXT
from agent.protocol.words import Priority, Status
from server_stub.clients.scope import Scope
from server_stub.errors import ConflictError, ForbiddenError, InvalidError
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import EntryKind, Ticket
from server_stub.tickets.texts import usable_text, usable_title

MAX_REASON = 1_000
NOT_ASSIGNABLE = "no technician of this address sees this ticket"

Step = Callable[[Amendment], None]


@dataclass(frozen=True, slots=True)
class Assignee:
    """Who may be given tickets: the technician's id, email address, and whose tickets they see."""

    id: int
    email: str
    scope: Scope


def reply(body: str) -> Step:
    """Answer the client. A new ticket is open from then on."""
    text = usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        _not_closed(one.ticket)
        one.tell(EntryKind.REPLY, text)
        _taken_up(one)

    return step


def note(body: str) -> Step:
    """Note something for colleagues; the client does not see it."""
    text = usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        one.tell(EntryKind.NOTE, text)

    return step


def assign(assignee: Assignee | None, *, from_others: bool = True) -> Step:
    """Give a ticket to a technician, or to nobody. A new ticket that got somebody is open.

    Without ``from_others`` a ticket that is another colleague's is refused (ForbiddenError): it
    may be handed on by the one who has it, and by those whose role says so.
    """

    def step(one: Amendment) -> None:
        ticket = one.ticket
        _not_closed(ticket)
        before = ticket.assignee.email if ticket.assignee else ""
        if assignee and not assignee.scope.allows(ticket.client_id):
            raise InvalidError("assignee", NOT_ASSIGNABLE)
        after = assignee.email if assignee else ""
        if after == before:
            return
        if before and before != one.actor.email and not from_others:
            raise ForbiddenError(f"ticket {ticket.id} is {before}'s: a dispatcher can reassign it")
        ticket.assignee_id = assignee.id if assignee else None
        one.tell(EntryKind.ASSIGNED, from_=before, to=after)
        if assignee:
            _taken_up(one)

    return step


def set_priority(priority: Priority, reason: str) -> Step:
    """Make a ticket more or less pressing; ``reason`` says why, because it moves promises."""
    why = reason.strip() and usable_text("reason", reason, MAX_REASON)

    def step(one: Amendment) -> None:
        _not_closed(one.ticket)
        before = one.ticket.priority
        if before == priority:
            return
        if not why:
            raise InvalidError("reason", "say why the priority changes: it moves what is promised")
        one.ticket.priority = priority.value
        one.tell(EntryKind.PRIORITY, from_=before, to=priority.value, reason=why)

    return step


def set_title(title: str) -> Step:
    """Call a ticket something else."""
    text = usable_title(title)

    def step(one: Amendment) -> None:
        _not_closed(one.ticket)
        before = one.ticket.title
        if before != text:
            one.ticket.title = text
            one.tell(EntryKind.TITLE, from_=before, to=text)

    return step


def set_status(status: Status) -> Step:
    """Move a ticket: open, waiting (for the client), resolved, closed (once it is resolved)."""

    def step(one: Amendment) -> None:
        now = Status(one.ticket.status)
        if status is now:
            return
        if status is Status.NEW:
            raise InvalidError("status", "a ticket that was worked on is never new again: open")
        if status is Status.RESOLVED:
            resolve()(one)
            return
        if status is Status.CLOSED:
            if now is not Status.RESOLVED:
                raise ConflictError(f"ticket {one.ticket.id} is {now}: resolve it before closing")
        elif one.ticket.is_resolved:
            reopen()(one)
            if status is Status.OPEN:
                return
        _move(one, status)

    return step


def resolve(body: str = "") -> Step:
    """Say that the matter is settled, and how."""
    text = body.strip() and usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        ticket = one.ticket
        if ticket.resolved_at:
            raise ConflictError(
                f"ticket {ticket.id} is {ticket.status} already, since "
                f"{ticket.resolved_at:%Y-%m-%d %H:%M} UTC"
            )
        one.tell(EntryKind.RESOLVED, text, from_=ticket.status, to=Status.RESOLVED.value)
        ticket.status = Status.RESOLVED.value
        ticket.resolved_at = one.at

    return step


def reopen(body: str = "") -> Step:
    """Say that it is not settled after all, and why."""
    text = body.strip() and usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        ticket = one.ticket
        if not ticket.is_resolved:
            raise ConflictError(
                f"ticket {ticket.id} is {ticket.status}: there is nothing to reopen"
            )
        _alone_with_its_alert(ticket)
        one.tell(EntryKind.REOPENED, text, from_=ticket.status, to=Status.OPEN.value)
        ticket.status = Status.OPEN.value
        ticket.resolved_at = None

    return step


def _taken_up(one: Amendment) -> None:
    """A ticket somebody answers or has been given is not new any more."""
    if one.ticket.status == Status.NEW:
        _move(one, Status.OPEN)


def _move(one: Amendment, status: Status) -> None:
    one.tell(EntryKind.STATUS, from_=one.ticket.status, to=status.value)
    one.ticket.status = status.value


def _not_closed(ticket: Ticket) -> None:
    if ticket.status == Status.CLOSED:
        raise ConflictError(f"ticket {ticket.id} is closed: reopen it first")


def _alone_with_its_alert(ticket: Ticket) -> None:
    """Refuse a second unresolved ticket of one alert."""
    if ticket.alert_key is None:
        return
    same = Ticket.objects.filter(
        client=ticket.client_id, alert_key=ticket.alert_key, resolved_at__isnull=True
    ).first()
    if same:
        raise ConflictError(
            f"the alert of ticket {ticket.id} came back as ticket {same.id}, which is "
            f"{same.status}: work on that one"
        )
