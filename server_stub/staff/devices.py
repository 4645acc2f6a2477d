"""The devices, by name: how each does, when it was heard, how many tickets it has."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from agent.protocol.words import Evaluation
from server_stub.clients.models import Client, Device
from server_stub.clients.queries import clients, devices
from server_stub.staff.access import Viewer, show, staff_page
from server_stub.staff.heartbeat import device_state, silence
from server_stub.tickets.queries import PAGE, tickets

_LONGEST = 100
"""Letters of a search that are looked at; names have fewer."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device with its worst evaluation (None: none heard), silence, and unresolved tickets."""

    device: Device
    worst: Evaluation | None
    silent_for: str
    tickets: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What narrows the list, and after which device a page begins (its name and id)."""

    name: str
    client: int | None
    retired: bool
    after: tuple[str, str] | None

    @property
    def query(self) -> dict[str, str]:
        """Return what narrows the list as it stands in an address."""
        retired = "yes" if self.retired else ""
        given = {"q": self.name, "client": str(self.client or ""), "retired": retired}
        return {name: value for name, value in given.items() if value}


@staff_page
def devices_page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the devices within the viewer's scope, by name."""
    offered = list(clients(viewer.scope))
    asked, problem = _asked(request, offered)
    found = list(_wanted(devices(viewer.scope), asked)[: PAGE + 1])
    page = found[:PAGE]
    unresolved = _unresolved(viewer, page)
    context: dict[str, Any] = {
        "page": "devices",
        "asked": asked,
        "problem": problem,
        "clients": offered,
        "rows": [_row(one, viewer, unresolved[one.id]) for one in page],
        "next": _address(asked, page[-1]) if len(found) > PAGE else "",
        "first": _address(asked, None),
    }
    return show(request, viewer, "staff/devices.html", context, 400 if problem else 200)


def _asked(request: HttpRequest, offered: Sequence[Client]) -> tuple[Asked, str]:
    """Return what an address asks for, and what is wrong with it."""
    chosen = request.GET.get("client", "")
    known = next((one.id for one in offered if str(one.id) == chosen), None)
    problem = ""
    if chosen and known is None:
        problem = f"Client: there is no {chosen[:40]!r} to choose. It was left out."
    name, after = request.GET.get("after", ""), request.GET.get("id", "")
    text = request.GET.get("q", "").replace("\0", "").strip()[:_LONGEST]
    place = (name.replace("\0", ""), after.replace("\0", "")) if name and after else None
    return Asked(text, known, request.GET.get("retired") == "yes", place), problem


def _wanted(rows: QuerySet[Device], asked: Asked) -> QuerySet[Device]:
    """Return the devices that are asked for, by name, with their heartbeats."""
    rows = rows.filter(retired_at__isnull=not asked.retired)
    if asked.name:
        rows = rows.filter(name__icontains=asked.name)
    if asked.client is not None:
        rows = rows.filter(client=asked.client)
    if asked.after is not None:
        name, identifier = asked.after
        rows = rows.filter(name__gte=name).exclude(name=name, id__lte=identifier)
    return rows.defer(None).defer("facts").order_by("name", "id")


def _unresolved(viewer: Viewer, page: Sequence[Device]) -> Counter[str | None]:
    """Return how many unresolved tickets each of these devices has (one query)."""
    rows = tickets(viewer.scope).filter(device__in=[one.id for one in page])
    return Counter(rows.filter(resolved_at__isnull=True).values_list("device_id", flat=True))


def _row(device: Device, viewer: Viewer, unresolved: int) -> DeviceRow:
    state = device_state(device)
    worst = state.counts[0][0] if state and state.counts else None
    return DeviceRow(device, worst, silence(device, viewer.now), unresolved)


def _address(asked: Asked, last: Device | None) -> str:
    place = {"after": last.name, "id": last.id} if last else {}
    query = asked.query | place
    return f"{reverse('devices')}?{urlencode(query)}" if query else reverse("devices")
