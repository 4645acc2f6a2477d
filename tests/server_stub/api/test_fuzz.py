"""Requests that are almost right, thousands of them: never a failure, always a problem document.

Through the device routes and Django as a served process has them, on both databases.
"""

import io
import json
from collections import Counter
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from agent.protocol import API_PREFIX, PROBLEM_MEDIA_TYPE
from agent.protocol.ids import uuid7
from agent.protocol.problems import problem_type
from server_stub.intake.application import DeviceRoutes
from tests.server_stub.api.caller import a_caller
from tests.server_stub.api.mutations import Request, mutated
from tests.server_stub.isolation.conftest import routes
from tests.server_stub.isolation.probes import PROBES
from tests.server_stub.isolation.worlds import World, a_world
from tests.support import desk_rows, seeds
from tests.support.wsgi import called

__all__ = ["routes"]

_REQUESTS = 10_000 if seeds.long_run() else 1_000
"""On each of the two databases."""


def good_requests(world: World) -> list[Request]:
    """Return one right request for each thing the interface and the device routes do."""
    tokens = {
        "api": a_caller().token,
        "device": world.device_token,
        "enrolment": world.enrolment_token,
    }
    found = []
    for probe in PROBES:
        if probe.surface in tokens:
            path, _, query = probe.address(world.names).partition("?")
            headers = {
                "HTTP_AUTHORIZATION": f"Bearer {tokens[probe.surface]}",
                "CONTENT_TYPE": "application/json",
                **{f"HTTP_{k.upper().replace('-', '_')}": v for k, v in probe.headers.items()},
            }
            body = probe.body(world.names)
            found.append(Request(probe.method, path, query, headers, body))
    return found


def answer(application: Any, request: Request) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body as the application gives them; an exception is a failure."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "SERVER_NAME": "desk.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "CONTENT_LENGTH": str(len(request.body)) if request.body else "",
    } | request.headers
    if environ.get("HTTP_IDEMPOTENCY_KEY") == "fresh":
        environ["HTTP_IDEMPOTENCY_KEY"] = uuid7()
    status, headers, body = called(application, environ)
    return status, {name.lower(): value for name, value in headers}, body


def complaint(request: Request, status: int, headers: dict[str, str], body: bytes) -> str:
    """Return what is wrong with an answer, empty when nothing is."""
    if status >= 500:
        return f"a failure: {body[:300]!r}"
    if status < 400 or not request.path.startswith(API_PREFIX):
        return ""
    if headers.get("content-type") != PROBLEM_MEDIA_TYPE:
        return f"no problem document but {headers.get('content-type')}"
    if request.method == "HEAD" and not body:
        return ""
    tree = json.loads(body)
    wrong = {
        "an empty problem": tree["status"] != status or not tree["title"] or not tree["detail"],
        "an unknown problem": problem_type(tree) is None,
        "no Allow": status == 405 and not headers.get("allow"),
        "too much said": "traceback" in tree["detail"].lower() or len(body) > 20_000,
    }
    return next((f"{what}: {body[:300]!r}" for what, is_so in wrong.items() if is_so), "")


def test_requests_that_are_almost_right_are_refused_in_form(
    routes: DeviceRoutes, request: pytest.FixtureRequest
) -> None:
    dice = seeds.dice(request)
    good = good_requests(a_world("fuzz", 1, desk_rows.policy()))
    seen: Counter[int] = Counter()
    complaints = []
    for one in good:
        status, _, body = answer(routes, one)
        assert status < 500, (one, body)

    for _ in range(_REQUESTS):
        tried = mutated(dice.choice(good), dice)
        status, headers, body = answer(routes, tried)
        seen[status] += 1
        if why := complaint(tried, status, headers, body):
            complaints.append(f"{status} {why}\n   {tried}")

    seeds.tell(f"{_REQUESTS} requests: {dict(sorted(seen.items()))}")
    assert complaints == []
    assert {200, 400, 401, 404, 405, 422} <= set(seen)
