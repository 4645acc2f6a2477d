"""Maintenance: planned, ended, and what was held back because of it or of an outage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from server_stub.clients.models import Client, Device, Site
from server_stub.clients.queries import clients, device, sites
from server_stub.desk.rights import Right, demand, may
from server_stub.errors import ConflictError, InvalidError, NotFoundError
from server_stub.quiet.actions import MAX_REASON, Plan, end_window, plan_window
from server_stub.quiet.models import MaintenanceWindow
from server_stub.quiet.queries import held_back, windows
from server_stub.quiet.windows import DAYS
from server_stub.staff.access import Viewer, show, staff_page
from server_stub.staff.times import typed_moment

_SHOWN = 50
_FIELDS = ("where", "device", "reason", "starts", "ends", "opens", "closes", "zone")


@dataclass(frozen=True, slots=True)
class Row:
    """A maintenance window and until when it is quiet now; ``is_over`` when it never is again."""

    window: MaintenanceWindow
    quiet_until: datetime | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A form as it came, and what is wrong with it."""

    given: Mapping[str, str] = field(default_factory=dict)
    days: tuple[str, ...] = ()
    problem: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def maintenance_page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show maintenance windows and what was held back; plan one when the form is sent."""
    if request.method == "POST":
        demand(viewer.technician.role, Right.MAINTENANCE)
        asked = _planned(viewer, request.POST)
        if not asked.problem:
            return HttpResponseRedirect(reverse("maintenance"))
        return _shown(request, viewer, asked, 422)
    given = {"device": request.GET.get("device", "")[:36]}
    return _shown(request, viewer, Asked(given), 200)


@staff_page
@require_POST
def maintenance_end(request: HttpRequest, viewer: Viewer, number: int) -> HttpResponse:
    """End a window early."""
    demand(viewer.technician.role, Right.MAINTENANCE)
    try:
        end_window(viewer.scope, viewer.technician.email, number, viewer.now, via="page")
    except ConflictError as error:
        return _shown(request, viewer, Asked(problem=f"{error}. Nothing was changed."), 422)
    return HttpResponseRedirect(reverse("maintenance"))


def _shown(request: HttpRequest, viewer: Viewer, asked: Asked, status: int) -> HttpResponse:
    context = {
        "page": "maintenance",
        "asked": asked,
        "rows": [_row(one, viewer.now) for one in windows(viewer.scope)[:_SHOWN]],
        "held": list(held_back(viewer.scope)[:_SHOWN]),
        "places": _places(viewer),
        "device": _device(viewer, asked.given.get("device", "")),
        "days": DAYS,
        "may_plan": may(viewer.technician.role, Right.MAINTENANCE),
        "longest_reason": MAX_REASON,
    }
    return show(request, viewer, "staff/maintenance.html", context, status)


def _row(one: MaintenanceWindow, now: datetime) -> Row:
    over = one.ended_at is not None or (one.ends_at is not None and one.ends_at <= now)
    return Row(one, one.window.quiet_until(now), over)


def _places(viewer: Viewer) -> list[tuple[str, str]]:
    """Return what may be chosen: each client, and each of its sites."""
    by_client: dict[int, list[Site]] = {}
    for site in sites(viewer.scope):
        by_client.setdefault(site.client_id, []).append(site)
    found = []
    for client in clients(viewer.scope):
        found.append((f"{client.id}", client.name))
        found += [(f"{client.id}/{s.id}", f"{client.name} › {s.name}")
                  for s in by_client.get(client.id, ())]  # fmt: skip
    return found


def _device(viewer: Viewer, identifier: str) -> Device | None:
    try:
        return device(viewer.scope, identifier.replace("\0", "")) if identifier else None
    except NotFoundError:
        return None


def _planned(viewer: Viewer, form: QueryDict) -> Asked:
    given = {name: form.get(name, "").replace("\0", "").strip() for name in _FIELDS}
    days = tuple(day for day in DAYS if day in form.getlist("days"))
    try:
        plan = _plan(viewer, given, days)
        plan_window(viewer.scope, viewer.technician.email, plan, viewer.now, via="page")
    except InvalidError as error:
        return Asked(given, days, f"{error}. Nothing was planned.")
    return Asked(given, days)


def _plan(viewer: Viewer, given: Mapping[str, str], days: tuple[str, ...]) -> Plan:
    one = _device(viewer, given["device"])
    if given["device"] and one is None:
        raise InvalidError("device", "there is no such device")
    client, site = (one.client, None) if one else _place(viewer, given["where"])
    return Plan(
        client=client,
        site=site,
        device=one,
        reason=given["reason"],
        starts_at=typed_moment(given["starts"], "from", viewer.zone) or viewer.now,
        ends_at=typed_moment(given["ends"], "to", viewer.zone),
        days=days,
        opens=given["opens"] if days else "",
        closes=given["closes"] if days else "",
        zone=given["zone"] or (one.site.time_zone if one and one.site else ""),
    )


def _place(viewer: Viewer, chosen: str) -> tuple[Client, Site | None]:
    """Return the client and the site that were chosen; raises InvalidError."""
    if chosen not in {value for value, _ in _places(viewer)}:
        raise InvalidError("where", "choose a client or one of its sites")
    number, _, place = chosen.partition("/")
    site = sites(viewer.scope).get(id=place) if place else None
    return clients(viewer.scope).get(id=number), site
