"""Whoever may not do a thing is told so before all else, and it is written down; both databases."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client as Browser

from agent.protocol.problems import ProblemType
from server_stub.api.interface import operations
from server_stub.audit.models import AuditEntry
from server_stub.desk.models import Role
from server_stub.desk.refusals import MOST
from tests.server_stub.api.caller import a_caller
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_technician, a_ticket

BROKEN = [b"{", b"[]", b'{"title": 5, "nonsense": NaN}', b""]


@pytest.fixture(autouse=True)
def _nobody_was_refused_yet() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def refusals() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(act="refused").order_by("id"))


def test_who_may_not_is_told_so_whatever_the_body_is_like(database: ServerDatabase) -> None:
    api = a_caller(role=Role.CONTACT)

    for method, path, operation in operations():
        named = path.replace("{", "").replace("}", "")
        numbered = "/".join(
            "1" if part in {"number", "window", "client_id", "agreement", "contact", "attachment"}
            else part
            for part in named.split("/")
        )  # fmt: skip
        for body in BROKEN if method != "GET" else [b""]:
            answer = api.ask(method, f"{numbered}?nonsense=1", body)
            assert answer.status == 403, (operation.view_func.__name__, body)
            assert answer.problem is ProblemType.FORBIDDEN


def test_what_is_refused_is_in_the_audit_log(database: ServerDatabase) -> None:
    ticket = a_ticket(a_client())
    api = a_caller(role=Role.READ_ONLY)
    reader = a_technician(role=Role.READ_ONLY)
    browser = Browser()
    browser.force_login(reader)

    api.post(f"tickets/{ticket.id}/note", {"body": "x"}, 403)
    browser.post(f"/tickets/{ticket.id}/note", {"body": "x"})
    browser.post("/maintenance", {})
    browser.get("/audit")

    assert [(one.who, one.via, one.subject) for one in refusals()] == [
        (api.email, "api", f"POST /api/v1/tickets/{ticket.id}/note"),
        (reader.email, "page", f"POST /tickets/{ticket.id}/note"),
        (reader.email, "page", "POST /maintenance"),
        (reader.email, "page", "GET /audit"),
    ]
    assert "read-only may not note" in refusals()[0].tree["why"]


def test_a_colleagues_ticket_that_was_not_taken_over_is_written_down(
    database: ServerDatabase,
) -> None:
    """The refusal comes in the midst of a change: its entry is no part of what is taken back."""
    ticket = a_ticket(a_client(), assignee=a_technician())
    api = a_caller()

    api.patch(f"tickets/{ticket.id}", {"assignee": None}, 403)

    assert [one.who for one in refusals()] == [api.email]


def test_the_same_thing_is_written_down_once(database: ServerDatabase) -> None:
    api = a_caller(role=Role.READ_ONLY)

    for number in range(1, 6):
        api.post(f"tickets/{number}/note", {"body": "x"}, 403)

    assert len(refusals()) == 1


def test_nobody_floods_the_log(database: ServerDatabase) -> None:
    api = a_caller(role=Role.CONTACT)

    for letter in range(MOST + 5):
        api.get(f"devices/{chr(ord('a') + letter)}", 403)
    a_caller(role=Role.CONTACT).get("devices", 403)

    mine = [one for one in refusals() if one.who == api.email]
    assert len(mine) == MOST
    assert ["more" in one.tree for one in mine] == [False] * (MOST - 1) + [True]
    assert len(refusals()) == MOST + 1


def test_what_is_only_wrong_is_not_written_down(database: ServerDatabase) -> None:
    a_caller().post("tickets", {"title": 5}, 422)

    assert refusals() == []
