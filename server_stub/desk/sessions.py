"""When a sign-in ends: so long after it began, and so long after the person last did something.

What a page asks for by itself (the queue looks for news every few seconds) is nothing the person
did: a screen left open does not keep itself signed in.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

_BEGAN, _SEEN = "signed_in_at", "seen_at"
_NOTED_EVERY_S = 300
"""An act is noted when the last one is this old, so that not every page writes a session."""

_Answer = Callable[[HttpRequest], HttpResponse]


def limited(get_response: _Answer) -> _Answer:
    """Django middleware: end sign-ins that have lasted long enough."""

    def enter(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            _look(request, datetime.now(UTC).timestamp())
        return get_response(request)

    return enter


def why_ended(session: SessionBase, now_s: float) -> str:
    """Return why a sign-in is over at ``now_s`` (seconds since 1970), empty while it lasts."""
    if now_s - session.get(_BEGAN, 0) >= settings.SESSION_COOKIE_AGE:
        return _("A sign-in lasts twelve hours. Please sign in again.")
    if now_s - session.get(_SEEN, 0) >= settings.SESSION_IDLE_AGE:
        return _("You were signed out because nothing was done for eight hours.")
    return ""


def _look(request: HttpRequest, now_s: float) -> None:
    by_itself = "HX-Request" in request.headers
    if why := why_ended(request.session, now_s):
        logout(request)
        if not by_itself:
            messages.info(request, why)
    elif not by_itself and now_s - request.session[_SEEN] >= _NOTED_EVERY_S:
        request.session[_SEEN] = now_s


def _began(sender: object, request: HttpRequest, **_signal: object) -> None:  # noqa: ARG001 - Django's
    now_s = datetime.now(UTC).timestamp()
    request.session[_BEGAN] = request.session[_SEEN] = now_s


user_logged_in.connect(_began, dispatch_uid="watchdesk-sessions")
