"""What needs somebody's approval before a ticket becomes it: asked, granted or declined."""

from server_stub.errors import ConflictError
from server_stub.sla.terms import TypeTerms
from server_stub.tickets.acts.step import NO_REASON, Reason, Step, not_closed
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import Approval, EntryKind, NoticeKind, TimelineEntry
from server_stub.tickets.teams import demand_member

_WITHDRAWN = "withdrawn"


def ask_approval(one: Amendment, name: str, terms: TypeTerms, members: dict[str, str]) -> None:
    """Ask whether a ticket may become this type; whoever approves is told."""
    if one.ticket.approval == Approval.ASKED:
        raise ConflictError(f"ticket {one.ticket.id} waits for an approval already")
    one.ticket.approval = Approval.ASKED.value
    one.tell(
        EntryKind.APPROVAL,
        state=Approval.ASKED.value,
        type=name,
        approver=terms.approver,
        **members,
    )
    asks = f"Ticket {one.ticket.id} is to become {terms.title}: approve or decline it."
    one.notify(f"role:{terms.approver or 'approver'}", NoticeKind.APPROVAL, asks)


def withdraw(one: Amendment) -> None:
    """Ask for an approval no more, where it is asked for."""
    if one.ticket.approval == Approval.ASKED:
        asked = _asked_type(one)
        one.ticket.approval = ""
        one.tell(EntryKind.APPROVAL, state=_WITHDRAWN, type=asked)


def become(one: Amendment, name: str, **members: object) -> None:
    """Be another type from now on, charged for as the policy says of it; none is asked for."""
    withdraw(one)
    one.tell(EntryKind.TYPE, from_=one.ticket.type, to=name, **members)
    one.ticket.type = name
    terms = one.policy.types.get(name)
    if terms and terms.chargeable != one.ticket.chargeable:
        one.ticket.chargeable = terms.chargeable
        one.tell(EntryKind.CHARGEABLE, to=terms.chargeable)


def decide(*, granted: bool, reason: Reason = NO_REASON) -> Step:
    """Grant or decline what was asked for; a refusal says why."""

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        if one.ticket.approval != Approval.ASKED:
            raise ConflictError(f"nobody asks for an approval of ticket {one.ticket.id}")
        asked = _asked_type(one)
        terms = one.policy.types.get(asked)
        demand_member(terms.approver if terms else "", one.actor.email, "an approval")
        members = reason.told(one.policy, "approval", needed=not granted)
        state = Approval.GRANTED if granted else Approval.DECLINED
        one.ticket.approval = state.value
        one.tell(EntryKind.APPROVAL, state=state.value, type=asked, **members)
        if granted and one.ticket.type != asked:
            become(one, asked)

    return step


def _asked_type(one: Amendment) -> str:
    rows = TimelineEntry.objects.filter(ticket=one.ticket, kind=EntryKind.APPROVAL.value)
    last = rows.order_by("-id").first()
    return str(last.tree.get("type", "")) if last else ""
