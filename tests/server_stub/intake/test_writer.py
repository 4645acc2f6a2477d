"""Groups that fail: who pays, who does not, and that nobody waits for ever."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection

from agent.protocol.problems import ProblemType
from agent.protocol.receipts import ReceiptResult
from server_stub.clients.models import Device
from server_stub.intake import group, heartbeats, writer
from server_stub.intake.fold import fold
from server_stub.intake.writer import UnavailableError, Writer
from server_stub.tickets.models import Ticket
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import a_heartbeat, an_event, events_body
from tests.support.polling import until

InThreads = Callable[[int, Callable[[int], Any]], list[Any]]
BAD = "/bad"


def fails_on_bad(error: Exception) -> Callable[..., Any]:
    """Return a ``fold`` that raises for the event about ``BAD``."""

    def folding(ticket: Any, events: Any, *more: Any) -> Any:
        if any(event.target == BAD for event in events):
            raise error
        return fold(ticket, events, *more)

    return folding


@contextmanager
def paused(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Hold the writer in its next group; yields when it is there and what lets it go on."""
    there, go = threading.Event(), threading.Event()
    real = group.store

    def store(*arguments: Any) -> Any:
        there.set()
        go.wait(10)
        return real(*arguments)

    monkeypatch.setattr(group, "store", store)
    try:
        yield there, go
    finally:
        go.set()


def post_in_one_group(
    device: Caller, targets: list[str], in_threads: InThreads, monkeypatch: pytest.MonkeyPatch
) -> list[Any]:
    """Post an event for each target: the first alone, all others as one group behind it."""
    waiting = device.routes._writer._queue

    with paused(monkeypatch) as (there, go):

        def post(number: int) -> Any:
            if number == len(targets):
                until(lambda: waiting.qsize() >= len(targets) - 1)
                go.set()
                return None
            if number:
                there.wait(10)
            return device.post("events", events_body(an_event(target=targets[number])))

        return in_threads(len(targets) + 1, post)[:-1]


def test_requests_that_wait_together_share_one_transaction(
    device: Caller, in_threads: InThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    real = group.store

    def counted(requests: Any, now: Any) -> Any:
        sizes.append(len(requests))
        return real(requests, now)

    monkeypatch.setattr(group, "store", counted)
    post_in_one_group(device, [f"/{n}" for n in range(12)], in_threads, monkeypatch)

    assert sorted(sizes) == [1, 11]
    assert Ticket.objects.count() == 12


@pytest.mark.parametrize("error", [DataError("bad"), ValueError("bad")], ids=repr)
def test_what_cannot_be_stored_is_refused_alone(
    device: Caller, in_threads: InThreads, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(group, "fold", fails_on_bad(error))
    targets = ["/0", "/1", BAD, "/3", "/4", "/5"]

    responses = post_in_one_group(device, targets, in_threads, monkeypatch)

    assert [r.status for r in responses] == [200, 200, 422, 200, 200, 200]
    assert Ticket.objects.count() == 5


def test_one_bad_event_of_a_batch_costs_itself_alone(
    device: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "fold", fails_on_bad(ValueError("bad")))
    events = [an_event(target=target) for target in ("/0", BAD, "/2")]

    receipts = device.post("events", events_body(*events)).receipts

    assert [r.result.value for r in receipts] == ["accepted", "refused", "accepted"]
    assert [r.id for r in receipts] == [event.id for event in events]
    assert "its log says why" in (receipts[1].problem or "")


@pytest.mark.parametrize(
    "error", [OperationalError("disk full"), RuntimeError("a mistake of ours")], ids=repr
)
def test_what_may_be_mended_must_come_again_and_harms_nobody_else(
    device: Caller, in_threads: InThreads, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(group, "fold", fails_on_bad(error))

    responses = post_in_one_group(device, ["/0", BAD, "/2", "/3"], in_threads, monkeypatch)

    assert [r.status for r in responses] == [200, 503, 200, 200]
    assert responses[1].problem is ProblemType.UNAVAILABLE


@pytest.mark.parametrize(
    ("error", "traced"), [(OperationalError("disk full"), False), (RuntimeError("ours"), True)]
)
def test_only_mistakes_of_ours_leave_a_traceback(
    device: Caller,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    *,
    traced: bool,
) -> None:
    """Of a full disk a technician wants the reason in a line, not our lines of code."""
    monkeypatch.setattr(group, "fold", fails_on_bad(error))

    device.post("events", events_body(an_event(target=BAD)))

    assert str(error) in caplog.text
    assert ("Traceback" in caplog.text) is traced


def test_a_group_that_fails_slowly_is_not_taken_apart_for_ever(
    device: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def slow(*_: Any) -> Any:
        tries.append(1)
        raise OperationalError("database is locked")

    monkeypatch.setattr(group, "store", slow)
    monkeypatch.setattr(writer, "PATIENCE_S", 0.0)

    response = device.post("events", events_body(*(an_event(target=f"/{n}") for n in range(50))))

    assert response.status == 503
    assert len(tries) == 1


def test_the_same_request_succeeds_once_the_database_is_back(
    device: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = events_body(an_event())
    with monkeypatch.context() as patched:
        patched.setattr(group, "fold", fails_on_bad(RuntimeError()))
        patched.setattr(group, "store", lambda *_: 1 / 0)
        assert device.post("events", body).status == 503

    assert device.post("events", body).receipts[0].result is ReceiptResult.ACCEPTED


def test_an_answer_lost_after_the_commit_is_given_again(
    device: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = events_body(an_event())
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "store", self_then_lost(Writer.store))
        assert device.post("events", body).status == 503

    again = device.post("events", body).receipts[0]

    assert (again.result, again.ticket) == (ReceiptResult.DUPLICATE, Ticket.objects.get().id)


def self_then_lost(real: Any) -> Callable[..., Any]:
    def store(*arguments: Any) -> Any:
        real(*arguments)
        raise UnavailableError

    return store


def test_a_request_does_not_wait_for_ever(device: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "WAIT_S", 0.01)
    with paused(monkeypatch):
        assert device.post("events", events_body(an_event())).status == 503


def test_heartbeats_that_were_not_written_are_tried_again(
    device: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def failing(_seen: Any) -> None:
        failed.set()
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(heartbeats, "write", failing)
        patched.setattr(writer, "HEARTBEATS_EVERY_S", 0.01)
        device.post("heartbeat", a_heartbeat(waiting=3).to_text())
        assert failed.wait(10)
    device.routes.close()

    assert Device.objects.get().heartbeat_tree["waiting"] == 3


def test_after_closing_nothing_is_taken_any_more(device: Caller) -> None:
    """A server that stops: what it took is durable, what it does not take comes again."""
    device.post("events", events_body(an_event()))
    device.routes.close()
    device.routes.close()

    assert device.post("events", events_body(an_event(target="/home"))).status == 503
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_connections_that_the_database_dropped_are_made_anew(
    device: Caller, in_threads: InThreads
) -> None:
    """A PostgreSQL that restarted: no request notices, neither in its thread nor in the writer."""
    device.post("events", events_body(an_event()))

    def drop_all(_number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    in_threads(1, drop_all)
    device.routes._devices.forget()

    assert device.post("events", events_body(an_event(target="/home"))).status == 200
    assert Ticket.objects.count() == 2
