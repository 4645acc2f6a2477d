"""Tickets that belong together: duplicates, parents, what follows what."""

from collections.abc import Iterable, Sequence

from agent.protocol.words import Status
from server_stub.errors import ConflictError, InvalidError, NotFoundError
from server_stub.tickets.acts.moving import close_as, is_firing
from server_stub.tickets.acts.people import Person, join
from server_stub.tickets.acts.step import Step
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import (
    CloseReason,
    EntryKind,
    Link,
    LinkKind,
    Participant,
    Ticket,
)

_DEEPEST = 20


def make_duplicate(original: int, requesters: Sequence[Person] = ()) -> Step:
    """Close a ticket as the duplicate of another one of its client.

    ``requesters`` are who reported it: they take part in the original from then on, as do its
    participants. What is replied to it lands on the original.
    """

    def step(one: Amendment) -> None:
        ticket = one.ticket
        other = _other(one, original)
        if ticket.status == Status.CLOSED:
            raise ConflictError(f"ticket {ticket.id} is closed already")
        if other.links.filter(kind=LinkKind.DUPLICATE.value).exists():
            raise ConflictError(f"ticket {original} is a duplicate itself: link to its original")
        if ticket.linked_by.filter(kind=LinkKind.DUPLICATE.value).exists():
            raise ConflictError(f"ticket {ticket.id} has duplicates of its own: unlink them first")
        if other.is_resolved:
            raise ConflictError(f"ticket {original} is {other.status}: reopen it first")
        if is_firing(ticket):
            raise ConflictError(
                f"the monitor still finds the condition of ticket {ticket.id}: make ticket "
                f"{original} the duplicate of this one, or this one its child"
            )
        add_link(one, other, LinkKind.DUPLICATE)
        close_as(one, CloseReason.DUPLICATE)
        joining = [*requesters, *_participants(ticket)]
        with one.beside(other) as there:
            there.tell(
                EntryKind.LINKED, kind=LinkKind.DUPLICATE.value, ticket=ticket.id, other=other.id
            )
            for person in joining:
                if person.email or person.contact:
                    join(there, person, by_ticket=ticket.id)

    return step


def link(other: int, kind: LinkKind) -> Step:
    """Let a ticket be the child of another, follow it, or simply be related to it."""

    def step(one: Amendment) -> None:
        if kind is LinkKind.DUPLICATE:
            raise InvalidError("kind", "a duplicate is closed: that is an act of its own")
        there = _other(one, other)
        if kind is LinkKind.CHILD:
            _check_no_ring(one.ticket, there)
        add_link(one, there, kind)
        with one.beside(there) as beside:
            beside.tell(EntryKind.LINKED, kind=kind.value, ticket=one.ticket.id, other=there.id)

    return step


def unlink(other: int, kind: LinkKind) -> Step:
    """Take a link back; a duplicate stays closed until somebody reopens it."""

    def step(one: Amendment) -> None:
        there = _other(one, other)
        gone, _ = Link.objects.filter(ticket=one.ticket, other=there, kind=kind.value).delete()
        if not gone:
            raise ConflictError(f"ticket {one.ticket.id} is no {kind} of ticket {other}")
        one.tell(EntryKind.UNLINKED, kind=kind.value, ticket=one.ticket.id, other=there.id)
        with one.beside(there) as beside:
            beside.tell(EntryKind.UNLINKED, kind=kind.value, ticket=one.ticket.id, other=there.id)
            brought = Participant.objects.filter(ticket=there, by_ticket=one.ticket.id)
            if kind is LinkKind.DUPLICATE:
                for person in brought:
                    beside.tell(EntryKind.LEFT, who=person.name or person.email)
                brought.delete()

    return step


def add_link(one: Amendment, other: Ticket, kind: LinkKind) -> None:
    """Write one link and tell of it on the ticket it begins at."""
    rows = Link.objects.filter(ticket=one.ticket)
    if rows.filter(other=other, kind=kind.value).exists():
        raise ConflictError(f"ticket {one.ticket.id} is a {kind} of ticket {other.id} already")
    if kind is LinkKind.CHILD and rows.filter(kind=kind.value).exists():
        raise ConflictError(f"ticket {one.ticket.id} has a parent already: unlink it first")
    Link.objects.create(
        ticket=one.ticket, other=other, kind=kind.value, at=one.at, actor=one.actor.email
    )
    one.tell(EntryKind.LINKED, kind=kind.value, ticket=one.ticket.id, other=other.id)


def original_of(ticket: Ticket) -> int:
    """Return the number of the ticket whose duplicate this is; its own when it is none."""
    rows = Link.objects.filter(ticket=ticket, kind=LinkKind.DUPLICATE.value)
    return rows.values_list("other", flat=True).first() or ticket.id


def _other(one: Amendment, number: int) -> Ticket:
    """Return another ticket of the same client, locked; foreign and missing are told alike."""
    if number == one.ticket.id:
        raise InvalidError("other", "that is this ticket itself")
    rows = Ticket.objects.select_for_update(of=("self",)).select_related("client", "site")
    row = rows.filter(id=number, client=one.ticket.client_id).first()
    if row is None:
        raise NotFoundError("ticket", number)
    return row


def _check_no_ring(ticket: Ticket, parent: Ticket) -> None:
    at: int | None = parent.id
    for _ in range(_DEEPEST):
        if at == ticket.id:
            raise ConflictError(f"ticket {parent.id} is below ticket {ticket.id} already")
        rows = Link.objects.filter(ticket=at, kind=LinkKind.CHILD.value)
        at = rows.values_list("other", flat=True).first()
        if at is None:
            return
    raise ConflictError(f"ticket {parent.id} has too many tickets above it")


def _participants(ticket: Ticket) -> Iterable[Person]:
    for row in Participant.objects.filter(ticket=ticket, watches=False).order_by("id"):
        yield Person(row.name, row.email, row.contact)
