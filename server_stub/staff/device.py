"""One device: what it is, how it does, and its tickets."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from server_stub.clients.models import Device
from server_stub.clients.queries import device
from server_stub.desk.rights import Right, demand, may
from server_stub.errors import ConflictError, InvalidError
from server_stub.fleet.retiring import MAX_REASON, restore, retire
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
    return _shown(request, viewer, device_id)


@staff_page
@require_POST
def device_retire(request: HttpRequest, viewer: Viewer, device_id: UUID) -> HttpResponse:
    """Take a device out of use."""
    return _used(request, viewer, device_id, retire)


@staff_page
@require_POST
def device_restore(request: HttpRequest, viewer: Viewer, device_id: UUID) -> HttpResponse:
    """Take a retired device back."""
    return _used(request, viewer, device_id, restore)


def _used(
    request: HttpRequest, viewer: Viewer, device_id: UUID, act: Callable[..., Device]
) -> HttpResponse:
    demand(viewer.technician.role, Right.RETIRE)
    reason, who = request.POST.get("reason", ""), viewer.technician.email
    problem = "" if request.POST.get("sure") == "yes" else "Tick the box if you mean it"
    if not problem:
        try:
            act(viewer.scope, who, str(device_id), reason, viewer.now, via="page")
        except (ConflictError, InvalidError) as error:
            problem = str(error)
    if problem:
        problem = f"{problem}. Nothing was changed."
        return _shown(request, viewer, device_id, problem, reason[:MAX_REASON])
    return HttpResponseRedirect(reverse("device", args=[device_id]))


def _shown(
    request: HttpRequest, viewer: Viewer, device_id: UUID, problem: str = "", reason: str = ""
) -> HttpResponse:
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
        "may_retire": may(viewer.technician.role, Right.RETIRE),
        "problem": problem,
        "reason": reason,
        "longest_reason": MAX_REASON,
        "standing": standing_at(row.client, row.site, row, viewer.now),
        "groups": groups(row.facts_tree),
        "unresolved": [ticket for ticket in found[:PAGE] if not ticket.is_resolved],
        "resolved": [ticket for ticket in found[:PAGE] if ticket.is_resolved],
        "more_tickets": len(found) > PAGE,
    }
    return show(request, viewer, "staff/device.html", context, 422 if problem else 200)
