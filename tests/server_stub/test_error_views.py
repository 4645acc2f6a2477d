import json

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from agent.protocol import PROBLEM_MEDIA_TYPE
from server_stub import error_views, health
from tests.support.databases import ServerDatabase, connect


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/", "/api/v2/tickets"])
def test_below_api_an_unknown_path_is_a_problem_document(sqlite: ServerDatabase, path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == PROBLEM_MEDIA_TYPE
    assert json.loads(answer.content)["type"] == "urn:watchdesk:problem:not_found"


def test_elsewhere_it_is_a_page_in_plain_words(sqlite: ServerDatabase) -> None:
    answer = Client().get("/nowhere")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "content_type"), [("/api/v1/x", PROBLEM_MEDIA_TYPE), ("/x", "text/html")]
)
def test_each_error_answers_in_the_callers_kind(path: str, content_type: str) -> None:
    request = RequestFactory().get(path)

    answers = [
        error_views.bad_request(request, ValueError("secret")),
        error_views.forbidden(request, ValueError("secret")),
        error_views.csrf_failed(request, "secret"),
        error_views.not_found(request, ValueError("secret")),
        error_views.broken(request),
    ]

    assert [answer.status_code for answer in answers] == [400, 403, 403, 404, 500]
    for answer in answers:
        assert answer.headers["Content-Type"].startswith(content_type)
        assert "secret" not in answer.content.decode()


def test_a_form_from_elsewhere_is_refused_with_what_to_do(sqlite: ServerDatabase) -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in", {"login": "x"})

    assert answer.status_code == 403
    assert "reload the page" in answer.content.decode()


def test_health_is_ok_while_the_database_answers(database: ServerDatabase) -> None:
    answer = Client().get("/health")

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_health_is_503_when_the_database_does_not_answer(sqlite: ServerDatabase) -> None:
    connect(sqlite.data / "gone", "")

    answer = Client().get("/health")

    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")


def test_health_tells_strangers_nothing_of_the_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def cursor(self) -> None:
            raise OperationalError("host db.internal refused")

    monkeypatch.setattr(health, "connection", Broken())

    answer = health.health(RequestFactory().get("/health"))

    assert b"db.internal" not in answer.content
    assert "db.internal" in caplog.text
