"""What people did, for admins: the newest first."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from server_stub.audit.models import AuditEntry
from server_stub.audit.queries import entries
from server_stub.desk.rights import Right, demand
from server_stub.staff.access import Viewer, show, staff_page

_PAGE = 50
_LONGEST = 254
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Line:
    """An entry and what its details tell beyond its subject."""

    entry: AuditEntry
    told: tuple[tuple[str, object], ...]


@staff_page
def audit_page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the audit log within the viewer's scope, narrowed to a person when one is given."""
    demand(viewer.technician.role, Right.AUDIT)
    who = request.GET.get("who", "").replace("\0", "").strip()[:_LONGEST]
    before = _number(request.GET.get("before", ""))
    rows = entries(viewer.scope)
    if who:
        rows = rows.filter(who=who.lower())
    if before:
        rows = rows.filter(id__lt=before)
    found = list(rows[: _PAGE + 1])
    shown = found[:_PAGE]
    context: dict[str, Any] = {
        "page": "audit",
        "who": who,
        "entries": [Line(one, _told(one)) for one in shown],
        "first": bool(before),
        "older": _address(who, shown[-1].id) if len(found) > _PAGE else "",
    }
    return show(request, viewer, "staff/audit.html", context)


def _told(entry: AuditEntry) -> tuple[tuple[str, object], ...]:
    """Return the details, without what the subject has said already; lists in words."""
    told = []
    for name, value in entry.tree.items():
        words = ", ".join(map(str, value)) if isinstance(value, list) else value
        if words != entry.subject:
            told.append((name, words))
    return tuple(told)


def _number(text: str) -> int:
    plain = text.isascii() and text.isdecimal() and len(text) < len(str(_LARGEST))
    return int(text) if plain else 0


def _address(who: str, before: int) -> str:
    query = {"who": who, "before": str(before)} if who else {"before": str(before)}
    return f"{reverse('audit')}?{urlencode(query)}"
