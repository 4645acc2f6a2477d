import io
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client as Browser
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from server_stub.admission import PLACES, PLACES_OF_ADDRESS, Admission
from server_stub.slow_clients import BodyGuard, cut_silent_connections, plain_peers
from tests.support import desk_rows
from tests.support.databases import ServerDatabase
from tests.support.server_process import ServerProcess


def environ(path: str, body: bytes = b"x", **more: str) -> dict[str, Any]:
    return {
        "PATH_INFO": path,
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **more,
    }


class Application:
    """Answers when it is allowed to; keeps what it read."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.inside = threading.Semaphore(0)
        self.read: list[bytes] = []

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        self.inside.release()
        self.may_answer.wait(60)
        self.read.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [b"ok"]


def status(guard: BodyGuard, asked: dict[str, Any]) -> str:
    told: list[str] = []
    guard(asked, lambda line, *_: told.append(line))  # type: ignore[arg-type]
    return told[0]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def crowded() -> Iterator[BodyGuard]:
    """A guard that is busy with as many forms as it lets in."""
    application = Application()
    guard = BodyGuard(application)
    crowd = [
        threading.Thread(
            target=status, args=(guard, environ("/sign-in", REMOTE_ADDR=f"198.51.100.{n}"))
        )
        for n in range(PLACES)
    ]
    for one in crowd:
        one.start()
    for _ in crowd:
        application.inside.acquire(timeout=60)
    threading.Timer(0.2, application.may_answer.set).start()
    yield guard
    application.may_answer.set()
    for one in crowd:
        one.join()
    assert status(guard, environ("/sign-in")) == "200 OK"


@pytest.mark.parametrize(
    "path", ["/api/v1/enroll", "/sign-in", "/api/v1/docs", "/api/v1/events", "/nowhere"]
)
def test_one_stranger_too_many_is_sent_away_at_once(crowded: BodyGuard, path: str) -> None:
    assert status(crowded, environ(path)).startswith("503")


def test_who_is_signed_in_has_places_of_their_own(sqlite: ServerDatabase) -> None:
    """A cookie shows that a browser has a session; having one is not being signed in."""
    browser = Browser()
    browser.force_login(desk_rows.technician())
    signed_in = browser.cookies[settings.SESSION_COOKIE_NAME].value
    nobodys = SessionStore()
    nobodys["begun"] = True
    nobodys.save()
    admission = Admission()

    def admitted(cookie: str | None) -> bool:
        crumb = f"{settings.SESSION_COOKIE_NAME}={cookie}"
        with admission.asked(environ("/", HTTP_COOKIE=crumb)) as yes:
            return yes

    with ExitStack() as held:
        for n in range(PLACES):
            held.enter_context(admission.asked(environ("/", REMOTE_ADDR=f"198.51.100.{n}")))

        assert admitted(signed_in)
        assert not admitted(nobodys.session_key)
        assert not admitted("made-up")
    assert admitted("made-up")


def test_one_address_gets_some_of_the_places_only() -> None:
    admission = Admission()
    with ExitStack() as held:
        taken = [
            held.enter_context(admission.asked(environ("/sign-in")))
            for _ in range(PLACES_OF_ADDRESS + 1)
        ]
        other = held.enter_context(admission.asked(environ("/", REMOTE_ADDR="192.0.2.2")))

        assert taken == [True] * PLACES_OF_ADDRESS + [False]
        assert other

    with admission.asked(environ("/sign-in")) as again:
        assert again


def test_a_proxy_met_through_ipv6_is_known_by_its_address() -> None:
    """As on a server that listens on [::]."""
    told: list[str] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        told.append(environ["REMOTE_ADDR"])
        return []

    trusting = plain_peers(wrap_wsgi_with_proxy_headers(application, ["127.0.0.1"]))
    for peer in ("::ffff:127.0.0.1", "::ffff:192.0.2.9", "2001:db8::1"):
        asked = environ("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR="198.51.100.7")
        trusting(asked, lambda *_: None)  # type: ignore[arg-type]

    assert told == ["198.51.100.7", "192.0.2.9", "2001:db8::1"]


@pytest.mark.parametrize(
    "asked",
    [
        environ("/api/v1/events", HTTP_AUTHORIZATION="Bearer wdd_x"),
        environ("/", b""),
        environ("/health", b"", HTTP_X="y"),
    ],
    ids=["device", "page", "health"],
)
def test_devices_and_readers_are_served_however_many_forms_there_are(
    crowded: BodyGuard, asked: dict[str, Any]
) -> None:
    assert status(crowded, asked) == "200 OK"


def test_a_body_arrives_as_it_was_sent() -> None:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"]
        start_response("200 OK", [])
        return [body.read(2), body.readline(), *body, *body.readlines()]

    sent = b"one\ntwo\nthree"
    told = BodyGuard(application)(environ("/", sent), lambda *_: None)  # type: ignore[arg-type]

    assert list(told) == [b"on", b"e\n", b"two\n", b"three"]


@pytest.fixture
def connected() -> Iterator[Callable[[str], socket.socket]]:
    """Make connections to a listener of this process; returns the listener's end."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def connect(source: str) -> socket.socket:
            there = socket.create_connection(listener.getsockname(), 10, (source, 0))
            stack.enter_context(there)
            here, _ = listener.accept()
            stack.enter_context(here)
            here.settimeout(10)
            return here

        yield connect


@pytest.mark.needs("setpriv")  # Linux
def test_only_the_silent_connections_of_one_address_are_cut(
    connected: Callable[[str], socket.socket],
) -> None:
    silent, other = connected("127.0.0.21"), connected("127.0.0.22")
    before = open_files()
    deadline = time.monotonic() + 20
    while cut_silent_connections("127.0.0.21", 0.3) == 0:
        assert time.monotonic() < deadline
    assert open_files() == before
    served = connected("127.0.0.21")
    served.sendall(b"answer")

    assert cut_silent_connections("127.0.0.21", 10) == 0
    assert silent.recv(1) == b""
    other.sendall(b"still there")
    served.sendall(b"still there")


@pytest.mark.needs("setpriv")  # Linux
def test_looking_for_silent_connections_leaves_the_databases_locks_alone(tmp_path: Path) -> None:
    """Whoever closes any descriptor of a file gives up all locks its process has on it.

    A second process then took the database for unused, and what was answered was lost.
    """
    file = tmp_path / "watchdesk.db"
    ours = sqlite3.connect(file, isolation_level=None)
    ours.execute("BEGIN EXCLUSIVE")
    asking = (
        "import sqlite3, sys\nsqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN EXCLUSIVE')"
    )
    asks = [sys.executable, "-c", asking, str(file)]

    cut_silent_connections("127.0.0.1", 0)
    theirs = subprocess.run(asks, capture_output=True, text=True, check=False)
    ours.close()

    assert "database is locked" in theirs.stderr
    assert subprocess.run(asks, check=False).returncode == 0


@pytest.mark.needs("setpriv")  # Linux
def test_forty_clients_that_never_send_their_body_do_not_stop_the_server(
    sqlite: ServerDatabase, server_process: Callable[..., ServerProcess]
) -> None:
    """Without the guard every thread waits for them, for ever."""
    server = server_process(sqlite)
    host, port = server.url.removeprefix("http://").split(":")
    head = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\n"
    head += b"Cookie: watchdesk-csrf=" + b"a" * 32 + b"\r\n\r\n"
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection((host, int(port)), 60)) for _ in range(40)
        ]
        for client in clients:
            client.sendall(head)

        with urllib.request.urlopen(f"{server.url}/health", timeout=30) as answer:  # noqa: S310
            assert answer.status == 200
        told = [client.recv(1000) for client in clients]

    assert len([one for one in told if one.startswith(b"HTTP/1.1 503")]) == 40 - PLACES_OF_ADDRESS
    assert len([one for one in told if one == b""]) == PLACES_OF_ADDRESS
    server.stop()
    assert "a body came too slowly" in server.output()
