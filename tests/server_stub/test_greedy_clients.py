"""Clients that send too much, or never end: cut off, while everybody else is served."""

import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.databases import ServerDatabase
from tests.support.server_process import ServerProcess

GIGABYTE = 1_000_000_000
WILLING_BYTES = 200_000_000
"""More than any buffer on the way holds; a server that took it all would be read from for ever."""


class Greedy(threading.Thread):
    """Sends a head and then as much as the server takes; keeps how much, and the answer."""

    def __init__(self, url: str, head: str, chunk: bytes) -> None:
        super().__init__()
        host, port = url.removeprefix("http://").split(":")
        self._connection = socket.create_connection((host, int(port)), 60)
        self._connection.settimeout(60)
        self._head = head
        self._chunk = chunk
        self.sent = 0
        self.answer = b""
        self.was_cut = False

    def run(self) -> None:
        with self._connection as connection:
            try:
                connection.sendall(self._head.encode())
                while self.sent < WILLING_BYTES:
                    self.sent += connection.send(self._chunk)
            except TimeoutError:
                pass
            except OSError:
                self.was_cut = True
            try:
                self.answer = connection.recv(200)
                self.was_cut = self.was_cut or self.answer == b""
            except TimeoutError:
                pass
            except OSError:
                self.was_cut = True


def head(path: str, *more: str) -> str:
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: x", *more, "", ""))


GREEDY = {
    "a gigabyte of events": (
        head(
            "/api/v1/events",
            f"Content-Length: {GIGABYTE}",
            "Content-Type: application/json",
            "Authorization: Bearer wdd_nobodys",
        ),
        b"x" * 65536,
    ),
    "a gigabyte to enrol": (
        head(
            "/api/v1/enroll",
            f"Content-Length: {GIGABYTE}",
            "Content-Type: application/json",
            "Authorization: Bearer wde_nobodys",
        ),
        b"x" * 65536,
    ),
    "a gigabyte of a form": (
        head(
            "/sign-in",
            f"Content-Length: {GIGABYTE}",
            "Content-Type: application/x-www-form-urlencoded",
        ),
        b"x" * 65536,
    ),
    "chunks without end": (
        head(
            "/api/v1/events",
            "Transfer-Encoding: chunked",
            "Content-Type: application/json",
            "Authorization: Bearer wdd_nobodys",
        ),
        b"10000\r\n" + b"x" * 65536 + b"\r\n",
    ),
    "one header of ten megabytes": ("GET / HTTP/1.1\r\nHost: x\r\nX: ", b"x" * 65536),
    "headers without end": ("GET / HTTP/1.1\r\nHost: x\r\n", b"X-Y: zzzzzzzzzzzz\r\n" * 3000),
}


@pytest.fixture
def served(
    sqlite: ServerDatabase, server_process: Callable[..., ServerProcess]
) -> Iterator[ServerProcess]:
    """A running server, which must still answer at the end."""
    server = server_process(sqlite)
    yield server
    assert healthy(server)


def healthy(server: ServerProcess) -> bool:
    with urllib.request.urlopen(f"{server.url}/health", timeout=30) as answer:  # noqa: S310
        return bool(answer.status == 200)


@pytest.mark.parametrize("kind", GREEDY)
def test_what_is_too_much_is_refused_and_not_taken(served: ServerProcess, kind: str) -> None:
    clients = [Greedy(served.url, *GREEDY[kind]) for _ in range(8)]
    for client in clients:
        client.start()
    assert healthy(served), "others are served meanwhile"
    for client in clients:
        client.join()

    for client in clients:
        assert client.sent < WILLING_BYTES / 2, "it was taken"
        assert client.was_cut or client.answer.startswith(b"HTTP/1.1 4")
        assert b" 5" not in client.answer[:13]


def test_heads_that_come_byte_by_byte_are_cut_off(served: ServerProcess) -> None:
    """More of them than there are threads."""
    host, port = served.url.removeprefix("http://").split(":")
    with ExitStack() as stack:
        slow = [
            stack.enter_context(socket.create_connection((host, int(port)), 60)) for _ in range(64)
        ]
        for connection in slow:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert healthy(served)
        for connection in slow:
            assert not connection.recv(100).startswith(b"HTTP/1.1 2")
