"""Who looks at a page, and whose rows may be on it: the one way into every staff view."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from agent.protocol import VERSION
from server_stub.clients.scope import Scope
from server_stub.desk.models import Technician
from server_stub.desk.refusals import note_refusal
from server_stub.desk.rights import Right, demand
from server_stub.errors import ForbiddenError, NotFoundError
from server_stub.logs import note
from server_stub.walls import see

ZONE_COOKIE = "watchdesk-zone"
_LONGEST_ZONE = 64
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in technician at one moment: what may be seen, and in whose local time."""

    technician: Technician
    scope: Scope
    now: datetime
    zone: tzinfo
    zone_name: str


View = Callable[Concatenate[HttpRequest, Viewer, _P], HttpResponse]


def staff_page(view: View[_P]) -> Callable[Concatenate[HttpRequest, _P], HttpResponse]:
    """Let those in whose role may read, send who is not signed in to the sign-in page.

    The view gets a ``Viewer`` as its second argument; its ``NotFoundError`` (missing, or
    another client's: the same) becomes a 404, its ``ForbiddenError`` a 403. A script's refresh
    of a page is answered 401 instead of the sign-in page, which would else land inside the list
    it refreshes.
    """

    @wraps(view)
    def enter(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        if not isinstance(request.user, Technician):
            return _sign_in_first(request)
        try:
            demand(request.user.role, Right.READ)
        except ForbiddenError as error:
            raise _refused(request, request.user, error) from error
        viewer = viewer_of(request, request.user)
        see(viewer.scope.client_ids)
        note(technician=viewer.technician.id)
        try:
            response = view(request, viewer, *args, **kwargs)
        except NotFoundError as error:
            raise Http404 from error
        except ForbiddenError as error:
            raise _refused(request, viewer.technician, error) from error
        add_never_cache_headers(response)  # a shared browser's back button shows nothing
        patch_vary_headers(response, ["HX-Request"])
        return response

    return enter


def viewer_of(request: HttpRequest, technician: Technician) -> Viewer:
    """Return who looks, now, in the zone that the browser told (see ``zone.js``), else UTC."""
    zone = zone_named(unquote(request.COOKIES.get(ZONE_COOKIE, "")))
    return Viewer(technician, technician.scope, utc_now(), zone, str(zone))


def utc_now() -> datetime:
    """Read the server's clock, once for each page."""
    return datetime.now(UTC)


def zone_named(name: str) -> ZoneInfo:
    """Return the IANA zone of that name; UTC when there is none."""
    try:
        return ZoneInfo(name[:_LONGEST_ZONE]) if name else ZoneInfo("UTC")
    except (KeyError, ValueError, OSError):  # unknown, not a plain name, a folder of zones
        return ZoneInfo("UTC")


def show(
    request: HttpRequest,
    viewer: Viewer,
    template: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """Render a page with what the base layout needs."""
    return render(
        request, template, {"viewer": viewer, "version": VERSION, **context}, status=status
    )


def _refused(
    request: HttpRequest, technician: Technician, error: ForbiddenError
) -> PermissionDenied:
    note_refusal(request, technician, "page", str(error))
    return PermissionDenied(str(error))


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse("Sign in first.", status=401, content_type="text/plain")
    return redirect_to_login(request.get_full_path())
