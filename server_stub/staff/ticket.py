"""One ticket: its clocks explained, what the monitor measured, what happened, what held."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from server_stub.intake.queries import facts_of_hash
from server_stub.sla.zones import ZoneError, zone_of
from server_stub.staff.access import Viewer, show, staff_page
from server_stub.staff.clocks import explained
from server_stub.staff.facts import groups
from server_stub.staff.timeline import latest_report, timeline_lines
from server_stub.tickets.models import Ticket
from server_stub.tickets.queries import ticket, timeline

TIMELINE_PAGE = 200
"""Entries shown at once: a flapping alert writes thousands."""


@staff_page
def ticket_page(request: HttpRequest, viewer: Viewer, number: int) -> HttpResponse:
    """Show a ticket within the viewer's scope; a foreign or missing one is the same 404.

    ``?before=ID`` shows the timeline before that entry.
    """
    row = ticket(viewer.scope, number)
    entries = timeline(viewer.scope, number)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:  # noqa: PLR2004 - 64 bits
        shown = entries.filter(id__lt=int(before))
    else:
        before, shown = "", entries
    found = list(shown.order_by("-id")[: TIMELINE_PAGE + 1])
    page = list(reversed(found[:TIMELINE_PAGE]))
    context: dict[str, Any] = {
        "page": "ticket",
        "ticket": row,
        "clocks": explained(viewer, row),
        "there": _local_time(row, viewer),
        "report": None if before else latest_report(page),
        "timeline": timeline_lines(page),
        "earlier": page[0].id if len(found) > TIMELINE_PAGE else None,
        "before": before,
        **_facts(viewer, row),
    }
    return show(request, viewer, "staff/ticket.html", context)


def _facts(viewer: Viewer, row: Ticket) -> dict[str, Any]:
    """Return the device's facts that held when the ticket was reported, else the latest."""
    if row.device is None:
        return {}
    if row.facts_hash and row.facts_hash == row.device.facts_hash:
        return {"groups": groups(row.device.facts_tree), "facts_held": True}
    held = facts_of_hash(viewer.scope, row.device.id, row.facts_hash) if row.facts_hash else None
    if held is not None:
        return {"groups": groups(held), "facts_held": True}
    return {"groups": groups(row.device.facts_tree), "facts_held": False}


def _local_time(row: Ticket, viewer: Viewer) -> str:
    """Return what clocks show at the ticket's site, empty when the viewer's show the same."""
    if row.site is None:
        return ""
    try:
        there = viewer.now.astimezone(zone_of(row.site.time_zone))
    except ZoneError:
        return ""
    if there.utcoffset() == viewer.now.astimezone(viewer.zone).utcoffset():
        return ""
    return f"{there:%a %H:%M}"
