"""The requests of the form's page, and the rules that keep it to the one person it is for.

Every request must name exactly this host (else DNS rebinding would lead here) and carry this
run's cookie; every POST must come from this page and be JSON.
"""

import contextlib
import json
import queue
import secrets
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from agent.protocol.strict import ProtocolError, check_value
from tray.errors import AgentUnreachableError, DraftError, RefusedError, TrayError
from tray.forms.page import POLICY, page
from tray.language import _

if TYPE_CHECKING:
    from tray.forms.web import WebForm

LARGEST_BODY = 8 * 1024 * 1024
"""A file of 5 MB in base64, with room."""
_LONG_MEMBERS = ("content", "text", "title", "error_text", "before", "tried")
_ALIVE_S = 2.0
"""How often a page is looked whether it is still there."""
_SLOW_S = 30.0


class FormServer(ThreadingHTTPServer):
    """Listens for the one page."""

    daemon_threads = True
    web: "WebForm"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that broke off."""


class Requests(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    server: FormServer
    protocol_version = "HTTP/1.1"
    server_version = "watchdesk"
    sys_version = ""
    timeout = _SLOW_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Log nothing: an address holds the token."""

    def do_GET(self) -> None:
        """Answer the page, its pictures and its stream of changes."""
        web, path = self.server.web, urlsplit(self.path)
        if not self._host_is_ours():
            return
        token = parse_qs(path.query).get("t")
        if path.path == "/" and token:
            if web.enter(token[0]):
                self._page(enter=True)
            else:
                self._refuse(HTTPStatus.FORBIDDEN, _("This address works once. Open it anew."))
        elif not self._is_known():
            self._refuse(HTTPStatus.FORBIDDEN, _("Open this from the tray."))
        elif path.path == "/":
            self._page()
        elif path.path == "/changes":
            self._changes()
        elif path.path.startswith("/picture/"):
            self._picture(path.path.removeprefix("/picture/"))
        else:
            self._refuse(HTTPStatus.NOT_FOUND, _("There is nothing here."))

    def do_POST(self) -> None:
        """Do what the page asks."""
        web = self.server.web
        if not self._host_is_ours():
            return
        if self.path == "/raise":
            self._raise()
        elif self.headers.get("Origin") != f"http://{web.host}":
            self._refuse(HTTPStatus.FORBIDDEN, _("Only this page may ask."))
        elif not self._is_known():
            self._refuse(HTTPStatus.FORBIDDEN, _("Open this from the tray."))
        elif self.headers.get("Content-Type") != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _("Only JSON is understood."))
        else:
            self._act()

    def _act(self) -> None:
        act = _ACTS.get(self.path)
        if act is None:
            self._refuse(HTTPStatus.NOT_FOUND, _("There is nothing here."))
            return
        try:
            tree = self._body()
            if tree is not None:
                self._json(act(self.server.web, tree))
        except (DraftError, RefusedError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error), error.field)
        except AgentUnreachableError as error:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except TrayError as error:
            self._refuse(HTTPStatus.CONFLICT, str(error))
        except ProtocolError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, error.reason, error.field)
        except (KeyError, TypeError, ValueError):
            self._refuse(HTTPStatus.BAD_REQUEST, _("This request is not understood."))
        except OSError as error:
            self._refuse(
                HTTPStatus.CONFLICT,
                _("This could not be stored on this computer ({reason}). Is the disk full?").format(
                    reason=error.strerror or error
                ),
            )

    def _body(self) -> Mapping[str, Any] | None:
        """Return the request's JSON object; answers itself what is none."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("This is too large."))
            return None
        try:
            tree = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            tree = None
        if not isinstance(tree, dict):
            self._refuse(HTTPStatus.BAD_REQUEST, _("Only JSON is understood."))
            return None
        check_value({name: one for name, one in tree.items() if name not in _LONG_MEMBERS})
        return tree

    def _host_is_ours(self) -> bool:
        if self.headers.get("Host") == self.server.web.host:
            return True
        self.close_connection = True
        self._refuse(HTTPStatus.MISDIRECTED_REQUEST, _("This is not the address of the form."))
        return False

    def _is_known(self) -> bool:
        name, value = self.server.web.cookie
        try:
            given = SimpleCookie(self.headers.get("Cookie", "")).get(name)
        except CookieError:
            return False
        return given is not None and secrets.compare_digest(given.value.encode(), value.encode())

    def _raise(self) -> None:
        web = self.server.web
        if not secrets.compare_digest(self.headers.get("X-Key", "").encode(), web.key.encode()):
            self._refuse(HTTPStatus.FORBIDDEN, _("Open this from the tray."))
            return
        tree = self._body()
        if tree is not None:
            if view := str(tree.get("view") or ""):
                web.tell("view", view)
            web.raised()
            self._json({})

    def _page(self, *, enter: bool = False) -> None:
        web, nonce = self.server.web, secrets.token_urlsafe(16)
        state = web.form.begin() | {"view": web.view if enter else ""}
        content = page(state, nonce)
        name, value = web.cookie
        cookie = {"Set-Cookie": f"{name}={value}; Path=/; HttpOnly; SameSite=Strict"}
        self._answer(
            HTTPStatus.OK,
            "text/html; charset=utf-8",
            content,
            {"Content-Security-Policy": POLICY.format(nonce=nonce), **(cookie if enter else {})},
        )

    def _picture(self, name: str) -> None:
        try:
            content = self.server.web.form.preview(name)
        except TrayError as error:
            self._refuse(HTTPStatus.NOT_FOUND, str(error))
            return
        self._answer(HTTPStatus.OK, "image/png", content)

    def _changes(self) -> None:
        """Tell the page what happens, until it is closed."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        with self.server.web.page_open() as told, contextlib.suppress(OSError):
            while not _gone(self.connection):
                try:
                    event = told.get(timeout=_ALIVE_S)
                except queue.Empty:
                    event = ":\n\n"
                self.wfile.write(event.encode())

    def _json(self, tree: Mapping[str, Any]) -> None:
        self._answer(HTTPStatus.OK, "application/json", json.dumps(tree).encode())

    def _refuse(self, status: HTTPStatus, problem: str, field: str = "") -> None:
        content = json.dumps({"problem": problem, "field": field}).encode()
        self.close_connection = True
        self._answer(status, "application/json", content)

    def _answer(
        self,
        status: HTTPStatus,
        content_type: str,
        content: bytes,
        more: Mapping[str, str] | None = None,
    ) -> None:
        headers = {
            "Content-Type": content_type,
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        self.send_response(status)
        for name, value in (headers | dict(more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _gone(connection: socket.socket) -> bool:
    """Tell whether the other end closed; a browser sends nothing on this connection."""
    connection.setblocking(False)  # noqa: FBT003 - socket's own
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(_SLOW_S)


def _send(web: "WebForm", tree: Mapping[str, Any]) -> dict[str, Any]:
    answer = web.form.send(tree)
    if "sent" in answer:
        web.hand_over()
    return answer


def _say(web: "WebForm", tree: Mapping[str, Any]) -> dict[str, Any]:
    if tree["verb"] not in ("reply", "confirm", "rate"):
        raise ValueError(tree["verb"])
    return web.form.say(tree["verb"], str(tree["id"]), int(tree["ticket"]), tree["more"])


_ACTS: Mapping[str, Callable[["WebForm", Mapping[str, Any]], dict[str, Any]]] = {
    "/known": lambda web, _tree: web.form.known(),
    "/facts": lambda web, _tree: web.form.facts(),
    "/check": lambda web, _tree: web.form.check(),
    "/verdict": lambda web, _tree: web.form.verdict(),
    "/suggest": lambda web, tree: web.form.suggest(str(tree["text"])),
    "/solved": lambda web, tree: web.form.solved(str(tree["note"])),
    "/draft": lambda web, tree: web.form.save(tree),
    "/send": _send,
    "/discard": lambda web, _tree: web.form.discard(),
    "/reopen": lambda web, tree: web.form.reopen(str(tree["report"])),
    "/attach": lambda web, tree: web.form.attach(str(tree["name"]), str(tree["content"])),
    "/detach": lambda web, tree: web.form.detach(str(tree["attachment"])),
    "/capture": lambda web, _tree: web.form.capture(),
    "/keep": lambda web, tree: web.form.keep(str(tree["picture"]), tree["boxes"]),
    "/forget": lambda web, tree: web.form.forget(str(tree["picture"])),
    "/say": _say,
}
