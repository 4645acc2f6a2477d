"""What targets choose by of whom a ticket is for: as it opens, and as its timeline tells it."""

from collections.abc import Iterable
from datetime import UTC, datetime

from server_stub.clients.agreements import covers, day_at
from server_stub.clients.models import Agreement, Client, Device, Site
from server_stub.clients.scope import Scope
from server_stub.clients.standing import (
    NO_AGREEMENT,
    USUAL,
    Cover,
    Standing,
    greatest,
    in_force,
    standing,
)
from server_stub.errors import InvalidError
from server_stub.sla.zones import ZoneError, zone_of
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.clocks import zone_at
from server_stub.tickets.models import EntryKind, Ticket, TimelineEntry
from server_stub.tickets.queries import timeline

STANDING_KINDS = (EntryKind.OPENED, EntryKind.AGREEMENT, EntryKind.IMPORTANCE)
_KINDS = [kind.value for kind in STANDING_KINDS]


def standing_at(
    client: Client, site: Site | None, device: Device | None, at: datetime, *importances: str
) -> Standing:
    """Return the words of a ticket that is opened at an instant; one query.

    By the day at its site, by UTC's where there is none or this computer does not know its zone.
    ``importances`` are those of who asks, beside the client's and the device's.
    """
    try:
        zone = zone_of(site.time_zone) if site else UTC
    except ZoneError:
        zone = UTC
    held = covers(client.id, site.id if site else None, device.id if device else None)
    matters = [client.importance, *importances, *([device.importance] if device else [])]
    return standing(held, day_at(at, zone), *matters)


def agreement_in_force(ticket: Ticket, name: str, at: datetime) -> Cover | None:
    """Return the client's agreement of this name on the ticket's day, None for ``none``.

    Raises InvalidError where there is none of this name.
    """
    if name == NO_AGREEMENT:
        return None
    rows = Agreement.objects.filter(client=ticket.client_id)
    terms = [Cover(0, *row) for row in rows.values_list("starts", "ends", "name", "id")]
    day = day_at(at, zone_at(ticket))
    found = in_force((cover for cover in terms if cover.name == name), day)
    if found is None:
        held = sorted({cover.name for cover in terms if in_force([cover], day)})
        raise InvalidError("agreement", f"there are {', '.join([*held, NO_AGREEMENT])} today")
    return found


def standing_told(entries: Iterable[TimelineEntry]) -> Standing:
    """Return a ticket's words after these entries of its timeline, in the order written."""
    now = USUAL
    for entry in entries:
        tree = entry.tree
        if entry.kind == EntryKind.OPENED:
            now = now._replace(
                **{k: v for k, v in tree.items() if k in ("agreement", "importance")}
            )
            now = now._replace(number=int(tree.get("agreement_number", 0)))
        elif entry.kind == EntryKind.AGREEMENT:
            now = now._replace(agreement=str(tree["to"]), number=int(tree.get("number", 0)))
        elif entry.kind == EntryKind.IMPORTANCE:
            now = now._replace(importance=str(tree["to"]))
    return now


def standing_of(scope: Scope, number: int) -> Standing:
    """Return the words of a ticket as they are now, the usual ones of one that is not seen."""
    return standing_told(timeline(scope, number).filter(kind__in=_KINDS))


def standing_now(one: Amendment) -> Standing:
    """Return a ticket's words, as they are after what the amendment did so far."""
    rows = TimelineEntry.objects.filter(ticket=one.ticket, kind__in=_KINDS)
    return standing_told([*rows.order_by("id"), *one.entries])


def joined_by(one: Amendment, importance: str) -> None:
    """Let a ticket matter as much as somebody who has the same trouble."""
    before = standing_now(one).importance
    word = greatest(before, importance)
    if word != before:
        why = "somebody who matters as much has it, too"
        one.tell(EntryKind.IMPORTANCE, from_=before, to=word, reason=why)
