"""By which agreement a ticket is promised, and how much it matters: changed by a person, told why.

What was agreed since a ticket was opened changes nothing of it by itself.
"""

from server_stub.clients.agreements import known_importance
from server_stub.tickets.acts.step import Reason, Step, not_closed
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import EntryKind
from server_stub.tickets.standing import agreement_in_force, standing_now


def set_agreement(name: str, reason: Reason) -> Step:
    """Put a ticket under one of its client's agreements in force today, or under ``none``."""

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        found = agreement_in_force(one.ticket, name, one.at)
        before = standing_now(one)
        if (before.agreement, before.number) == (name, found.number if found else 0):
            return
        members = reason.told(one.policy, "agreement", needed=True)
        number = found.number if found else None
        one.tell(EntryKind.AGREEMENT, from_=before.agreement, to=name, number=number, **members)

    return step


def set_ticket_importance(importance: str, reason: Reason) -> Step:
    """Say how much a ticket matters."""
    word = known_importance(importance)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        before = standing_now(one).importance
        if before != word:
            members = reason.told(one.policy, "importance", needed=True)
            one.tell(EntryKind.IMPORTANCE, from_=before, to=word, **members)

    return step
