"""One transaction of one person on one ticket: the row, its timeline and its clocks together.

The ticket is locked first. Whoever looked at it before somebody else changed it is told so, and
nothing is written; else what was done is added to the timeline, the clocks are reckoned anew
from it, and all of it is there or none.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from server_stub.clients.scope import Scope
from server_stub.errors import ConflictError, StaleError
from server_stub.tickets.clocks import settle
from server_stub.tickets.models import EntryKind, Ticket, TimelineEntry
from server_stub.tickets.news import tell_device
from server_stub.tickets.queries import locked

_WRITTEN = (
    *("title", "status", "priority", "assignee", "resolved_at"),
    *("touched", "version", "updated_at", "next_due_at"),
)
"""The columns that people's acts write; the others are the monitor's and stay as it left them."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, by email address, and the way they came (a source; empty from our own pages)."""

    email: str
    channel: str = ""


@dataclass(slots=True)
class Amendment:
    """What one person does to one ticket, gathered until the end of the transaction.

    ``at`` is the instant of all of it; never before the ticket's last change, because clocks of
    servers differ and a timeline is read in the order of its instants.
    """

    ticket: Ticket
    actor: Actor
    at: datetime
    entries: list[TimelineEntry] = field(default_factory=list)

    def tell(self, kind: EntryKind, body: str = "", **payload: object) -> None:
        """Add an entry to the timeline; ``from_`` in the payload is written ``from``."""
        tree = {name.rstrip("_"): value for name, value in payload.items() if value is not None}
        self.entries.append(
            TimelineEntry(
                ticket=self.ticket,
                at=self.at,
                kind=kind.value,
                actor=self.actor.email,
                channel=self.actor.channel,
                body=body,
                payload=json.dumps(tree, ensure_ascii=False) if tree else "",
            )
        )

    def write(self) -> None:
        """Write everything; nothing when nothing was told."""
        if not self.entries:
            return
        TimelineEntry.objects.bulk_create(self.entries)
        self.ticket.touched = True
        self.ticket.version += 1
        self.ticket.updated_at = self.at
        settle(self.ticket, self.at)
        self.ticket.save(update_fields=_WRITTEN)
        tell_device(self.ticket)


@contextmanager
def amending(
    scope: Scope, number: int, actor: Actor, now: datetime, seen: str | None = None
) -> Iterator[Amendment]:
    """Make the block one amendment of a ticket; ``seen`` is the revision the actor looked at.

    Raises NotFoundError, StaleError when the ticket is at another revision by now, and
    ConflictError when its alert got another ticket in this very moment.
    """
    try:
        with transaction.atomic():
            ticket = locked(scope, number)
            if seen not in (None, ticket.revision):
                raise StaleError("ticket", number, ticket.revision)
            one = Amendment(ticket, actor, max(now, ticket.updated_at))
            yield one
            one.write()
    except IntegrityError as error:
        raise ConflictError(
            f"ticket {number} cannot be changed just now: the monitor opened another one for "
            "the same alert a moment ago"
        ) from error
