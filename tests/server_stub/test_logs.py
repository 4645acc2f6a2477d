"""What the log says of a request, and what it never says."""

import json
import logging
import sys
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from server_stub import logs
from server_stub.observed import Observed, access, route_of
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.messages import an_event
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device, a_policy_version
from tests.support.server_process import ServerProcess

Start = Callable[..., ServerProcess]


def record(message: str, *args: object, exc_info: Any = None) -> logging.LogRecord:
    return logging.LogRecord("some.logger", logging.WARNING, "", 1, message, args, exc_info)


@pytest.mark.parametrize(
    "hostile", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\x00b", "a\u2028b", "a\u202eb"]
)
def test_a_strangers_text_makes_no_line_of_its_own(hostile: str) -> None:
    text = logs.Text().format(record("said %s", hostile))
    tree = json.loads(json_line := logs.Json().format(record("said %s", hostile)))

    for line in (text, json_line):
        assert len(line.splitlines()) == 1
        assert line.isprintable()
    assert tree["message"] == f"said {hostile}"


def test_a_traceback_is_told_without_a_line_that_looks_like_another_record() -> None:
    try:
        raise ValueError("first\n2026-03-02T09:00:00.000Z INFO forged: line")  # noqa: TRY301
    except ValueError:
        told = record("it broke", exc_info=sys.exc_info())

    text = logs.Text().format(told)

    assert all(line.startswith("\t") for line in text.splitlines()[1:])
    assert "ValueError" in text
    assert "forged" in json.loads(logs.Json().format(told))["traceback"]


def test_lines_of_a_request_have_its_id_and_others_have_none() -> None:
    with logs.request("abcdefgh") as notes:
        logs.note(device="d", tickets=[1, 2])
        within = json.loads(logs.Json().format(record("x")))
    without = json.loads(logs.Json().format(record("x")))
    logs.note(device="nobody's")

    assert within["request"] == "abcdefgh"
    assert "request" not in without
    assert notes == {"device": "d", "tickets": [1, 2]}


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[str, Any]] = []
        self.setFormatter(logs.Json())

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """Collect the access lines."""
    handler = Lines()
    access.addHandler(handler)
    yield handler.told
    access.removeHandler(handler)


def asked(application: Any, **environ: Any) -> tuple[str, dict[str, str]]:
    told: list[tuple[str, dict[str, str]]] = []
    observed = Observed(application, logs_requests=True)
    given = {"PATH_INFO": "/queue", "REQUEST_METHOD": "GET", "REMOTE_ADDR": "192.0.2.1"} | environ
    list(observed(given, lambda status, headers, *_: told.append((status, dict(headers)))))  # type: ignore[arg-type] # no body
    return told[0]


def says_yes(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"yes"]


@pytest.mark.parametrize("given", ["01ab-CD_ef.9", "x" * 64, "12345678"])
def test_a_harmless_id_of_the_callers_is_kept_and_answered(
    lines: list[dict[str, Any]], given: str
) -> None:
    _, headers = asked(says_yes, HTTP_X_REQUEST_ID=given)

    assert headers["X-Request-Id"] == given
    assert lines[0]["request"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "with space", "a\r\nSet-Cookie: x=1", "ä" * 9]
)
def test_any_other_id_is_replaced(lines: list[dict[str, Any]], given: str) -> None:
    _, headers = asked(says_yes, HTTP_X_REQUEST_ID=given)

    assert headers["X-Request-Id"] != given
    assert len(headers["X-Request-Id"]) == 16


def test_a_line_tells_no_query_no_header_and_no_body(lines: list[dict[str, Any]]) -> None:
    asked(
        says_yes,
        QUERY_STRING="q=private",
        HTTP_AUTHORIZATION="Bearer wds_secret",
        HTTP_COOKIE="session=secret",
    )

    assert set(lines[0]) == {
        *("at", "level", "logger", "message", "request", "method", "path", "status", "ms", "from")
    }
    assert "private" not in str(lines)
    assert "secret" not in str(lines)


def test_an_application_that_breaks_is_a_500_in_the_log(lines: list[dict[str, Any]]) -> None:
    def broken(_environ: Any, _start: Any) -> list[bytes]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        asked(broken)

    assert lines[0]["status"] == 500


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v1/events", "events"),
        ("/api/v1/heartbeat", "heartbeat"),
        ("/api/v1/tickets/7", "api"),
        ("/health", "health"),
        ("/static/staff/staff.css", "static"),
        ("/", "pages"),
        ("/whatever/\n" * 9, "pages"),
    ],
)
def test_routes_are_few_words(path: str, route: str) -> None:
    assert route_of(path) == route


def test_a_devices_request_is_followed_to_its_ticket(
    database: ServerDatabase, server_process: Start
) -> None:
    """The id a device was answered finds the line, and the line names device and tickets."""
    a_policy_version()
    token = new_credential(CredentialPrefix.DEVICE)
    device = a_device(a_client(), token_hash=credential_hash(token))
    server = server_process(database, "--log", "json", "--log-requests")
    body = f'{{"events":[{an_event().to_text()}]}}'.encode()
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{server.url}/api/v1/events",
        data=body,
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "X-Request-Id": "from-the-agent-1",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        assert answer.headers["X-Request-Id"] == "from-the-agent-1"
    server.stop()

    (line,) = (
        json.loads(line) for line in server.output().splitlines() if "from-the-agent-1" in line
    )
    assert line["device"] == device.id
    assert line["tickets"] == [Ticket.objects.get().id]
    assert line["envelopes"] == 1
    assert line["status"] == 200
    assert token not in server.output()
    assert all(
        json.loads(line)
        for line in server.output().splitlines()
        if not line.startswith("listening")
    )
