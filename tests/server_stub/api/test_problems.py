"""Whatever goes wrong below /api/ is told by a problem document, on both databases."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver

from agent.protocol.problems import ProblemType, problem_type
from server_stub.api.strict_requests import MAX_BODY_BYTES
from server_stub.sla.models import PolicyVersion
from server_stub.tickets import search
from server_stub.tickets.models import Ticket
from tests.server_stub.api.caller import Caller

NOWHERE = (
    *("/api/", "/api/v1", "/api/v1/", "/api/v2/tickets", "tickets/", "x", "tickets/abc"),
    *("tickets/1/x", "tickets/1/timeline/2", "devices/a/b", "%ff%00", "tickets/-1", "clients/0x1"),
)
ALLOWED = {
    "tickets": {"GET", "POST"},
    "tickets/1": {"GET", "PATCH"},
    "tickets/1/timeline": {"GET"},
    "tickets/1/reply": {"POST"},
    "devices": {"GET"},
    "clients/1": {"GET"},
}


def test_unknown_paths_are_not_found_by_any_method(api: Caller) -> None:
    for path in NOWHERE:
        for method in ("GET", "POST", "PATCH", "DELETE", "BREW"):
            answer = api.call(method, path, status=404)
            assert answer.problem is ProblemType.NOT_FOUND
        assert api.call("HEAD", path, status=404).body == b""


def test_another_method_is_refused_with_the_ones_there_are(api: Caller) -> None:
    for path, allowed in ALLOWED.items():
        for method in ("DELETE", "PUT", "OPTIONS", "TRACE", "BREW"):
            answer = api.call(method, path, status=405)
            assert answer.problem is ProblemType.METHOD_NOT_ALLOWED
            assert set(answer.headers["allow"].split(", ")) == allowed


def test_what_is_public_is_read_by_anybody_and_takes_nothing_else(policy: PolicyVersion) -> None:
    """No form comes here: there is nothing to forge, and no cookie to be asked for."""
    for path in public_paths():
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
            browser = Browser(enforce_csrf_checks=True, raise_request_exception=False)
            answer = browser.generic(method, path)
            assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD"), (method, path)
            assert answer["Content-Type"] == "application/problem+json"
            assert problem_type(answer.json()) is ProblemType.METHOD_NOT_ALLOWED


def public_paths() -> list[str]:
    """Return the paths below the prefix that are not the interface's own, from the route table."""
    [below] = [one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/"]
    assert isinstance(below, URLResolver)
    paths = [str(one.pattern) for one in below.url_patterns if isinstance(one, URLPattern)]
    assert len(paths) >= 3
    return [f"/api/v1/{path}" for path in paths if path]


def test_head_is_get_without_its_body(api: Caller, ticket: Ticket) -> None:
    path = f"tickets/{ticket.id}"
    whole, head = api.get(path), api.call("HEAD", path, status=200)

    assert head.body == b""
    assert head.headers == whole.headers
    assert int(head.headers["content-length"]) == len(whole.body)


def test_who_takes_no_json_is_told_so(api: Caller) -> None:
    for accept in ["text/html", "application/xml", "image/*", "nonsense"]:
        assert api.get("tickets", 406, accept=accept).problem is ProblemType.NOT_ACCEPTABLE


def test_who_takes_json_among_others_gets_it(api: Caller) -> None:
    for accept in ["*/*", "application/*", "text/html, application/json;q=0.1"]:
        api.get("tickets", accept=accept)


NOT_PLAIN_JSON = [
    {"content_type": "text/plain"},
    {"content_type": "application/x-www-form-urlencoded"},
    {"content_type": "multipart/form-data; boundary=x"},
    {"content_type": "application/json; charset=utf-16"},
    {"content_encoding": "gzip"},
]


def test_a_body_is_plain_json(api: Caller, ticket: Ticket) -> None:
    for headers in NOT_PLAIN_JSON:
        refused = api.post(f"tickets/{ticket.id}/note", {"body": "x"}, 415, **headers)
        assert refused.problem is ProblemType.UNSUPPORTED_MEDIA_TYPE
        assert refused.headers["accept"] == "application/json"


UNSTORABLE = [
    b"{",
    b'{"body": "x"',
    b"\xff\xfe",
    b'{"body": NaN}',
    b'{"body": Infinity}',
    b'{"body": "\\u0000"}',
    b'{"body": "\\ud83d"}',
    b'{"body": 9007199254740993}',
    b'{"body": ' + b"9" * 5_000 + b"}",
    b'{"body": ' + b"[" * 50 + b"]" * 50 + b"}",
    b"[" * 100_000,
    b'{"\\u0000": "x"}',
]


def test_json_that_must_not_be_stored_is_refused(api: Caller, ticket: Ticket) -> None:
    for body in UNSTORABLE:
        refused = api.post(f"tickets/{ticket.id}/note", body, 400)
        assert refused.problem is ProblemType.INVALID_REQUEST
        assert "Nothing was changed" in refused.tree["detail"]


DOUBLED = [
    (b'{"body": "x", "body": "y"}', "body"),
    (b'{"body": "x", "b\\u006fdy": "x"}', "body"),
    (b'{"body": "x", "a": {"b": [{"deep": 1, "deep": 1}]}}', "deep"),
    (b'{"body": "x", "body": {"a": 1, "a": 2}}', "a"),
]


def test_a_member_that_is_there_twice_is_named(api: Caller, ticket: Ticket) -> None:
    """Readers of JSON differ in which of the two counts."""
    for body, name in DOUBLED:
        refused = api.post(f"tickets/{ticket.id}/note", body, 400)
        assert refused.problem is ProblemType.INVALID_REQUEST
        assert refused.tree["field"] == name
        assert f"{name}: it is there twice" in refused.tree["detail"]
    twice = b'{"title": "x", "title": "y"}'
    refused = api.call("PATCH", f"tickets/{ticket.id}", twice, status=400, if_match="*")
    assert refused.tree["field"] == "title"


def test_a_body_that_is_too_large_is_not_read(api: Caller, ticket: Ticket) -> None:
    body = json.dumps({"body": "x" * MAX_BODY_BYTES}).encode()

    assert api.post(f"tickets/{ticket.id}/note", body, 413).problem is ProblemType.TOO_LARGE


def test_a_body_in_chunks_is_not_taken(api: Caller, ticket: Ticket) -> None:
    answer = Browser(raise_request_exception=False).generic(
        "POST",
        f"/api/v1/tickets/{ticket.id}/note",
        headers={"Authorization": f"Bearer {api.token}", "Transfer-Encoding": "chunked"},
        CONTENT_LENGTH="",
    )

    assert answer.status_code == HTTPStatus.LENGTH_REQUIRED
    assert answer["Content-Type"] == "application/problem+json"


UNMEANT = [
    "stauts=new",
    "limit=1&Limit=2",
    "status=new&x",
    "q=%00",
    "assignee=%00",
    "client=a%00b",
    "updated_since=2026-11-19T10:30:00",
    "updated_since=0001-01-01T00:00:00%2B14:00",
    "updated_since=9999-12-31T23:59:59-14:00",
    "updated_since=yesterday",
    "updated_since=2026-11-19T10:30:00+01:00",
    "site=-1",
    "site=1e400",
    "q=" + "x" * 201,
    "after=99999999999999999999",
    "&".join(f"a{n}=1" for n in range(1_100)),
]


def test_a_query_that_cannot_be_meant_is_refused(api: Caller) -> None:
    for query in UNMEANT:
        answer = api.ask("GET", f"tickets?{query}")
        assert answer.status in (400, 422), query
        assert answer.problem is ProblemType.INVALID_REQUEST


def test_an_operation_without_parameters_takes_none(api: Caller, ticket: Ticket) -> None:
    for path in (f"tickets/{ticket.id}", f"tickets/{ticket.id}/clocks"):
        refused = api.get(f"{path}?fields=title", 422)
        assert refused.tree["problems"][0]["field"] == "fields"


def test_a_mistake_of_ours_is_a_problem_too(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("secret of ours")

    monkeypatch.setattr(search, "tickets", fail)
    answer = api.get("tickets", 500)

    assert answer.problem is ProblemType.INTERNAL
    assert b"secret" not in answer.body


def test_a_database_that_does_not_answer_is_told_as_such(
    api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(search, "tickets", fail)
    answer = api.get("tickets", 503)

    assert answer.problem is ProblemType.UNAVAILABLE
    assert answer.headers["retry-after"]


def test_nothing_is_kept_by_caches(api: Caller, ticket: Ticket) -> None:
    for answer in (api.get(f"tickets/{ticket.id}"), api.get("tickets/999", 404),
                   api.get("/api/v1/openapi.json")):  # fmt: skip
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_is_wrong_is_told_of_every_field_but_not_without_end(
    api: Caller, ticket: Ticket
) -> None:
    many = {f"field{n}": n for n in range(500)} | {"priority": 1, "status": 2}
    problems = api.patch(f"tickets/{ticket.id}", many, 422).tree["problems"]

    assert {"priority", "status"} <= {one["field"] for one in problems}
    assert len(problems) <= 20
    long = api.patch(f"tickets/{ticket.id}", {"x" * 5_000: 1}, 422)
    assert len(long.body) < 1_000
