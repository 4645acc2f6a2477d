"""What changes something is done once for each Idempotency-Key, on both databases."""

import threading
from typing import Any

import pytest
from django.db import OperationalError, connection

from agent.protocol.ids import uuid7
from agent.protocol.problems import ProblemType
from server_stub.api import once, ticket_acts
from server_stub.api.models import KeptAnswer
from server_stub.tickets import actions
from server_stub.tickets.models import Ticket, TimelineEntry
from tests.server_stub.api.caller import Answer, Caller, a_caller, another_key
from tests.support.polling import until
from tests.support.rows import a_client


def test_the_same_request_again_gets_the_kept_answer(api: Caller, ticket: Ticket) -> None:
    path, key = f"tickets/{ticket.id}/note", uuid7()

    first = api.post(path, {"body": "Once."}, key=key)
    api.post(path, {"body": "Something else."})
    again = api.post(path, b' { "body" :\n"Once." } ', key=key)

    assert again.body == first.body
    assert again.etag == first.etag
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert TimelineEntry.objects.filter(kind="note", body="Once.").count() == 1


def test_a_ticket_is_opened_once(api: Caller) -> None:
    body, key = {"client": a_client().id, "title": "x"}, uuid7()

    first = api.post("tickets", body, 201, key=key)
    again = api.post("tickets", body, 201, key=key)

    assert (again.body, again.headers["location"]) == (first.body, first.headers["location"])
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("key", ["", "  ", "x" * 256, "café", "a\tb"])
def test_without_a_usable_key_nothing_is_done(api: Caller, ticket: Ticket, key: str) -> None:
    header = {"idempotency_key": key}
    refused = api.call("POST", f"tickets/{ticket.id}/note", {"body": "x"}, status=400, **header)

    assert refused.problem is ProblemType.INVALID_REQUEST
    assert "Idempotency-Key" in refused.tree["detail"]
    assert not TimelineEntry.objects.filter(kind="note").exists()


def test_another_request_under_the_same_key_is_refused(api: Caller, ticket: Ticket) -> None:
    path, key = f"tickets/{ticket.id}", uuid7()
    api.post(f"{path}/note", {"body": "One."}, key=key)

    for route, body in (("note", {"body": "Two."}), ("reply", {"body": "One."}), ("resolve", None)):
        refused = api.post(f"{path}/{route}", body, 422, key=key)
        assert refused.problem is ProblemType.CHANGED_BODY

    kinds = TimelineEntry.objects.filter(ticket=ticket).values_list("kind", flat=True)
    assert sorted(set(kinds) - {"breached"}) == ["note", "opened"]  # its age breaks promises


def test_what_was_refused_may_come_again_corrected(api: Caller, ticket: Ticket) -> None:
    path, key = f"tickets/{ticket.id}", uuid7()

    api.post(f"{path}/reopen", {}, 409, key=key)
    api.post(f"{path}/reply", {"body": " "}, 422, key=key)
    api.post(f"{path}/reply", {"body": "Hello."}, key=key)

    assert KeptAnswer.objects.get().key == key


def test_keys_are_their_owners(api: Caller, ticket: Ticket) -> None:
    path, key = f"tickets/{ticket.id}/note", uuid7()

    api.post(path, {"body": "Mine."}, key=key)
    a_caller().post(path, {"body": "Yours."}, key=key)
    another_key(api).post(path, {"body": "Other."}, 422, key=key)

    assert KeptAnswer.objects.filter(key=key).count() == 2


def test_a_narrower_key_of_the_same_owner_gets_no_foreign_answer(
    api: Caller, ticket: Ticket
) -> None:
    """The kept answer is about a ticket; who may not see that gets what a missing one gets."""
    other = a_client("Mill Joinery")
    narrow = another_key(api, other)
    path, key = f"tickets/{ticket.id}/note", uuid7()
    api.post(path, {"body": "Secret."}, key=key)

    told = narrow.post(path, {"body": "Secret."}, 404, key=key)
    missing = narrow.post("tickets/999999/note", {"body": "Secret."}, 404)
    assert told.body == missing.body

    refused = narrow.post("tickets", {"client": other.id, "title": "x"}, 422, key=key)
    assert refused.problem is ProblemType.CHANGED_BODY
    assert Ticket.objects.count() == 1


def test_a_failure_keeps_nothing(
    api: Caller, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer and what it answers are one transaction."""
    path, key = f"tickets/{ticket.id}/note", uuid7()

    def fail(*_: Any) -> None:
        raise OperationalError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(once, "_keep", fail)
        refused = api.post(path, {"body": "x"}, 503, key=key)
    assert refused.problem is ProblemType.UNAVAILABLE
    assert refused.headers["retry-after"]
    assert not TimelineEntry.objects.filter(kind="note").exists()

    api.post(path, {"body": "x"}, key=key)
    assert TimelineEntry.objects.filter(kind="note").count() == 1


class Slow:
    """An act that begins, and ends when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.end = threading.Event(), threading.Event()
        real = actions.amend

        def amend(*arguments: Any, **named: Any) -> Ticket:
            self.begun.set()
            assert self.end.wait(30)
            return real(*arguments, **named)

        monkeypatch.setattr(ticket_acts, "amend", amend)


def in_a_thread(results: list[Answer], call: Any) -> threading.Thread:
    def run() -> None:
        try:
            results.append(call())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_while_the_first_is_being_done_the_second_is_told_to_wait(
    api: Caller, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, key, body = f"tickets/{ticket.id}/note", uuid7(), {"body": "Slowly."}
    slow, results = Slow(monkeypatch), list[Answer]()
    thread = in_a_thread(results, lambda: api.post(path, body, key=key))
    assert slow.begun.wait(30)

    busy = api.post(path, body, 409, key=key)
    slow.end.set()
    thread.join()

    assert busy.problem is ProblemType.CONFLICT
    assert busy.headers["retry-after"] == "1"
    assert api.post(path, body, key=key).body == results[0].body
    assert TimelineEntry.objects.filter(kind="note").count() == 1


@pytest.mark.usefixtures("postgresql")
def test_processes_know_of_each_others_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several servers share a PostgreSQL database: each forgets here what the other one runs."""
    client, api = a_client(), a_caller()
    number = api.post("tickets", {"client": client.id, "title": "x"}, 201).tree["number"]
    path, key, body = f"tickets/{number}/note", uuid7(), {"body": "Slowly."}
    slow, results = Slow(monkeypatch), list[Answer]()
    thread = in_a_thread(results, lambda: api.post(path, body, key=key))
    assert slow.begun.wait(30)

    once._running.clear()
    busy = api.post(path, body, 409, key=key)
    slow.end.set()
    thread.join()

    assert busy.headers["retry-after"] == "1"
    until(lambda: len(results) == 1)
    assert TimelineEntry.objects.filter(kind="note").count() == 1


def test_of_many_at_once_one_is_done_and_all_get_its_answer(api: Caller, ticket: Ticket) -> None:
    path, key, body = f"tickets/{ticket.id}/note", uuid7(), {"body": "At once."}
    results: list[Answer] = []

    def ask() -> Answer | None:
        answer = api.ask("POST", path, body, idempotency_key=key)
        return None if answer.status == 409 else answer

    def patiently() -> Answer:
        found = until(ask)
        assert found
        return found

    threads = [in_a_thread(results, patiently) for _ in range(6)]
    for thread in threads:
        thread.join()

    assert [answer.status for answer in results] == [200] * 6
    assert len({answer.body for answer in results}) == 1
    assert TimelineEntry.objects.filter(kind="note").count() == 1
