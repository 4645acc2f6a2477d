"""The OpenAPI document and its page tell all there is, and nothing that is not."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import URLResolver, get_resolver

from agent.protocol.problems import PROBLEM_URN, ProblemType
from server_stub.api import examples
from server_stub.api.document import document
from server_stub.api.interface import operations
from tests.server_stub.api.caller import Caller
from tests.support.rows import a_client, a_site, a_technician

TREE: dict[str, Any] = json.loads(json.dumps(document()))
OPERATIONS = [
    pytest.param(path, method, told, id=f"{method.upper()} {path}")
    for path, methods in TREE["paths"].items()
    for method, told in methods.items()
]


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for member in part.values():
            yield from references(member)
    elif isinstance(part, list):
        for member in part:
            yield from references(member)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return TREE["components"]["schemas"][schema["$ref"].rpartition("/")[2]]  # type: ignore[no-any-return]
    return schema


def test_it_is_openapi_3_1_and_points_at_nothing_missing() -> None:
    assert TREE["openapi"].startswith("3.1")
    assert TREE["info"]["description"]
    assert TREE["components"]["securitySchemes"]
    names = {f"#/components/schemas/{name}" for name in TREE["components"]["schemas"]}
    assert set(references(TREE)) <= names


def test_it_tells_of_every_path_that_django_answers_below_the_prefix() -> None:
    [resolver] = [r for r in get_resolver().url_patterns if str(r.pattern) == "api/v1/"]
    assert isinstance(resolver, URLResolver)
    paths = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/api/v1/{outer.pattern}{inner.pattern}")
        for outer in resolver.url_patterns
        for inner in getattr(outer, "url_patterns", [])
    } - {"/api/v1/"}

    assert paths == set(TREE["paths"])
    assert {(path, method.upper()) for path, methods in TREE["paths"].items() for method in methods
            } == {(path, method) for method, path, _ in operations()}  # fmt: skip


def test_operations_are_named_once() -> None:
    names = [param.values[2]["operationId"] for param in OPERATIONS]  # type: ignore[index]

    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize(("path", "method", "told"), OPERATIONS)
def test_every_operation_is_described_with_examples_and_errors(
    path: str, method: str, told: dict[str, Any]
) -> None:
    assert told["summary"]
    assert told["description"]
    assert told["x-right"]
    assert told["security"]
    assert all(one["description"] for one in told["parameters"]
               if one["in"] != "query")  # fmt: skip
    good = [status for status in told["responses"] if status.startswith("2")]
    assert len(good) == 1
    statuses = {int(status) for status in told["responses"]}
    assert {401, 403, 406, 422, 503} <= statuses
    assert (404 in statuses) == ("{" in path or method == "post")
    assert ({400, 413, 415} <= statuses) == (method in ("post", "patch"))
    headers = {one["name"] for one in told["parameters"] if one["in"] == "header"}
    assert headers == {"post": {"Idempotency-Key"}, "patch": {"If-Match"}, "get": set()}[method]
    for status, answer in told["responses"].items():
        [(media_type, content)] = answer["content"].items()
        assert content["example"]
        if int(status) >= 400:
            assert media_type == "application/problem+json"
            assert content["example"]["status"] == int(status)
            assert content["example"]["type"].removeprefix(PROBLEM_URN) in set(ProblemType)


def test_headers_are_told_where_they_are_sent(api: Caller) -> None:
    """Asked for: each answer has the headers its status is said to have."""
    of = a_client("Harbour Dental")
    opening = {"client": of.id, "title": "x"}
    first = api.post("tickets", opening, 201, key="one")
    path = f"tickets/{first.tree['number']}"
    answers = {
        ("/api/v1/tickets", "post", 201): [first, api.post("tickets", opening, 201, key="one")],
        ("/api/v1/tickets", "get", 200): [api.get("tickets")],
        ("/api/v1/tickets/{number}", "get", 200): [api.get(path)],
        ("/api/v1/tickets/{number}", "patch", 200): [api.patch(path, {"title": "y"})],
        ("/api/v1/tickets/{number}", "patch", 412): [api.patch(path, {}, 412, match='"0"')],
        ("/api/v1/tickets/{number}/note", "post", 415): [
            api.post(f"{path}/note", b"x", 415, content_type="text/plain")
        ],
        ("/api/v1/tickets/{number}/note", "post", 200): [
            api.post(f"{path}/note", {"body": "x"}, key="two"),
            api.post(f"{path}/note", {"body": "x"}, key="two"),
        ],
        ("/api/v1/devices", "get", 401): [api.get("devices", 401, authorization="Bearer wds_x")],
    }
    for (where, method, status), came in answers.items():
        told = TREE["paths"][where][method]["responses"][str(status)].get("headers", {})
        assert all(one["description"] and one["schema"] for one in told.values())
        sent = {name for one in came for name in one.headers} & TOLD
        assert {name.lower() for name in told} == sent, (where, method, status)
    for methods in TREE["paths"].values():
        for told in methods.values():
            assert "Retry-After" in told["responses"]["503"]["headers"]


TOLD = {"etag", "location", "idempotency-replayed", "retry-after", "www-authenticate", "accept"}


@pytest.mark.parametrize(("path", "method", "told"), OPERATIONS)
def test_examples_have_exactly_the_members_there_are(
    path: str, method: str, told: dict[str, Any]
) -> None:
    for answer in told["responses"].values():
        for media_type, content in answer["content"].items():
            if media_type == "application/octet-stream":
                continue  # a file has no members
            schema, example = resolved(content["schema"]), content["example"]
            if "items" in schema["properties"]:
                schema = resolved(schema["properties"]["items"]["items"])
                [example] = example["items"]
            assert set(example) <= set(schema["properties"])
            assert set(schema.get("required", ())) <= set(example)


def test_the_examples_of_bodies_work_as_they_stand(api: Caller) -> None:
    a_site(a_client("Harbour Dental"), "Quay Street")
    a_technician("ana.sousa@desk.example")

    number = api.post("tickets", examples.NEW_TICKET, 201).tree["number"]
    path = f"tickets/{number}"
    api.patch(path, examples.CHANGE)
    api.post(f"{path}/reply", examples.REPLY)
    api.post(f"{path}/note", examples.NOTE)
    api.post(f"{path}/resolve", examples.RESOLUTION)
    after = api.post(f"{path}/reopen", examples.REOPENING).tree

    assert set(after) == set(examples.TICKET_ROW)
    assert set(api.get(path).tree) == set(examples.TICKET)
    entry = api.get(f"{path}/timeline").tree["items"][-1]
    assert set(entry) == set(examples.ENTRY)
    _, clock = api.get(f"{path}/clocks").tree["items"]
    assert set(clock) == set(examples.CLOCK)
    assert set(clock["intervals"][0]) == set(examples.CLOCK["intervals"][0])  # type: ignore[index]
    assert set(api.get("clients").tree["items"][0]) == set(examples.CLIENT)


def test_the_document_is_there_for_anybody() -> None:
    answer = Browser().get("/api/v1/openapi.json")

    assert (answer.status_code, answer.json()) == (200, TREE)


def test_the_page_shows_every_operation_under_our_content_policy() -> None:
    answer = Browser().get("/api/v1/docs")
    page = answer.content.decode()

    assert answer.status_code == 200
    for path, methods in TREE["paths"].items():
        for method, told in methods.items():
            assert f"<code>{method.upper()} {path}</code>" in page
            for parameter in told["parameters"]:
                assert f"<code>{parameter['name']}</code>" in page
    assert "Replaced the toner cartridge." in page
    assert "&quot;items&quot;" in page
    assert "default-src &#x27;none&#x27;" in answer["Content-Security-Policy"].replace(
        "'", "&#x27;"
    )
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|<script[^>]*//", page)
    assert all(
        source.startswith(("/", "#")) and not source.startswith("//")
        for source in re.findall(r'(?:src|href|action)="([^"]*)"', page)
    )
    assert Browser().post("/api/v1/docs").status_code == 405
