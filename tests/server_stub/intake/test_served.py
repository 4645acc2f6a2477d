"""The device routes behind the real ``serve``: sockets, threads, start and stop."""

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from agent.protocol import MEDIA_TYPE, PROBLEM_MEDIA_TYPE
from server_stub.clients.models import Device
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import a_heartbeat, an_event, events_body
from tests.support.databases import ServerDatabase
from tests.support.server_process import ServerProcess

Start = Callable[..., ServerProcess]


class Wire:
    """One device's connection to a running server."""

    def __init__(self, server: ServerProcess, token: str) -> None:
        self.host = urlsplit(server.url).netloc
        self.token = token
        self.connection = http.client.HTTPConnection(self.host, timeout=30)

    def request(
        self, method: str, route: str, body: Any = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.connection.request(method, f"/api/v1/{route}", body, given | headers)
        answer = self.connection.getresponse()
        return answer, answer.read()

    def post(self, route: str, body: bytes) -> Any:
        answer, text = self.request("POST", route, body)
        assert answer.status == 200, text
        assert answer.headers["Content-Type"] == MEDIA_TYPE
        return json.loads(text)


@pytest.fixture
def wire(
    database: ServerDatabase, device: Caller, server_process: Start
) -> Iterator[Callable[[], Wire]]:
    """Return a function that opens a device's connections to one running server."""
    server = server_process(database)
    opened: list[Wire] = []

    def connect() -> Wire:
        opened.append(Wire(server, device.token))
        return opened[-1]

    yield connect
    for one in opened:
        one.connection.close()


def test_a_batch_posted_fifty_times_over_sixteen_connections_is_one_ticket(
    wire: Callable[[], Wire],
) -> None:
    body = events_body(*(an_event(target=f"/{number}") for number in range(3)))
    wires = [wire() for _ in range(16)]

    def post(number: int) -> Any:
        return [wires[number].post("events", body) for _ in range(50)[number::16]]

    with ThreadPoolExecutor(16) as pool:
        answers = [a for some in pool.map(post, range(16)) for a in some]

    assert len(answers) == 50
    results = [[r["result"] for r in answer["receipts"]] for answer in answers]
    assert results.count(["accepted"] * 3) == 1
    assert results.count(["duplicate"] * 3) == 49
    assert Ticket.objects.count() == 3


def test_heartbeats_taken_before_the_stop_are_written(
    database: ServerDatabase, device: Caller, server_process: Start
) -> None:
    server = server_process(database)
    wire = Wire(server, device.token)
    wire.post("heartbeat", a_heartbeat(waiting=7).to_text().encode())
    wire.connection.close()

    assert server.stop() == 0

    assert Device.objects.get().heartbeat_tree["waiting"] == 7
    assert "Traceback" not in server.output()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_problems_reach_the_wire_as_documents(wire: Callable[[], Wire]) -> None:
    cases = [
        ("GET", None, {}, 405),
        ("POST", iter([b"{}"]), {"Transfer-Encoding": "chunked"}, 411),
        ("POST", b"{}", {"Content-Type": "text/plain"}, 415),
        ("POST", b"{", {}, 400),
        ("POST", b'{"events":[{}]}', {}, 422),
        ("POST", b"{}", {"Authorization": "Bearer wds_x"}, 403),
    ]
    for method, body, headers, status in cases:
        answer, text = wire().request(method, "events", body, **headers)
        assert (answer.status, answer.headers["Content-Type"]) == (status, PROBLEM_MEDIA_TYPE)
        assert json.loads(text)["status"] == status


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_body_beyond_the_limit_is_refused_without_being_read(wire: Callable[[], Wire]) -> None:
    """The announced gigabyte is never sent; the answer comes all the same."""
    one = wire()
    host, _, port = one.host.partition(":")
    with socket.create_connection((host, int(port)), 10) as raw:
        raw.sendall(
            f"POST /api/v1/events HTTP/1.1\r\nHost: {one.host}\r\n"
            f"Authorization: Bearer {one.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {2**30}\r\n\r\n".encode()
        )
        assert raw.recv(65536).startswith(b"HTTP/1.1 413 ")
