"""One device: what it is, how it does, and its tickets."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from server_stub.clients.queries import device
from server_stub.desk.rights import Right, may
from server_stub.intake.queries import last_word
from server_stub.quiet.queries import held_back
from server_stub.staff.access import Viewer, show, staff_page
from server_stub.staff.facts import groups
from server_stub.staff.heartbeat import device_state, farewell, silence
from server_stub.tickets.queries import PAGE, tickets
from server_stub.tickets.standing import standing_at

_MOST_HELD = 20
"""Of what was held back the newest so many are shown."""


@staff_page
def device_page(request: HttpRequest, viewer: Viewer, device_id: UUID) -> HttpResponse:
    """Show a device within the viewer's scope; a foreign or missing one is the same 404."""
    row = device(viewer.scope, str(device_id))
    found = list(tickets(viewer.scope).filter(device=row.id)[: PAGE + 1])
    held = held_back(viewer.scope).filter(client=row.client_id, device=row.id)[:_MOST_HELD]
    context = {
        "page": "device",
        "device": row,
        "state": device_state(row),
        "silent_for": silence(row, viewer.now),
        "word": farewell(last_word(row)),
        "held": list(held),
        "may_plan": may(viewer.technician.role, Right.MAINTENANCE),
        "standing": standing_at(row.client, row.site, row, viewer.now),
        "groups": groups(row.facts_tree),
        "unresolved": [ticket for ticket in found[:PAGE] if not ticket.is_resolved],
        "resolved": [ticket for ticket in found[:PAGE] if ticket.is_resolved],
        "more_tickets": len(found) > PAGE,
    }
    return show(request, viewer, "staff/device.html", context)
