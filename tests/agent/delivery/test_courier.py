"""The courier's rhythm, with real senders: what goes when, and what is fetched."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from agent.delivery.child import SenderProcess
from agent.delivery.messages import Settings
from agent.protocol.problems import ProblemType
from tests.agent.delivery.couriers import Start, rests
from tests.agent.delivery.outbox import Outbox, StoppedClock
from tests.support.lying_server import Lie, LyingServer, page, problem
from tests.support.polling import until


def test_what_waits_goes_first_then_a_heartbeat_then_it_rests_without_a_thread(
    server: LyingServer, outbox: Outbox, courier: Start, stopped_clock: StoppedClock
) -> None:
    ids = outbox.add(3) + outbox.add(kind="facts") + outbox.add(2)
    threads = threading.active_count()
    ours = courier()
    ours.wake()
    until(lambda: rests(ours))
    assert server.routes() == ["events", "facts", "events", "heartbeat"]
    assert outbox.settled == ids
    assert server.arrived == dict.fromkeys(ids, 1)
    assert not outbox.waiting
    assert ours.due_at() == stopped_clock.boot_s + 300
    assert ours.status() == {
        "last_success_at": "2031-05-06T07:08:09.000Z",
        "last_problem": None,
        "outcome": None,
        "since": None,
        "next_try_s": 300.0,
    }
    assert threading.active_count() <= threads + len(server._loopback._threads)
    assert not any(thread.name == "courier" for thread in threading.enumerate())


def test_the_log_tells_what_went_under_which_request_to_which_tickets(
    server: LyingServer, outbox: Outbox, courier: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    outbox.add(2)
    ours = courier()
    ours.wake()
    until(lambda: rests(ours))

    request = server.seen[0].headers["x-request-id"]
    assert f"request={request} delivered=2 tickets=7" in caplog.text


def test_a_thread_that_cannot_start_is_told_and_tried_again(
    outbox: Outbox, courier: Start, stopped_clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a computer out of memory: the agent goes on, and what waits is sent later."""

    def short(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    outbox.add()
    ours = courier()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", short)
        ours.wake()
    assert "short of means: can't start new thread" in str(ours.status()["last_problem"])
    assert rests(ours)

    stopped_clock.boot_s = ours.due_at()
    ours.tick()
    until(lambda: not outbox.waiting)


def test_what_comes_while_the_sender_is_warm_goes_with_it_at_once(
    server: LyingServer, outbox: Outbox, courier: Start
) -> None:
    started: list[SenderProcess] = []

    def start(settings: Settings) -> SenderProcess:
        started.append(SenderProcess(settings))
        return started[-1]

    ours = courier(warm_s=10.0, start_sender=start)
    for _ in range(5):
        outbox.add()
        ours.wake()
        until(lambda: not outbox.waiting)
    assert len(started) == 1
    assert server.routes().count("heartbeat") == 1


def test_a_heartbeat_goes_alone_when_due_and_the_server_may_set_how_often(
    server: LyingServer, courier: Start, stopped_clock: StoppedClock
) -> None:
    ours = courier()
    for wish, every in ((5, 60.0), (10**9, 900.0), (120, 120.0), ("soon", 120.0)):
        server.members = {"heartbeat_every_s": wish}
        ours.tick()
        until(lambda: rests(ours))
        assert ours.due_at() - stopped_clock.boot_s == every
        stopped_clock.boot_s = ours.due_at() - 1
        ours.tick()
        assert rests(ours), "it is not due yet"
        stopped_clock.advance(1)
    assert set(server.routes()) == {"heartbeat"}


def test_the_first_try_after_an_outage_is_drawn_from_the_window_the_server_named(
    server: LyingServer, outbox: Outbox, courier: Start, stopped_clock: StoppedClock
) -> None:
    ours = courier(chance=lambda: 0.75)
    server.members = {"reconnect_spread_s": 80}
    ours.tick()
    until(lambda: rests(ours))
    outbox.add(1)
    server.next(page(502))
    ours.wake()
    until(lambda: rests(ours))
    assert ours.due_at() - stopped_clock.boot_s == 60


@dataclass
class Wishes:
    """Feeds that wish for one document once a cursor has moved."""

    heard: list[Mapping[str, str | int]] = field(default_factory=list)
    wanted: list[tuple[str, str | None]] = field(default_factory=list)
    taken: list[tuple[str, Any]] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)

    def note(self, changes: Mapping[str, str | int]) -> None:
        if changes and not self.heard:
            self.wanted.append(("device/tickets", "11"))
        self.heard += [changes] if changes else []

    def next(self) -> tuple[str, str | None] | None:
        return self.wanted[0] if self.wanted else None

    def take(self, route: str, document: Any) -> None:
        self.wanted.pop(0)
        self.taken.append((route, document))

    def give_up(self, route: str) -> None:
        self.wanted.pop(0)
        self.given_up.append(route)


def test_a_document_whose_cursor_moved_is_fetched(server: LyingServer, courier: Start) -> None:
    wishes = Wishes()
    server.members = {"changes": {"tickets": 12, "notes": "a"}}
    ours = courier(feeds=wishes)
    ours.tick()
    until(lambda: rests(ours))
    assert wishes.heard[0] == {"tickets": 12, "notes": "a"}
    [(route, document)] = wishes.taken
    assert (route, document["changes"]["tickets"]) == ("device/tickets", 12)
    assert server.seen[-1].path.endswith("device/tickets?since=11")


def test_a_document_the_server_does_not_give_is_no_trouble(
    server: LyingServer, courier: Start
) -> None:
    wishes = Wishes(wanted=[("device/notes", None)])
    server.next(Lie(), problem(ProblemType.NOT_FOUND, 404))
    ours = courier(feeds=wishes)
    ours.tick()
    until(lambda: rests(ours))
    assert wishes.given_up == ["device/notes"]
    assert ours.status()["last_problem"] is None


def test_what_is_in_the_way_of_a_document_is_told(server: LyingServer, courier: Start) -> None:
    wishes = Wishes(wanted=[("device/notes", None)])
    server.next(Lie(), page(200))
    ours = courier(feeds=wishes)
    ours.tick()
    until(lambda: rests(ours))
    assert "sign-in page" in str(ours.status()["last_problem"])
    assert wishes.wanted == [("device/notes", None)]
