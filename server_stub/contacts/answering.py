"""What contacts say to their tickets later: a reply, whether it works, how content they are.

Part of the caller's transaction, for one device alone: a ticket that no report of that account
went to is not found, whoever it belongs to. What was typed is kept in any case; a move of the
ticket that cannot be made is the desk's to decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.protocol.replies import Reply
from agent.protocol.words import Priority, ReplyKind, Source, Status
from server_stub.clients.models import Device
from server_stub.clients.scope import Scope
from server_stub.clients.standing import greatest
from server_stub.contacts.filing import ACTOR, BY_CONTACT
from server_stub.contacts.models import Report
from server_stub.errors import ConflictError, InvalidError, NotFoundError
from server_stub.knowledge.actions import count_solution
from server_stub.tickets import acts
from server_stub.tickets.actions import Draft, amend, store_ticket
from server_stub.tickets.acts import Step
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import EntryKind, Link, LinkKind, NoticeKind, Participant, Ticket
from server_stub.tickets.routing import usable_type
from server_stub.tickets.standing import standing_of
from server_stub.tickets.thanks import is_new_matter, is_thanks


@dataclass(frozen=True, slots=True)
class _Said:
    """One reply, whose report it is of, and the ticket that it is said to by now."""

    reply: Reply
    report: Report
    ticket: Ticket

    @property
    def wants_work(self) -> bool:
        """Tell whether there is something to be done by it."""
        if self.reply.kind is ReplyKind.CONFIRM:
            return not self.reply.fixed
        return bool(self.reply.escalate) or not is_thanks(self.reply.text)

    @property
    def by(self) -> dict[str, object]:
        """Return what the timeline tells of who said it."""
        known = "" if self.report.shared else self.report.contact.name
        name = self.report.tree.get("name") or known or self.reply.account_name
        return {"by": ACTOR, "account": self.reply.account, "name": name}


def answer(device: Device, reply: Reply, now: datetime) -> Ticket | None:
    """Do what a contact says to a ticket, and return it; None when a note helped without one.

    Raises NotFoundError for a ticket that no report of this account went to.
    """
    if reply.ticket is None:
        count_solution(device.client, reply.note or "", now)
        return None
    report = (
        Report.objects.filter(
            ticket=reply.ticket, contact__device=device, contact__account=reply.account
        )
        .order_by("id")
        .last()
    )
    if report is None:
        raise NotFoundError("ticket", reply.ticket)
    said = _Said(reply, report, report.ticket)
    if reply.kind is ReplyKind.RATE:
        return _amended(said, _rated(said), now)
    said = _of(report, reply, acts.original_of(report.ticket))
    while said.wants_work and is_new_matter(said.ticket, now):
        follower = _follower(said)
        if follower is None:
            return _followed(device, said, now)
        said = _of(report, reply, follower)
    step = _confirmed(said) if reply.kind is ReplyKind.CONFIRM else _replied(said)
    try:
        return _amended(said, step, now)
    except ConflictError:  # the monitor opened another ticket meanwhile: now it can be seen
        return _amended(said, step, now)


def _of(report: Report, reply: Reply, number: int) -> _Said:
    """Return a reply as it is said to a ticket, where the contact may have another report."""
    own = Report.objects.filter(ticket=number, contact=report.contact).order_by("id").last()
    ticket = Ticket.objects.select_related("client", "site").get(id=number)
    return _Said(reply, own or report, ticket)


def _amended(said: _Said, step: Step, now: datetime) -> Ticket:
    return amend(Scope.of([said.ticket.client_id]), said.ticket.id, BY_CONTACT, step, now=now)


def _replied(said: _Said) -> Step:
    """Say something; whoever waited for it works on, and what was settled is not."""

    def step(one: Amendment) -> None:
        if one.ticket.is_resolved and said.wants_work:
            _if_possible(one, acts.reopen())
        appeal = acts.appeal(said.reply.text, **said.by)
        if not (said.reply.escalate and _if_possible(one, appeal)):
            one.tell(EntryKind.REPLY, said.reply.text, **said.by)
        if one.policy.stage(one.ticket.stage, one.ticket.status).waits_for_client:
            _if_possible(one, acts.set_status(Status.OPEN))

    return step


def _confirmed(said: _Said) -> Step:
    """Say whether it works: a resolved ticket is closed, or open again."""
    fixed = bool(said.reply.fixed)

    def step(one: Amendment) -> None:
        Report.objects.filter(id=said.report.id).update(confirmed=fixed)
        if not fixed and one.ticket.is_resolved:
            _if_possible(one, acts.reopen())
        one.tell(EntryKind.CONFIRMED, said.reply.text, fixed=fixed, **said.by)
        if fixed and one.ticket.status == Status.RESOLVED:
            _if_possible(one, acts.set_status(Status.CLOSED))

    return step


def _rated(said: _Said) -> Step:
    """Say how content one was; it changes nothing else."""
    stars = said.reply.stars

    def step(one: Amendment) -> None:
        Report.objects.filter(id=said.report.id).update(stars=stars)
        one.tell(EntryKind.RATED, said.reply.text, stars=stars, **said.by)

    return step


def _if_possible(one: Amendment, move: Step) -> bool:
    """Make a move that a contact's words ask for; where it cannot be made, ask the desk.

    Their words are kept in any case: the computer that sends them cannot mend why not. Returns
    whether it was made.
    """
    try:
        move(one)
    except (ConflictError, InvalidError) as error:
        asks = f"The client of ticket {one.ticket.id} wrote: decide what becomes of it. {error}"
        one.tell(EntryKind.DECISION, asks, state="asked")
        one.notify(one.owner, NoticeKind.DECISION, asks)
        return False
    return True


def _follower(said: _Said) -> int | None:
    """Return the ticket that what this contact said later of a settled one was put on, if any."""
    rows = Link.objects.filter(
        other=said.ticket, kind=LinkKind.FOLLOWS.value, ticket__reports__contact=said.report.contact
    )
    number = rows.order_by("-id").values_list("ticket", flat=True).first()
    return acts.original_of(Ticket.objects.get(id=number)) if number else None


def _followed(device: Device, said: _Said, now: datetime) -> Ticket:
    """Open a new ticket for what is said of a settled one, linked to it.

    It is of the old one's type, where tickets may begin as one, matters as much at least, and
    has the same participants.
    """
    before, report = said.ticket, said.report
    scope = Scope.of([device.client_id])
    draft = Draft(
        client=device.client,
        site=device.site,
        device=device,
        title=before.title,
        body=said.reply.text,
        priority=Priority(before.priority),
        type=usable_type(device.client, before.type),
        source=Source.TRAY,
        importance=greatest(standing_of(scope, before.id).importance, report.contact.importance),
    )
    ticket = store_ticket(draft, BY_CONTACT, now, follows=before.id, **said.by)
    if said.reply.kind is ReplyKind.CONFIRM:
        Report.objects.filter(id=report.id).update(confirmed=False)
    Report.objects.create(
        ticket=ticket,
        contact=report.contact,
        envelope_id=said.reply.id,
        shared=report.shared,
        payload=report.payload,
        at=now,
    )
    steps = [acts.link(before.id, LinkKind.FOLLOWS), *_joining(before)]
    return amend(scope, ticket.id, BY_CONTACT, *steps, now=now)


def _joining(before: Ticket) -> Sequence[Step]:
    rows = Participant.objects.filter(ticket=before, watches=False).order_by("id")
    return [acts.add_participant(acts.Person(row.name, row.email, row.contact)) for row in rows]
