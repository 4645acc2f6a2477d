"""By which agreement a ticket is promised, and how much it matters: changed by a person, told why.

What was agreed since a ticket was opened changes nothing of it by itself.
"""

from server_stub.clients.agreements import day_at, known_importance
from server_stub.clients.models import Agreement
from server_stub.clients.standing import NO_AGREEMENT, Cover, in_force
from server_stub.errors import InvalidError
from server_stub.tickets.acts.step import Reason, Step, not_closed
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import EntryKind
from server_stub.tickets.standing import standing_now


def set_agreement(name: str, reason: Reason) -> Step:
    """Put a ticket under one of its client's agreements in force today, or under ``none``."""

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        found = _in_force(one, name)
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


def _in_force(one: Amendment, name: str) -> Cover | None:
    """Return the client's agreement of this name on the ticket's day, None for ``none``."""
    if name == NO_AGREEMENT:
        return None
    rows = Agreement.objects.filter(client=one.ticket.client_id)
    terms = [Cover(0, *row) for row in rows.values_list("starts", "ends", "name", "id")]
    day = day_at(one.at, one.zone)
    found = in_force((cover for cover in terms if cover.name == name), day)
    if found is None:
        held = sorted({cover.name for cover in terms if in_force([cover], day)})
        raise InvalidError("agreement", f"there are {', '.join([*held, NO_AGREEMENT])} today")
    return found
