"""One transaction of one person on one ticket: the row, its timeline and its clocks together.

The ticket is locked first. Whoever looked at it before somebody else changed it is told so, and
nothing is written; else what was done is added to the timeline, the clocks are reckoned anew
from it, and all of it is there or none.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from django.db import IntegrityError, transaction

from agent.protocol.words import Source, Status
from server_stub.audit.record import record
from server_stub.clients.scope import Scope
from server_stub.errors import ConflictError, StaleError
from server_stub.sla.account import ClockLedger, State
from server_stub.sla.terms import Policy
from server_stub.tickets.clocks import policy_followed, settle, zone_at
from server_stub.tickets.models import (
    EntryKind,
    Notice,
    NoticeKind,
    Participant,
    Ticket,
    TimelineEntry,
)
from server_stub.tickets.news import tell_device
from server_stub.tickets.queries import locked
from server_stub.tickets.telling import tell_broken
from server_stub.tickets.warnings import promise_of
from server_stub.work.engine import call_off, plan

CLOSE_WORK = "close"
"""Kind of the due work that closes a ticket nobody reopened; its key is the ticket's number."""
DECISION_WORK = "decision"
"""Kind of the due work that asks again for what is to be decided after attempts in vain."""
_HEARD = (EntryKind.CALL, EntryKind.CONFIRMED, EntryKind.REOPENED)
DESK = "role:dispatcher"
"""Who is told when a ticket is nobody's."""
SERVER = "server"
_WRITTEN = (
    *("title", "status", "stage", "priority", "type", "level", "assignee", "team", "resolved_at"),
    *("scope", "chargeable", "close_reason", "resolution", "workaround", "approval"),
    *("accepted_until", "accepted", "touched", "version", "updated_at", "next_due_at"),
    "policy_version",
)
"""The columns that acts write; the others are the monitor's and stay as it left them."""


_VIA = {"": "page", Source.API.value: "api"}
"""How people of the desk come; what contacts do at their computers is on the timeline alone."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, by email address, and the way they came (a source; empty from our own pages)."""

    email: str
    channel: str = ""

    @property
    def is_server(self) -> bool:
        """Tell whether it is the server itself, by what a policy says: nobody's touch."""
        return self.email == SERVER


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
    notices: list[Notice] = field(default_factory=list)
    _policy: Policy | None = None
    _was_resolved_at: datetime | None = None
    _was_status: str = ""

    def __post_init__(self) -> None:
        """Remember what it was."""
        self._was_status, self._was_resolved_at = self.ticket.status, self.ticket.resolved_at

    @property
    def policy(self) -> Policy:
        """Return the policy version the ticket follows; one of no promises when there is none."""
        if self._policy is None:
            self._policy = policy_followed(self.ticket)
        return self._policy

    @property
    def zone(self) -> tzinfo:
        """Return the time zone of the ticket's site; UTC when it has none that is known."""
        return zone_at(self.ticket)

    @property
    def told(self) -> list[TimelineEntry]:
        """Return the whole timeline, with what this amendment adds."""
        rows = TimelineEntry.objects.filter(ticket=self.ticket).order_by("id")
        return [*rows, *self.entries]

    @property
    def owner(self) -> str:
        """Return who is told of what must be decided: who works on it, else the desk."""
        return self.ticket.assignee.email if self.ticket.assignee else DESK

    def tell(self, kind: EntryKind, body: str = "", /, **payload: object) -> None:
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

    def notify(
        self,
        to: str,
        kind: NoticeKind,
        text: str,
        send_at: datetime | None = None,
        promise: str = "",
    ) -> None:
        """Let somebody be told, not before ``send_at``: an address, or ``role:`` and its name.

        ``promise``: the one a warning is of (``warnings.promise_of``).
        """
        self.notices.append(
            Notice(
                ticket=self.ticket,
                kind=kind.value,
                to=to,
                promise=promise,
                text=text,
                at=self.at,
                send_at=max(send_at or self.at, self.at),
            )
        )

    def notify_participants(self, kind: NoticeKind, text: str) -> None:
        """Let everybody who takes part or watches be told, as far as they have an address."""
        rows = Participant.objects.filter(ticket=self.ticket).exclude(email="")
        for email in sorted(set(rows.values_list("email", flat=True))):
            self.notify(email, kind, text)

    @contextmanager
    def beside(self, other: Ticket) -> Iterator["Amendment"]:
        """Amend another ticket, locked by the caller, in the same transaction."""
        there = Amendment(other, self.actor, max(self.at, other.updated_at))
        yield there
        there.write()

    def write(self) -> None:
        """Write everything; nothing when nothing was told."""
        if not self.entries:
            return
        tell_broken(self)
        TimelineEntry.objects.bulk_create(self.entries)
        Notice.objects.bulk_create(self.notices)
        if not self.actor.is_server:
            self.ticket.touched = True
            self.ticket.version += 1
        self.ticket.updated_at = self.at
        self._plan_closing()
        self._end_decision()
        self._withdraw(settle(self.ticket, self.at))
        self.ticket.save(update_fields=_WRITTEN)
        tell_device(self.ticket)
        self._note()

    def _note(self) -> None:
        """Write down what a person of the desk did, for the audit log."""
        via = _VIA.get(self.actor.channel)
        if via is None or "@" not in self.actor.email:
            return
        kinds = ", ".join(dict.fromkeys(entry.kind for entry in self.entries))
        subject = f"ticket {self.ticket.id}"
        record(self.actor.email, via, kinds, subject, client_id=self.ticket.client_id, now=self.at)

    def _withdraw(self, clocks: Sequence[ClockLedger]) -> None:
        """Let nobody be warned in their morning of what was answered or resolved in the night.

        Nor of a promise that another one has taken the place of. While clocks cannot be reckoned
        every warning stays.
        """
        kept = {"", *(promise_of(one) for one in clocks if one.state is not State.STOPPED)}
        unsent = Notice.objects.filter(
            ticket=self.ticket,
            kind=NoticeKind.WARNING.value,
            sent_at__isnull=True,
            send_at__gt=self.at,
        )
        if self.ticket.is_resolved:
            unsent.delete()
        elif clocks:
            unsent.exclude(promise__in=kept).delete()

    def _end_decision(self) -> None:
        """Ask no more what to do about a client who was heard of, or of what is settled."""
        heard = (one.kind in _HEARD or one.tree.get("by") == "contact" for one in self.entries)
        if self.ticket.is_resolved or any(heard):
            call_off(DECISION_WORK, str(self.ticket.id))

    def _plan_closing(self) -> None:
        """Let a resolved ticket be closed when the policy's time has passed without a word."""
        ticket = self.ticket
        if (ticket.status, ticket.resolved_at) == (self._was_status, self._was_resolved_at):
            return
        after = self.policy.procedure.auto_close_after
        if ticket.status == Status.RESOLVED and ticket.resolved_at and after is not None:
            plan(CLOSE_WORK, str(ticket.id), ticket.resolved_at + after)
        elif self._was_status == Status.RESOLVED:
            call_off(CLOSE_WORK, str(ticket.id))


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
