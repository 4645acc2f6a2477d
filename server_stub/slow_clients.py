"""Keeps clients that send a request's body slowly, or never, from taking every thread.

granian gives a request to a thread as soon as its head is there, and reading the body blocks
that thread for as long as the client likes (granian's own limit is for the head alone): forty
connections that promised a body and sent none kept a server of 32 threads from answering
anybody. Two things help. Callers who are not known before their body is read share a few threads
(``admission``). And a connection whose body is awaited too long is shut down.
"""

import contextlib
import ipaddress
import json
import logging
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

from django.template.loader import render_to_string

from agent.protocol import PROBLEM_MEDIA_TYPE
from agent.protocol.problems import ProblemType, problem_tree
from server_stub.admission import Admission

LONGEST_BODY_S = 15.0
_LAST_DATA_SENT = struct.Struct("44xI")
"""``tcpi_last_data_sent`` in Linux's ``struct tcp_info``: milliseconds since we sent anything."""

PEER = "watchdesk.peer"
"""The environ's member with the address at the other end of the connection, a proxy's perhaps."""

_log = logging.getLogger(__name__)


class BodyGuard:
    """The WSGI layer before everything else."""

    def __init__(
        self, application: WSGIApplication, *, longest_body_s: float = LONGEST_BODY_S
    ) -> None:
        """Take what answers requests."""
        self._application = application
        self._longest_body_s = longest_body_s
        self._admission = Admission()
        self._awaited: dict[int, tuple[float, str]] = {}
        self._watch_started = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; 503 for one whose body nobody can wait for just now."""
        if not _has_body(environ):
            return self._application(environ, start_response)
        self._start_watch()
        peer: str = environ.get(PEER) or environ["REMOTE_ADDR"]
        environ["wsgi.input"] = _Awaited(environ["wsgi.input"], self, peer)
        with self._admission.asked(environ) as admitted:
            if admitted:
                return self._application(environ, start_response)
        return _busy(environ["PATH_INFO"], start_response)

    @contextlib.contextmanager
    def awaiting(self, address: str) -> Iterator[None]:
        """Note, while the block runs, that this thread waits for bytes from ``address``."""
        thread = threading.get_ident()
        self._awaited[thread] = (time.monotonic(), address)
        try:
            yield
        finally:
            del self._awaited[thread]

    def _start_watch(self) -> None:
        """Start the watching thread once, in the process that serves: a fork would lose it."""
        if self._watch_started.acquire(blocking=False):
            threading.Thread(target=self._watch, name="slow-clients", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(self._longest_body_s / 5)
            now_s = time.monotonic()
            waits = list(self._awaited.values())
            for address in {a for since, a in waits if now_s - since > self._longest_body_s}:
                count = cut_silent_connections(address, self._longest_body_s)
                _log.warning("%d connections of %s cut: a body came too slowly", count, address)


class _Awaited:
    """A request's body whose reading is watched."""

    def __init__(self, body: InputStream, guard: BodyGuard, address: str) -> None:
        self._body = body
        self._guard = guard
        self._address = address

    def read(self, size: int = -1, /) -> bytes:
        with self._guard.awaiting(self._address):
            return self._body.read(size)

    def readline(self, size: int = -1, /) -> bytes:
        with self._guard.awaiting(self._address):
            return self._body.readline(size)

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        with self._guard.awaiting(self._address):
            return self._body.readlines(hint)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line


def cut_silent_connections(address: str, silent_s: float) -> int:
    """Shut down this process's connections from ``address`` that got no byte for ``silent_s``.

    Which of a client's connections a thread waits for is not known; the others that are cut with
    it were idle. Returns how many were cut. Linux only: elsewhere none.
    """
    if sys.platform != "linux":
        return 0
    count = 0
    for connection in _sockets():
        with contextlib.suppress(OSError):  # a listener, or gone since
            if _is_silent(connection, address, silent_s):
                connection.shutdown(socket.SHUT_RDWR)
                count += 1
    return count


def _sockets() -> Iterator[socket.socket]:
    """Yield each socket of this process, lent for the moment: none is closed.

    Nothing may be closed here, a duplicate neither: closing any descriptor of a file gives up all
    locks that the process has on it, and SQLite's database would be taken for unused. A number
    that names another socket by now is looked at as that one.
    """
    for entry in list(Path("/proc/self/fd").iterdir()):
        try:
            lent = socket.socket(fileno=int(entry.name))
        except OSError:  # a file, or closed since
            continue
        try:
            yield lent
        finally:
            lent.detach()


def _is_silent(connection: socket.socket, address: str, silent_s: float) -> bool:
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    if _plain(connection.getpeername()[0]) != _plain(address):
        return False
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_SENT.size)
    (silent_ms,) = _LAST_DATA_SENT.unpack(state)
    return bool(silent_ms >= silent_s * 1000)


def plain_peers(application: WSGIApplication) -> WSGIApplication:
    """Return an application that is told IPv4 peers as such, and who they are behind a proxy.

    A server listening on ``[::]`` meets them as ``::ffff:192.0.2.1``, which is in no list of
    trusted proxies.
    """

    def told(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = environ[PEER] = _plain(environ["REMOTE_ADDR"])
        return application(environ, start_response)

    return told


def _plain(address: str) -> str:
    """Return an IPv4 address met through IPv6 as what it is."""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def _has_body(environ: WSGIEnvironment) -> bool:
    return environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ


def _busy(path: str, start_response: StartResponse) -> Iterable[bytes]:
    title = "Too many send something just now"
    detail = "Nothing was stored, and what you wrote is kept. Send it again in a moment."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if path.startswith("/api/"):
        kind = PROBLEM_MEDIA_TYPE
        body = json.dumps(problem_tree(ProblemType.UNAVAILABLE, status, title, detail))
    else:
        kind = "text/html; charset=utf-8"
        body = render_to_string("error.html", {"title": title, "detail": detail, "status": 503})
    text = body.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(text))), ("Retry-After", "2"),
               ("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'"),
               ("X-Content-Type-Options", "nosniff")]  # fmt: skip
    start_response("503 Service Unavailable", headers)
    return [text]
