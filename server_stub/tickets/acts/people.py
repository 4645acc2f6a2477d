"""Who works on a ticket, who watches it and who takes part in it."""

from dataclasses import dataclass

from server_stub.errors import ConflictError, ForbiddenError, InvalidError
from server_stub.tickets.acts.moving import taken_up
from server_stub.tickets.acts.step import NOT_ASSIGNABLE, Assignee, Step, not_closed
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import EntryKind, Participant
from server_stub.tickets.texts import usable_line

MAX_TEAM = 40
MAX_PARTICIPANTS = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the client's: name, email address, the number of a known contact (0: none)."""

    name: str = ""
    email: str = ""
    contact: int = 0


def assign(assignee: Assignee | None, *, from_others: bool = True) -> Step:
    """Give a ticket to a technician, or to nobody. A new ticket that got somebody is open.

    Without ``from_others`` a ticket that is another colleague's is refused (ForbiddenError): it
    may be handed on by the one who has it, and by those whose role says so.
    """

    def step(one: Amendment) -> None:
        ticket = one.ticket
        not_closed(ticket)
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
            taken_up(one)

    return step


def set_team(team: str) -> Step:
    """Give a ticket to a team, by its name; empty: to none."""
    name = team.strip() and usable_line("team", team, MAX_TEAM)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        before = one.ticket.team
        if before != name:
            one.ticket.team = name
            one.tell(EntryKind.TEAM, from_=before, to=name)

    return step


def add_participant(person: Person) -> Step:
    """Let somebody of the client's get the ticket's notices."""
    usable = usable_person(person)

    def step(one: Amendment) -> None:
        join(one, usable)

    return step


def remove_participant(number: int) -> Step:
    """Let a participant or watcher get no more notices, by their number."""

    def step(one: Amendment) -> None:
        row = Participant.objects.filter(ticket=one.ticket, id=number).first()
        if row is None:
            raise InvalidError("participant", "nobody of this number takes part in this ticket")
        row.delete()
        one.tell(EntryKind.LEFT, who=row.name or row.email, watches=row.watches or None)

    return step


def watch(watcher: Assignee, *, on: bool = True) -> Step:
    """Let a technician get what participants get, or no more."""

    def step(one: Amendment) -> None:
        if not watcher.scope.allows(one.ticket.client_id):
            raise InvalidError("watcher", NOT_ASSIGNABLE)
        rows = Participant.objects.filter(ticket=one.ticket, email=watcher.email, watches=True)
        if on == rows.exists():
            return
        if on:
            _room(one)
            Participant.objects.create(
                ticket=one.ticket, email=watcher.email, watches=True, at=one.at
            )
        else:
            rows.delete()
        one.tell(EntryKind.JOINED if on else EntryKind.LEFT, who=watcher.email, watches=True)

    return step


def usable_person(person: Person) -> Person:
    """Return somebody as they are kept. Raises InvalidError for who cannot be told anything."""
    name = person.name.strip() and usable_line("name", person.name, 200)
    email = _address(person.email) if person.email.strip() else ""
    if not (email or person.contact):
        raise InvalidError("email", "without an address there is no way to tell them anything")
    return Person(name, email, person.contact)


def join(one: Amendment, person: Person, by_ticket: int = 0) -> None:
    """Add a participant who is none yet; ``by_ticket`` is the duplicate that brought them."""
    same = Participant.objects.filter(
        ticket=one.ticket, contact=person.contact, email=person.email, watches=False
    )
    if same.exists():
        return
    _room(one)
    Participant.objects.create(
        ticket=one.ticket,
        email=person.email,
        name=person.name,
        contact=person.contact,
        by_ticket=by_ticket,
        at=one.at,
    )
    one.tell(EntryKind.JOINED, who=person.name or person.email, by_ticket=by_ticket or None)


def _room(one: Amendment) -> None:
    if Participant.objects.filter(ticket=one.ticket).count() >= MAX_PARTICIPANTS:
        raise ConflictError(f"ticket {one.ticket.id} has {MAX_PARTICIPANTS} participants: enough")


def _address(text: str) -> str:
    email = usable_line("email", text, 254).lower()
    name, at, host = email.rpartition("@")
    if not (name and at and "." in host) or any(c.isspace() for c in email):
        raise InvalidError("email", "this is no email address")
    return email
