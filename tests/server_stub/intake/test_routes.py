"""What happens before anything is stored: routes, methods, credentials, headers, limits."""

from collections.abc import Callable
from typing import Any

import pytest

from agent.protocol.problems import ProblemType
from server_stub.clients.models import Device
from server_stub.intake.application import DeviceRoutes
from server_stub.intake.limits import Allowance, Rate
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.conftest import no_django
from tests.server_stub.intake.messages import a_heartbeat, an_event, events_body

ROUTES = ("enroll", "events", "facts", "heartbeat")


@pytest.mark.parametrize(
    "path",
    ["/", "/api/v1/tickets", "/api/v1/events/", "/api/v1//events", "/api/v1/EVENTS", "/api/v1", ""],
)
def test_every_other_path_goes_to_django(path: str) -> None:
    response = Caller(DeviceRoutes(no_django), "").call("POST", path)

    assert (response.status, response.body) == (299, b"django")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_devices_only_post(route: str, method: str) -> None:
    response = Caller(DeviceRoutes(no_django), "").call(method, f"/api/v1/{route}")

    assert (response.status, response.problem) == (405, ProblemType.METHOD_NOT_ALLOWED)
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic d2RkXzpw", "wdd_x"])
def test_without_a_credential_nothing_is_read(route: str, header: str) -> None:
    response = Caller(DeviceRoutes(no_django), "").post(route, "{", HTTP_AUTHORIZATION=header)

    assert (response.status, response.problem) == (401, ProblemType.UNAUTHENTICATED)
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("prefix", ["wdd_", "wde_", "wds_", "sk_"])
def test_a_credential_for_something_else_is_refused(route: str, prefix: str) -> None:
    if prefix == ("wde_" if route == "enroll" else "wdd_"):
        return
    response = Caller(DeviceRoutes(no_django), f"{prefix}secret").post(route, "{")

    assert (response.status, response.problem) == (403, ProblemType.WRONG_CREDENTIAL)
    assert b"secret" not in response.body


@pytest.mark.parametrize(
    "token", ["wdd_", f"wdd_{'x' * 43}", "wdd_é\0"], ids=["cut", "foreign", "odd"]
)
def test_a_token_nobody_has_is_an_unknown_device(routes: DeviceRoutes, token: str) -> None:
    """Only this problem may make an agent enrol again."""
    response = Caller(routes, token).post("events", events_body(an_event()))

    assert (response.status, response.problem) == (401, ProblemType.UNKNOWN_DEVICE)


def test_a_removed_device_is_unknown_once_it_is_forgotten(
    device: Caller, routes: DeviceRoutes
) -> None:
    assert device.post("heartbeat", a_heartbeat().to_text()).status == 200
    routes.close()  # what it said is written, or its row could not go
    Device.objects.all().delete()
    routes._devices.forget()

    assert device.post("heartbeat", "{}").problem is ProblemType.UNKNOWN_DEVICE


@pytest.mark.parametrize(
    ("environ", "status", "problem"),
    [
        ({"CONTENT_LENGTH": ""}, 411, ProblemType.INVALID_REQUEST),
        ({"CONTENT_LENGTH": "-1"}, 411, ProblemType.INVALID_REQUEST),
        ({"CONTENT_LENGTH": "1e3"}, 411, ProblemType.INVALID_REQUEST),
        ({"CONTENT_LENGTH": "²"}, 411, ProblemType.INVALID_REQUEST),
        ({"CONTENT_LENGTH": "4194305"}, 413, ProblemType.TOO_LARGE),
        ({"CONTENT_LENGTH": "9" * 5000}, 413, ProblemType.TOO_LARGE),
        ({"CONTENT_TYPE": ""}, 415, ProblemType.UNSUPPORTED_MEDIA_TYPE),
        ({"CONTENT_TYPE": "text/plain"}, 415, ProblemType.UNSUPPORTED_MEDIA_TYPE),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, 415, ProblemType.UNSUPPORTED_MEDIA_TYPE),
        ({"CONTENT_LENGTH": "9999"}, 400, ProblemType.INVALID_REQUEST),
    ],
    ids=str,
)
def test_what_the_headers_give_away_is_refused_before_reading(
    device: Caller, environ: dict[str, str], status: int, problem: ProblemType
) -> None:
    response = device.post("events", events_body(an_event()), **environ)

    assert (response.status, response.problem) == (status, problem)
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/vnd.watchdesk.v1+json",
    ],
)
def test_json_is_taken_under_its_names(device: Caller, media_type: str) -> None:
    response = device.post("events", events_body(an_event()), CONTENT_TYPE=media_type)

    assert response.status == 200


def test_a_flooding_device_is_told_to_wait_and_others_are_served(
    new_device: Callable[..., Caller],
) -> None:
    rogue, other = new_device(), new_device()
    rogue.routes._allowance = Allowance(requests=Rate(per_s=0.1, burst=2))

    answers = [rogue.post("heartbeat", a_heartbeat().to_text()) for _ in range(3)]

    assert [a.status for a in answers] == [200, 200, 429]
    assert answers[2].problem is ProblemType.RATE_LIMITED
    assert int(answers[2].headers["retry-after"]) >= 1
    assert other.post("heartbeat", a_heartbeat().to_text()).status == 200


def test_a_database_that_fails_costs_503_and_a_random_wait(
    device: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("server_stub.intake.application.decode_events", broken)

    response = device.post("events", events_body(an_event()))

    assert (response.status, response.problem) == (503, ProblemType.UNAVAILABLE)
    assert 2 <= int(response.headers["retry-after"]) <= 15
    assert b"mistake" not in response.body
