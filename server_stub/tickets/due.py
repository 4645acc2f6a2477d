"""What the server does to tickets by itself when its time has come.

Each act locks its ticket, takes its row of due work and then looks whether it is still so: what
was planned may have been overtaken by what people did.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast

from agent.protocol.words import Evaluation, Status
from server_stub.clients.scope import ALL
from server_stub.errors import NotFoundError
from server_stub.sla.account import State
from server_stub.sla.clocks import account, policy_of
from server_stub.sla.models import PolicyVersion
from server_stub.sla.terms import ClockName, ContactRule
from server_stub.tickets.acts.accepting import ACCEPTANCE_WORK, ended
from server_stub.tickets.acts.levels import move_to_level, next_level
from server_stub.tickets.acts.moving import close_as
from server_stub.tickets.acts.reaching import (
    ASKED_EVERY,
    asks_to_decide,
    is_enough,
    vain_attempts,
)
from server_stub.tickets.amendment import (
    CLOSE_WORK,
    DECISION_WORK,
    SERVER,
    Actor,
    Amendment,
    amending,
)
from server_stub.tickets.clocks import CLOCK_WORK, UNEXPLAINABLE, settle, zone_name
from server_stub.tickets.models import (
    CloseReason,
    EntryKind,
    Notice,
    NoticeKind,
    Ticket,
    TimelineEntry,
)
from server_stub.tickets.telling import tell_broken, tell_warnings
from server_stub.tickets.warnings import told_of, untold
from server_stub.work.engine import Act, Claim, plan
from server_stub.work.models import DueWork
from server_stub.work.recurring import Recurring

THE_SERVER = Actor(SERVER)
_AGAIN = timedelta(days=1)
_LONGEST_RESOLVED = timedelta(days=30)
_SWEPT = 5_000
_FIRING = (Evaluation.WARNING, Evaluation.CRITICAL)


def _on_ticket(do: Callable[[Amendment, Claim], None]) -> Act:
    """Return an act that amends the ticket its row's key begins with, as the server."""

    def act(claim: Claim, now: datetime) -> None:
        number = int(claim.key.partition(":")[0])
        try:
            with amending(ALL, number, THE_SERVER, now) as one:
                claim.take()
                do(one, claim)
        except NotFoundError:
            claim.take()  # it is gone, and its work with it

    return act


def close_resolved(one: Amendment, claim: Claim) -> None:
    """Close a resolved ticket that nobody came back to; not while the monitor still finds it."""
    after = one.policy.procedure.auto_close_after
    if one.ticket.status != Status.RESOLVED or after is None:
        return
    due_at = (one.ticket.resolved_at or one.at) + after
    if due_at > one.at:
        plan(CLOSE_WORK, claim.key, due_at)
        return
    if one.ticket.alert_key and one.ticket.evaluation in _FIRING:
        if claim.payload != "told":
            asks = (
                f"Ticket {one.ticket.id} was resolved, but the monitor still finds its condition "
                f"({one.ticket.evaluation}): say that it is fixed, accept it, or reopen it."
            )
            one.tell(EntryKind.DECISION, asks, state="asked")
            one.notify(one.owner, NoticeKind.DECISION, asks)
        plan(CLOSE_WORK, claim.key, one.at + _AGAIN, "told")
        return
    close_as(one, CloseReason.RESOLVED)


def find_resolved(now: datetime) -> int:
    """Plan the closing of what the monitor resolved; return how many tickets it is planned for.

    The intake plans nothing when it resolves: it must be quick, and an hour is no matter here.
    What a policy leaves resolved for ever is none of them.
    """
    planned = DueWork.objects.filter(
        kind=CLOSE_WORK, key=Cast(OuterRef("id"), CharField(max_length=200))
    )
    never = [
        version.id
        for version in PolicyVersion.objects.all()
        if policy_of(version).procedure.auto_close_after is None
    ]
    rows = Ticket.objects.exclude(policy_version__in=never).filter(
        ~Exists(planned),
        status=Status.RESOLVED.value,
        resolved_at__lte=now,
        resolved_at__gte=now - _LONGEST_RESOLVED,
    )
    found = [
        DueWork(kind=CLOSE_WORK, key=str(number), due_at=now)
        for number in rows.order_by("resolved_at").values_list("id", flat=True)[:_SWEPT]
    ]
    return len(DueWork.objects.bulk_create(found, ignore_conflicts=True))


def end_accepted(one: Amendment, _claim: Claim) -> None:
    """End an acceptance at its date."""
    until = one.ticket.accepted_until
    if until is not None and until <= one.at:
        ended(one, reason="the date until which it was accepted has come")


def ask_again(one: Amendment, claim: Claim) -> None:
    """Ask anew what is to be decided after attempts in vain, as long as it is."""
    rule = one.policy.procedure.contact or ContactRule()
    attempts = vain_attempts(one.told)
    if one.ticket.is_resolved or not is_enough(rule, attempts, one.zone):
        return
    one.notify(one.owner, NoticeKind.DECISION, asks_to_decide(one.ticket, len(attempts)))
    Notice.objects.bulk_create(one.notices)  # it is no news for the timeline
    plan(DECISION_WORK, claim.key, one.at + ASKED_EVERY)


def look_at_clock(one: Amendment, claim: Claim) -> None:
    """Warn of a clock, or record that its promise was broken; then plan the next look."""
    name = claim.key.partition(":")[2]
    try:
        entries = TimelineEntry.objects.filter(ticket=one.ticket).order_by("id")
        told = told_of(entries)
        found = account(one.policy, one.ticket, entries, one.at, zone_name(one.ticket))
    except UNEXPLAINABLE:
        settle(one.ticket, one.at)  # says so in the log; nothing is planned
        return
    for ledger in found:
        if ledger.name == name and ledger.state in (State.RUNNING, State.BREACHED):
            late = any(untold(ledger.broken, told))
            tell_warnings(one, ledger, told, quietly=ledger.is_late)
            if late and ledger.is_late:
                _go_up(one, ledger.name)
    tell_broken(one)
    if not one.entries:
        settle(one.ticket, one.at)  # it is due another time by now
        one.ticket.save(update_fields=["next_due_at", "policy_version"])


def _go_up(one: Amendment, clock: ClockName) -> None:
    """Go a level up, where the policy wants it of a broken promise."""
    breach = one.policy.procedure.breach
    if breach is None or not breach.escalate or (breach.clocks and clock not in breach.clocks):
        return
    above = next_level(one)
    if above is not None:
        said = f"Your matter was not dealt with in time: it is with {above.name} now."
        move_to_level(one, above, said, reason="the promised time has passed", clock=clock)
        one.notify_participants(NoticeKind.UPDATE, said)


ACTS: Mapping[str, Act] = {
    CLOSE_WORK: _on_ticket(close_resolved),
    ACCEPTANCE_WORK: _on_ticket(end_accepted),
    CLOCK_WORK: _on_ticket(look_at_clock),
    DECISION_WORK: _on_ticket(ask_again),
}
"""By kind of due work."""

RECURRING = (Recurring("closing", timedelta(hours=1), find_resolved),)
"""What is looked for every so often."""
