"""Technicians as the pages name them, and those a ticket may be given to."""

from collections.abc import Iterable, Mapping

from django.db.models import Q

from server_stub.desk.models import Technician
from server_stub.desk.rights import Right, able
from server_stub.tickets.models import Ticket, TimelineEntry


def names(entries: Iterable[TimelineEntry]) -> Mapping[str, str]:
    """Return the names of the technicians in these entries by email address (one query)."""
    told = list(entries)
    addresses = {entry.actor for entry in told if "@" in entry.actor}
    for entry in told:
        tree = entry.tree if entry.kind == "assigned" else {}
        addresses |= {tree[end] for end in ("from", "to") if isinstance(tree.get(end), str)}
    found = Technician.objects.filter(email__in=sorted(addresses)).only("email", "name")
    return {one.email: str(one) for one in found}


def assignable(ticket: Ticket) -> list[tuple[str, str]]:
    """Return address and name of the active technicians who see a ticket, by name (one query)."""
    working = Technician.objects.filter(is_active=True, role__in=able(Right.REPLY))
    seeing = working.filter(Q(limited=False) | Q(clients=ticket.client_id))
    found = {one.email: str(one) for one in seeing.only("email", "name").distinct()}
    return sorted(found.items(), key=lambda one: one[1].casefold())
