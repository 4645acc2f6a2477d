"""What strangers send to a real server's socket: it stays up, and answers in form."""

import contextlib
import http.client
import json
import random
import re
import socket
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from agent.protocol import PROBLEM_MEDIA_TYPE
from tests.server_stub.api.caller import a_caller
from tests.server_stub.api.mutations import Request, mutated
from tests.server_stub.api.test_fuzz import good_requests
from tests.server_stub.isolation.worlds import a_world
from tests.support import desk_rows, seeds
from tests.support.databases import ServerDatabase
from tests.support.server_process import ServerProcess

_REQUESTS = 4_000 if seeds.long_run() else 400
_PATIENCE_S = 20
_MOMENT_S = 0.3
Start = Callable[..., ServerProcess]


def written(request: Request, host: str) -> bytes:
    """Return a request as bytes, right as HTTP where its parts allow it."""
    names = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}
    headers = {"HTTP_HOST": host, "CONTENT_LENGTH": str(len(request.body))} | request.headers
    lines = [
        f"{names.get(name, name.removeprefix('HTTP_').replace('_', '-').title())}: {value}"
        for name, value in headers.items()
    ]
    target = request.path + (f"?{request.query}" if request.query else "")
    head = "\r\n".join([f"{request.method} {target} HTTP/1.1", *lines, "Connection: close"])
    return head.encode("latin-1", "replace") + b"\r\n\r\n" + request.body


def damaged(raw: bytes, dice: random.Random) -> bytes:
    """Return bytes that are HTTP no more."""
    match dice.randrange(6):
        case 0:
            return raw[: dice.randrange(len(raw))]
        case 1:
            place = dice.randrange(min(len(raw), 400))
            return raw[:place] + dice.randbytes(dice.choice((1, 4, 40))) + raw[place:]
        case 2:
            return raw.replace(b"\r\n", dice.choice((b"\n", b"\r", b"\r\n\r\n")), 3)
        case 3:
            return raw.replace(b"HTTP/1.1", dice.choice((b"HTTP/9.9", b"HTTP/1.0", b"", b"ICY")))
        case 4:
            doubled = b"Content-Length: 3\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
            return raw.replace(b"Host", doubled + b"Host", 1)
        case _:
            return dice.randbytes(dice.choice((1, 100, 10_000)))


def exchanged(address: tuple[str, int], raw: bytes) -> bytes:
    """Send bytes and return all that comes back.

    A server that waits for more is told that there is no more. Not at once: it cuts off who
    hangs up before the answer.
    """
    answer = b""
    with (
        socket.create_connection(address, _MOMENT_S) as connection,
        contextlib.suppress(ConnectionError),
    ):
        with contextlib.suppress(OSError):  # cut off while sending is an answer, too
            connection.sendall(raw)
        while True:
            try:
                piece = connection.recv(65_536)
            except TimeoutError:
                connection.settimeout(_PATIENCE_S)
                connection.shutdown(socket.SHUT_WR)
                continue
            if not piece:
                break
            answer += piece
    return answer


def status_of(url: str, token: str) -> int:
    """Return the status of a right request."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE_S)
    connection.request("GET", "/api/v1/tickets", headers={"Authorization": f"Bearer {token}"})
    status = connection.getresponse().status
    connection.close()
    return status


def complaint(sent: bytes, answer: bytes) -> str:
    """Return what is wrong with an answer, empty when nothing is."""
    if not answer:
        return ""
    head, _, rest = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    body = rest[: int(length[1])] if length else rest  # what follows is answers to the rubble
    status = int(head.split(b" ", 2)[1])
    if status >= 500:
        return f"a failure: {answer[:500]!r}"
    if sent.startswith(b"HEAD "):
        return ""
    if status >= 400 and body and PROBLEM_MEDIA_TYPE.encode() in head:
        return "" if json.loads(body)["status"] == status else f"an odd problem: {body!r}"
    spoke = b"x-request-id" in head.lower()  # by us, not by the HTTP layer below
    return f"no problem document: {answer[:500]!r}" if status >= 400 and body and spoke else ""


def test_whatever_bytes_arrive_the_server_answers_in_form_and_stays_up(
    sqlite: ServerDatabase, server_process: Start, request: pytest.FixtureRequest
) -> None:
    dice = seeds.dice(request)
    good = [one for one in good_requests(a_world("wire", 1, desk_rows.policy())) if one.path]
    server = server_process(sqlite)
    parts = urlsplit(server.url)
    address = (str(parts.hostname), parts.port or 0)
    seen: Counter[str] = Counter()

    for number in range(_REQUESTS):
        raw = written(mutated(dice.choice(good), dice), parts.netloc)
        sent = damaged(raw, dice) if number % 2 else raw
        if sent.startswith((b"GET / ", b"POST / ")):
            continue
        answer = exchanged(address, sent)
        seen[answer[9:12].decode("latin-1") or "cut off"] += 1
        assert not complaint(sent, answer), sent[:1_000]

    seeds.tell(f"{_REQUESTS} requests: {dict(sorted(seen.items()))}")
    assert status_of(server.url, a_caller().token) == 200
    assert "Traceback" not in server.output()


def test_who_sends_without_end_is_cut_off_and_others_are_served(
    sqlite: ServerDatabase, server_process: Start
) -> None:
    api = a_caller()
    server = server_process(sqlite)
    parts = urlsplit(server.url)
    address = (str(parts.hostname), parts.port or 0)

    with socket.create_connection(address, _PATIENCE_S) as endless:
        endless.sendall(
            b"POST /api/v1/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1073741824\r\nAuthorization: Bearer " + api.token.encode() + b"\r\n"
            b"Idempotency-Key: 1\r\n\r\n"
        )
        answer = endless.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413")
    assert PROBLEM_MEDIA_TYPE.encode() in answer

    huge = b"GET /api/v1/tickets HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 10_000_000
    refused = exchanged(address, huge + b"\r\n\r\n")
    assert refused == b"" or refused[9:10] == b"4"

    assert status_of(server.url, api.token) == 200
