"""The outermost WSGI layer: each request gets its id, is counted, timed and told in the log."""

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from agent.protocol import API_PREFIX
from server_stub import logs, metrics

HEADER = "X-Request-Id"
_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_DEVICE_ROUTES = (
    "enroll",
    "events",
    "facts",
    "heartbeat",
    "attachments",
    "replies",
    "device/tickets",
)
_ROUTES = {API_PREFIX + name: name for name in _DEVICE_ROUTES} | {
    "/health": "health",
    "/sign-in": "sign-in",
}
_BEGINNINGS = (("/api/", "api"), ("/static/", "static"))

access = logging.getLogger("watchdesk.access")


class Observed:
    """Observes what ``application`` answers; writes access lines when ``logs_requests``."""

    def __init__(self, application: WSGIApplication, *, logs_requests: bool) -> None:
        """Take what answers requests."""
        self._application = application
        self._logs_requests = logs_requests

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, its id in the answer's head."""
        began_s = time.perf_counter()
        identifier = _identifier(environ)
        route = route_of(environ.get("PATH_INFO", ""))
        status = "500"

        def start(
            line: str,
            headers: list[tuple[str, str]],
            error: Any = None,  # noqa: ANN401 - PEP 3333
        ) -> Callable[[bytes], object]:
            nonlocal status
            status = line[:3]
            headers = [*headers, (HEADER, identifier)]
            return start_response(line, headers, error) if error else start_response(line, headers)

        with logs.request(identifier) as notes:
            try:
                return self._application(environ, start)
            finally:
                took_s = time.perf_counter() - began_s
                metrics.REQUESTS.add(route, status)
                metrics.REQUEST_S.observe(took_s, route)
                if self._logs_requests:
                    _tell(environ, status, took_s, notes)


def route_of(path: str) -> str:
    """Return which kind of route a path belongs to: few words, whatever paths are asked for."""
    known = _ROUTES.get(path)
    if known:
        return known
    return next((name for beginning, name in _BEGINNINGS if path.startswith(beginning)), "pages")


def _identifier(environ: WSGIEnvironment) -> str:
    """Return the caller's own id when it is a harmless one, else a new one."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _SAFE.fullmatch(given) else secrets.token_hex(8)


def _tell(environ: WSGIEnvironment, status: str, took_s: float, notes: dict[str, Any]) -> None:
    told = {
        "method": environ.get("REQUEST_METHOD", ""),
        "path": environ.get("PATH_INFO", "")[:300],
        "status": int(status),
        "ms": round(took_s * 1000, 1),
        "from": environ.get("REMOTE_ADDR", ""),
    }
    access.info("request", extra={"notes": told | notes})
