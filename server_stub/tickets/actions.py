"""What people do with tickets: open one, and amend one by the steps of ``acts``.

    amend(scope, 17, actor, reply("On my way."), set_status(Status.WAITING), now=now)

is one transaction: all of it happens or nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from agent.protocol.strict import MAX_TEXT
from agent.protocol.words import Priority, Source, Status
from server_stub.clients.models import Client, Device, Site
from server_stub.clients.scope import Scope
from server_stub.clients.standing import Importance, Standing
from server_stub.errors import InvalidError, NotFoundError
from server_stub.tickets.acts import Grading, Person, Step, graded, join, usable_person
from server_stub.tickets.amendment import Actor, Amendment, amending
from server_stub.tickets.clocks import settle
from server_stub.tickets.models import NOT_DUE, EntryKind, Ticket, TimelineEntry
from server_stub.tickets.news import tell_device
from server_stub.tickets.routing import begin, matrix_of
from server_stub.tickets.standing import standing_at
from server_stub.tickets.texts import usable_text, usable_title

FROM_PEOPLE = (Source.API, Source.PHONE, Source.EMAIL, Source.CHAT, Source.PORTAL)
"""Where a ticket written down by a person can have come from; the others are devices' own."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket to be opened. Site and device are the client's own; ``body`` may be empty.

    ``type`` is one of the policy's, empty for the usual one. ``facts_hash`` names the facts that
    held; the device's latest when None.
    """

    client: Client
    title: str
    body: str = ""
    site: Site | None = None
    device: Device | None = None
    priority: Priority = Priority.NORMAL
    type: str = ""
    source: Source = Source.API
    facts_hash: str | None = None
    importance: str = Importance.NORMAL.value
    """Of who asks; the ticket's is the greatest of this, the client's and the device's."""
    grading: Grading | None = None
    """Of what the policy's matrix makes the priority, whatever ``priority`` says."""
    level: str = ""
    """The key of the one that the client turned to, empty: by the policy."""
    people: tuple[Person, ...] = ()
    """Who takes part from the beginning, first of all who asked."""


def amend(
    scope: Scope, number: int, actor: Actor, *steps: Step, now: datetime, seen: str | None = None
) -> Ticket:
    """Do one thing after the other to a ticket and return it as it is then.

    ``seen`` is the ``revision`` the actor looked at; None when it does not matter (a note).
    Raises NotFoundError, StaleError, and what the steps raise; then nothing was changed.
    """
    with amending(scope, number, actor, now, seen) as one:
        for step in steps:
            step(one)
    return one.ticket


@transaction.atomic
def open_ticket(scope: Scope, actor: Actor, draft: Draft, now: datetime) -> Ticket:
    """Return a new ticket with its first timeline entry and its clocks.

    One taken by phone or chat is answered at once, as the ledger sees it. Raises NotFoundError
    for a client that the scope does not show, InvalidError for texts that cannot be used and
    for a site or device of somebody else.
    """
    _check_places(scope, draft)
    title = usable_title(draft.title)
    body = draft.body.strip() and usable_text("body", draft.body, MAX_TEXT)
    people = tuple(usable_person(person) for person in draft.people)
    priority = draft.priority
    if draft.grading is not None:
        priority = graded(matrix_of(draft.client), draft.grading)
    usable = replace(draft, title=title, body=body, people=people, priority=priority)
    return store_ticket(usable, actor, now)


def store_ticket(draft: Draft, actor: Actor, now: datetime, **payload: object) -> Ticket:
    """Return the stored ticket of a checked draft, within the caller's transaction.

    ``payload`` goes with its first timeline entry.
    """
    words = standing_at(draft.client, draft.site, draft.device, now, draft.importance)
    beginning = begin(draft.client, draft.type, draft.priority, draft.source, words, draft.level)
    payload |= beginning.told
    facts_hash = draft.facts_hash
    if facts_hash is None:
        facts_hash = draft.device.facts_hash if draft.device else ""
    ticket = Ticket(
        client=draft.client,
        site=draft.site,
        device=draft.device,
        title=draft.title,
        status=Status.NEW.value,
        priority=draft.priority.value,
        type=beginning.type,
        level=beginning.level,
        chargeable=beginning.chargeable,
        source=draft.source.value,
        occurrences=1,
        facts_hash=facts_hash,
        created_at=now,
        updated_at=now,
        next_due_at=NOT_DUE,
    )
    ticket.save()
    TimelineEntry.objects.create(
        ticket=ticket,
        at=now,
        kind=EntryKind.OPENED.value,
        actor=actor.email,
        channel=draft.source.value,
        body=draft.body or draft.title,
        payload=json.dumps(_opened(draft, words) | payload, ensure_ascii=False),
    )
    _join(ticket, actor, draft.people, now)
    settle(ticket, now)
    ticket.save(update_fields=["next_due_at", "policy_version"])
    tell_device(ticket)
    ticket.refresh_from_db()  # what the database filled in
    return ticket


def _join(ticket: Ticket, actor: Actor, people: Sequence[Person], now: datetime) -> None:
    """Let people take part in a new ticket; that is nobody's touch of it."""
    one = Amendment(ticket, actor, now)
    for person in people:
        join(one, person)
    TimelineEntry.objects.bulk_create(one.entries)


def _opened(draft: Draft, words: Standing) -> dict[str, object]:
    graded_by = draft.grading._asdict() if draft.grading else {}
    grading = {name: word for name, word in graded_by.items() if word}
    return {"priority": draft.priority.value} | grading | words.told


def _check_places(scope: Scope, draft: Draft) -> None:
    if not scope.allows(draft.client.id):
        raise NotFoundError("client", draft.client.id)
    if draft.source not in FROM_PEOPLE:
        known = ", ".join(FROM_PEOPLE)
        raise InvalidError("source", f"tickets of {draft.source} come from devices; {known}")
    for field, place in (("site", draft.site), ("device", draft.device)):
        if place is not None and place.client_id != draft.client.id:
            raise InvalidError(field, f"it is not one of {draft.client.name}")
