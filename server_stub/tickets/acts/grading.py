"""What a ticket is and how pressing: title, type, priority from the policy's matrix, dates."""

from datetime import datetime
from typing import NamedTuple

from agent.protocol.words import Priority
from server_stub.errors import ConflictError, InvalidError
from server_stub.sla.promise import said
from server_stub.sla.terms import Kind, Matrix
from server_stub.tickets.acts.approving import ask_approval, become
from server_stub.tickets.acts.step import MAX_REASON, NO_REASON, Reason, Step, not_closed
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.clocks import target_now
from server_stub.tickets.models import EntryKind, TimelineEntry
from server_stub.tickets.teams import demand_member
from server_stub.tickets.texts import usable_text, usable_title


def set_title(title: str) -> Step:
    """Call a ticket something else."""
    text = usable_title(title)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        before = one.ticket.title
        if before != text:
            one.ticket.title = text
            one.tell(EntryKind.TITLE, from_=before, to=text)

    return step


def set_priority(priority: Priority, reason: Reason | str = NO_REASON) -> Step:
    """Make a ticket more or less pressing; ``reason`` says why, because it moves promises."""
    why = Reason(text=reason) if isinstance(reason, str) else reason

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        before = one.ticket.priority
        if before == priority:
            return
        if not (why.key or why.text.strip()) and "priority" not in one.policy.reasons:
            raise InvalidError("reason", "say why the priority changes: it moves what is promised")
        members = why.told(one.policy, "priority", needed=True)
        one.ticket.priority = priority.value
        one.tell(EntryKind.PRIORITY, from_=before, to=priority.value, **members)

    return step


class Grading(NamedTuple):
    """How bad something is, in words of the policy's matrix."""

    urgency: str
    impact: str
    complexity: str = ""


def graded(matrix: Matrix, grading: Grading) -> Priority:
    """Return the priority that a matrix makes. Raises InvalidError for words it does not know."""
    asked = (matrix.urgencies, matrix.impacts, matrix.complexities)
    for field, given, words in zip(Grading._fields, grading, asked, strict=True):
        if given not in words and (given or words):
            there = f"one of {', '.join(words)}" if words else "this policy does not ask for it"
            raise InvalidError(field, there)
    found = matrix.priority(*grading)
    if found is None:
        raise InvalidError("urgency", "the policy's matrix has no priority for these together")
    return found


def grade(urgency: str, impact: str, complexity: str = "", reason: Reason = NO_REASON) -> Step:
    """Let the policy's matrix say how pressing it is; whoever knows better sets the priority.

    ``reason`` may say why it is graded so; that the matrix did it, is said without one. Once a
    person has set the priority another one needs a reason, as it does of ``set_priority``.
    """
    why = reason.text.strip() and usable_text("reason", reason.text, MAX_REASON)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        found = graded(one.policy.matrix, Grading(urgency, impact, complexity))
        before = one.ticket.priority
        members = {"reason": why or "by the policy's matrix"}
        if reason.key or (before != found and _is_set_by_person(one)):
            members = reason.told(one.policy, "priority", needed=True)
        one.ticket.priority = found.value
        one.tell(
            EntryKind.PRIORITY,
            from_=before,
            to=found.value,
            urgency=urgency,
            impact=impact,
            complexity=complexity or None,
            **members,
        )

    return step


def _is_set_by_person(one: Amendment) -> bool:
    rows = TimelineEntry.objects.filter(ticket=one.ticket, kind=EntryKind.PRIORITY.value)
    return rows.filter(actor__contains="@").exists()


def set_type(name: str, reason: Reason = NO_REASON) -> Step:
    """Make a ticket another type of the policy's; one that needs approval is asked for instead."""

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        terms = one.policy.types.get(name)
        if terms is None:
            raise InvalidError("type", f"there is none of this name: {', '.join(one.policy.types)}")
        if one.ticket.type == name:
            return
        members = reason.told(one.policy, "type")
        if terms.approval:
            ask_approval(one, name, terms, members)
        else:
            become(one, name, **members)

    return step


def set_date(clock: str, due_at: datetime, reason: Reason = NO_REASON) -> Step:
    """Set the date by which something is promised, where the policy leaves it to a named role.

    Raises ConflictError where it does not, ForbiddenError for who has not that role once somebody
    has it.
    """

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        if due_at <= one.at:
            raise InvalidError("due_at", "it is in the past")
        target = target_now(one, clock)
        if target is None or target.kind is not Kind.SET:
            promised = f"the policy promises {said(target)}" if target else "nothing is promised"
            raise ConflictError(f"nobody sets a date for the {clock}: {promised}")
        demand_member(target.set_by, one.actor.email, "this date")
        members = reason.told(one.policy, "date")
        one.tell(EntryKind.DATE_SET, clock=clock, to=due_at.isoformat(), **members)

    return step
