"""How much of an agreement's included minutes a month's logged work has used."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from django.db.models import Prefetch

from server_stub.clients.scope import Scope
from server_stub.sla.zones import ZoneError, zone_of
from server_stub.tickets.models import EntryKind, Ticket, TimelineEntry
from server_stub.tickets.queries import tickets
from server_stub.tickets.standing import STANDING_KINDS, standing_told

_WIDEST = timedelta(days=1)
"""Zones are less than a day apart."""


def used_minutes(scope: Scope, client_id: int, month: date) -> Counter[int]:
    """Return the minutes logged in a month by the agreement's number, 0 for those of none.

    Whatever was logged counts, charged or not, under the agreement that the ticket was under as
    it was logged: figures of past months stay as they are. The month is that of the ticket's
    site at which the work began.
    """
    first = datetime(month.year, month.month, 1, tzinfo=UTC)
    kinds = [kind.value for kind in (*STANDING_KINDS, EntryKind.WORK)]
    told = TimelineEntry.objects.filter(kind__in=kinds).order_by("id")
    of_month = tickets(scope).filter(
        client=client_id, updated_at__gte=first - _WIDEST, timeline__kind=EntryKind.WORK.value
    )
    rows = of_month.distinct().prefetch_related(Prefetch("timeline", told))
    used: Counter[int] = Counter()
    for ticket in rows:
        entries = list(ticket.timeline.all())
        for work in entries:
            if work.kind == EntryKind.WORK and _is_in(work, ticket, first):
                under = standing_told(entry for entry in entries if entry.id < work.id)
                used[under.number] += int(work.tree["minutes"])
    return used


def _is_in(work: TimelineEntry, ticket: Ticket, first: datetime) -> bool:
    try:
        zone = zone_of(ticket.site.time_zone) if ticket.site else UTC
    except ZoneError:
        zone = UTC
    began = datetime.fromisoformat(work.tree["started_at"]).astimezone(zone)
    return (began.year, began.month) == (first.year, first.month)
