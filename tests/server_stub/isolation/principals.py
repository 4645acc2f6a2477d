"""Who may call: everybody there is, through the whole WSGI application."""

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client as Browser

from server_stub.intake.application import DeviceRoutes
from tests.server_stub.api.caller import a_caller
from tests.server_stub.isolation.worlds import World
from tests.support.rows import a_technician
from tests.support.wsgi import called

_CSRF = "x" * 32
_NEVER_THE_SAME = frozenset({"date", "expires", "set-cookie", "x-request-id"})
_MASKED = re.compile(rb'(csrfmiddlewaretoken" value=")[^"]+')


@dataclass(frozen=True)
class Response:
    """What came back, without what differs each time."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def tells(self, word: str) -> bool:
        """Tell whether a word stands anywhere in it, in any case of letters."""
        said = repr(self.headers).lower().encode() + self.body.lower()
        return word.lower().encode() in said

    @property
    def numbers(self) -> set[int]:
        """Return the numbers anywhere in it that may be a world's: they have six digits."""
        said = repr(self.headers).encode() + self.body
        return {int(one) for one in re.findall(rb"(?<!\d)7\d{5}(?!\d)", said)}

    def without(self, names: Mapping[str, str]) -> "Response":
        """Return it with what the address named made alike: a redirect repeats it."""

        def alike(text: str) -> str:
            for kind, name in names.items():
                text = text.replace(name, f"<{kind}>")
            return text

        headers = tuple((name, alike(value)) for name, value in self.headers)
        return Response(self.status, headers, alike(self.body.decode()).encode())


@dataclass(frozen=True)
class Principal:
    """One who calls: by a bearer token, by a session's cookie, or as nobody.

    ``surface`` is where the credential counts: ``api``, ``page``, ``device``, ``enrolment``.
    """

    name: str
    surface: str
    sees: frozenset[str]
    token: str = ""
    session: str = ""

    def ask(
        self,
        routes: DeviceRoutes,
        method: str,
        address: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Call the server as this principal."""
        path, _, query = address.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "desk.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.7",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "CONTENT_TYPE": "application/json" if body else "",
            "HTTP_COOKIE": f"{settings.CSRF_COOKIE_NAME}={_CSRF}; "
            f"{settings.SESSION_COOKIE_NAME}={self.session}",
            "HTTP_X_CSRFTOKEN": _CSRF,
        }
        if self.token:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        for name, value in (headers or {}).items():
            known = name.upper().replace("-", "_")
            environ[known if known == "CONTENT_TYPE" else f"HTTP_{known}"] = value
        return _called(routes, environ)


def principals(own: World) -> list[Principal]:
    """Return one of each kind; who is limited is limited to ``own``."""
    both, none, mine = frozenset({"own", "foreign"}), frozenset[str](), frozenset({"own"})
    return [
        Principal("nobody", "none", none),
        Principal("a device", "device", mine, token=own.device_token),
        Principal("an enrolment token", "enrolment", mine, token=own.enrolment_token),
        Principal("a limited key", "api", mine, token=a_caller(own.client).token),
        Principal(
            "a key of a limited technician",
            "api",
            mine,
            token=a_caller(owner_sees=[own.client]).token,
        ),
        Principal("a full key", "api", both, token=a_caller().token),
        Principal("a limited technician", "page", mine, session=_session(own)),
        Principal("a full technician", "page", both, session=_session()),
    ]


def a_crossed_key(own: World, foreign: World) -> Principal:
    """Return a key for a client that its owner does not see: it shows nothing at all."""
    caller = a_caller(foreign.client, owner_sees=[own.client])
    return Principal("a key for a client its owner does not see", "api", frozenset(), caller.token)


def _session(*worlds: World) -> str:
    technician = a_technician("", *(world.client for world in worlds))
    browser = Browser()
    browser.force_login(technician)
    return str(browser.cookies[settings.SESSION_COOKIE_NAME].value)


def _called(application: Callable[..., Any], environ: dict[str, Any]) -> Response:
    status, headers, body = called(application, environ)
    kept = sorted(
        (name.lower(), value) for name, value in headers if name.lower() not in _NEVER_THE_SAME
    )
    return Response(status, tuple(kept), _MASKED.sub(rb"\1masked", body))
