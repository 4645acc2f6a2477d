"""One ticket: its clocks explained, what the monitor measured, what happened, what held."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from server_stub.staff.access import Viewer, show, staff_page
from server_stub.staff.clocks import explained
from server_stub.staff.facts import groups
from server_stub.staff.timeline import latest_report, timeline_lines
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
        "report": None if before else latest_report(page),
        "timeline": timeline_lines(page),
        "earlier": page[0].id if len(found) > TIMELINE_PAGE else None,
        "before": before,
        "groups": groups(row.device.facts_tree) if row.device else [],
    }
    return show(request, viewer, "staff/ticket.html", context)
