"""Problems that come again and again: one alert with many tickets, reopenings or ups and downs."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Sum

from agent.protocol.words import Source
from server_stub.clients.scope import Scope
from server_stub.tickets.models import EntryKind, Ticket, TimelineEntry
from server_stub.tickets.queries import tickets

MOST = 200


@dataclass(frozen=True, slots=True)
class Recurring:
    """One alert of one device (or site): its tickets in the time, and how often it was up.

    ``occurrences`` is what its tickets counted, reopenings included; ``ticket`` is its latest.
    """

    fingerprint: str
    title: str
    client: str
    device: str | None
    device_name: str | None
    tickets: int
    reopened: int
    occurrences: int
    ticket: int
    last_at: datetime


def recurring(scope: Scope, since: datetime, least: int) -> list[Recurring]:
    """Return the alerts that were up at least so often in tickets open since, the worst first.

    At most ``MOST``. Found by what is unresolved and by what was resolved since, each by an index
    of its own: no index holds when tickets changed, which every event of a device would move.
    """
    seen = tickets(scope).filter(alert_key__isnull=False).order_by()
    open_now = seen.filter(resolved_at__isnull=True, updated_at__gte=since).values("id")
    settled = seen.filter(resolved_at__gte=since).values("id")
    alerts = (
        seen.filter(source=Source.MONITOR.value, id__in=open_now.union(settled))
        .values("alert_key")
        .annotate(
            number=Count("id"), up=Sum("occurrences"), latest=Max("id"), last=Max("updated_at")
        )
        .filter(up__gte=least)
        .order_by("-up", "alert_key")[:MOST]
    )
    found = list(alerts)
    latest = _tickets(scope, [one["latest"] for one in found])
    reopened = _reopened(scope, [str(one["alert_key"]) for one in found], since)
    return [
        Recurring(
            fingerprint=ticket.fingerprint,
            title=ticket.title,
            client=ticket.client.name,
            device=ticket.device_id,
            device_name=ticket.device.name if ticket.device else None,
            tickets=one["number"],
            reopened=reopened.get(str(one["alert_key"]), 0),
            occurrences=one["up"],
            ticket=ticket.id,
            last_at=one["last"],
        )
        for one in found
        if (ticket := latest.get(one["latest"]))
    ]


def _tickets(scope: Scope, numbers: list[int]) -> dict[int, Ticket]:
    return {row.id: row for row in tickets(scope).filter(id__in=numbers)}


def _reopened(scope: Scope, keys: list[str], since: datetime) -> dict[str, int]:
    seen = tickets(scope).filter(alert_key__in=keys).order_by().values("id")
    rows = TimelineEntry.objects.filter(kind=EntryKind.REOPENED.value, ticket__in=seen)
    counted = (
        rows.filter(at__gte=since)
        .values(key=F("ticket__alert_key"))
        .annotate(times=Count("id"))
        .order_by()
    )
    return {one["key"]: one["times"] for one in counted}
