"""The courier with real senders and a server that lies: nothing is lost, and people are told."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.delivery.child import SenderProcess
from agent.delivery.courier import Courier
from agent.delivery.messages import Limits, Settings
from agent.errors import StateError
from agent.identity import Identity
from agent.protocol.ids import uuid7
from agent.protocol.problems import ProblemType
from tests.agent.delivery.conftest import TOKEN
from tests.agent.delivery.outbox import Outbox, StoppedClock
from tests.support.lies import LIES
from tests.support.lying_server import Lie, LyingServer, page, problem
from tests.support.polling import until

Start = Callable[..., Courier]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox on the disk."""
    outbox = Outbox.open(tmp_path / "state")
    yield outbox
    outbox.store.close()


@pytest.fixture
def stopped_clock() -> StoppedClock:
    """A clock long after boot."""
    return StoppedClock()


@pytest.fixture
def courier(server: LyingServer, outbox: Outbox, stopped_clock: StoppedClock) -> Iterator[Start]:
    """Make couriers: ``courier(warm_s=…, …)``; all are stopped."""
    made: list[Courier] = []
    mine = Identity(uuid7(), TOKEN, server.url)

    def make(**options: Any) -> Courier:
        defaults: dict[str, Any] = {
            "read_clock": stopped_clock,
            "chance": lambda: 0.5,
            "warm_s": 0.2,
            "limits": Limits(connect_s=5, read_s=5, total_s=20),
            "identity": lambda: mine,
        }
        made.append(
            Courier(outbox=outbox, heartbeat=lambda: '{"at":"now"}', **(defaults | options))
        )
        return made[-1]

    yield make
    for one in made:
        one.stop()


def _rests(courier: Courier) -> bool:
    return courier.due_at() != float("inf")


def test_what_waits_goes_first_then_a_heartbeat_then_it_rests_without_a_thread(
    server: LyingServer, outbox: Outbox, courier: Start, stopped_clock: StoppedClock
) -> None:
    ids = outbox.add(3) + outbox.add(kind="facts") + outbox.add(2)
    threads = threading.active_count()
    ours = courier()
    ours.wake()
    until(lambda: _rests(ours))
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
    until(lambda: _rests(ours))

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
    assert _rests(ours)

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
        until(lambda: _rests(ours))
        assert ours.due_at() - stopped_clock.boot_s == every
        stopped_clock.boot_s = ours.due_at() - 1
        ours.tick()
        assert _rests(ours), "it is not due yet"
        stopped_clock.advance(1)
    assert set(server.routes()) == {"heartbeat"}


def test_the_first_try_after_an_outage_is_drawn_from_the_window_the_server_named(
    server: LyingServer, outbox: Outbox, courier: Start, stopped_clock: StoppedClock
) -> None:
    ours = courier(chance=lambda: 0.75)
    server.members = {"reconnect_spread_s": 80}
    ours.tick()
    until(lambda: _rests(ours))
    outbox.add(1)
    server.next(page(502))
    ours.wake()
    until(lambda: _rests(ours))
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
    until(lambda: _rests(ours))
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
    until(lambda: _rests(ours))
    assert wishes.given_up == ["device/notes"]
    assert ours.status()["last_problem"] is None


def test_what_is_in_the_way_of_a_document_is_told(server: LyingServer, courier: Start) -> None:
    wishes = Wishes(wanted=[("device/notes", None)])
    server.next(Lie(), page(200))
    ours = courier(feeds=wishes)
    ours.tick()
    until(lambda: _rests(ours))
    assert "sign-in page" in str(ours.status()["last_problem"])
    assert wishes.wanted == [("device/notes", None)]


@pytest.mark.parametrize("name", LIES)
def test_after_any_lie_the_event_is_kept_the_cause_is_told_and_it_recovers(
    server: LyingServer,
    outbox: Outbox,
    courier: Start,
    stopped_clock: StoppedClock,
    name: str,
) -> None:
    lie, outcome, words = LIES[name]
    ids = outbox.add(1)
    # An answer lost after the commit comes again as a duplicate: stored=True.
    server.next(Lie(**{slot: getattr(lie, slot) for slot in lie.__slots__} | {"stored": True}))
    ours = courier()
    ours.tick()
    until(lambda: _rests(ours))
    told = ours.status()
    assert outbox.waiting == ids
    assert told["outcome"] == outcome
    assert words in str(told["last_problem"])
    assert told["since"] == "2031-05-06T07:08:09.000Z"
    assert 0 < float(str(told["next_try_s"])) <= 3600
    stopped_clock.boot_s = ours.due_at()
    ours.tick()
    until(lambda: _rests(ours) and not outbox.waiting)
    assert outbox.settled == ids
    assert server.arrived == {ids[0]: 1}
    assert ours.status()["last_problem"] is None
    assert not outbox.parked


def test_a_retry_after_holds_even_when_a_fresh_alert_comes(
    server: LyingServer, outbox: Outbox, courier: Start, stopped_clock: StoppedClock
) -> None:
    server.next(problem(ProblemType.RATE_LIMITED, 429, ("Retry-After", "1000000000")))
    ours = courier()
    ours.tick()
    until(lambda: _rests(ours))
    assert ours.status()["next_try_s"] == 3600.0
    stopped_clock.advance(3599)
    outbox.add()
    ours.wake()
    assert _rests(ours)
    stopped_clock.advance(1)
    ours.tick()
    until(lambda: not outbox.waiting)


def test_a_batch_that_is_refused_whole_is_halved_until_the_guilty_one_is_parked(
    server: LyingServer, outbox: Outbox, courier: Start
) -> None:
    ids = outbox.add(100)
    guilty = ids[37]

    server.decide = lambda seen: (
        problem(ProblemType.INVALID_REQUEST, 400, detail="events: nonsense")
        if seen.route == "events" and guilty in seen.ids()
        else None
    )
    ours = courier()
    ours.wake()
    until(lambda: _rests(ours))
    assert not outbox.waiting
    assert len(outbox.settled) == 99
    assert list(outbox.parked) == [guilty]
    assert "nonsense" in outbox.parked[guilty]
    assert len(server.seen) < 20


def test_one_refused_receipt_parks_its_envelope_with_the_reason(
    server: LyingServer, outbox: Outbox, courier: Start
) -> None:
    first, second = outbox.add(2)
    body = (
        f'{{"receipts":[{{"id":"{first}","result":"refused","problem":"title: empty"}},'
        f'{{"id":"{second}","result":"accepted","ticket":3}}]}}'
    )
    server.next(Lie(body=body.encode()))
    ours = courier()
    ours.wake()
    until(lambda: _rests(ours))
    assert outbox.parked == {first: "title: empty"}
    assert outbox.settled == [second]


def test_an_envelope_that_a_web_filter_dislikes_is_parked_when_others_pass(
    server: LyingServer, outbox: Outbox, courier: Start, stopped_clock: StoppedClock
) -> None:
    """It would hold up everything behind it for ever."""
    ids = outbox.add(4)
    disliked = ids[0]
    server.decide = lambda seen: (
        page(403, "Blocked by web filter")
        if seen.route == "events" and disliked in seen.ids()
        else None
    )
    ours = courier()
    for _ in range(10):
        ours.tick()
        until(lambda: _rests(ours))
        stopped_clock.boot_s = ours.due_at()
    assert outbox.settled == ids[1:]
    assert "Blocked by web filter" in outbox.parked[disliked]
    assert "3 times" in outbox.parked[disliked]


def test_a_captive_portal_never_parks_anything(
    server: LyingServer, outbox: Outbox, courier: Start, stopped_clock: StoppedClock
) -> None:
    ids = outbox.add(1)
    server.always = page(403, "Sign in")
    ours = courier()
    for _ in range(6):
        ours.tick()
        until(lambda: _rests(ours))
        stopped_clock.boot_s = ours.due_at()
    assert outbox.waiting == ids
    assert not outbox.parked
    assert "tried 6 ×" in str(ours.status()["last_problem"])


def test_a_slow_line_gets_smaller_batches_until_they_pass(
    server: LyingServer, outbox: Outbox, courier: Start, stopped_clock: StoppedClock
) -> None:
    outbox.add(100)
    server.decide = lambda seen: (
        Lie(hang_up=True) if seen.route == "events" and len(seen.ids()) > 30 else None
    )
    ours = courier()
    for _ in range(8):
        ours.tick()
        until(lambda: _rests(ours))
        stopped_clock.boot_s = ours.due_at()
        if not outbox.waiting:
            break
    assert len(outbox.settled) == 100


def test_a_thousand_arrive_in_batches_that_do_not_fill_the_agents_memory(
    server: LyingServer, outbox: Outbox, courier: Start
) -> None:
    ids = outbox.add(1000)
    ours = courier()
    ours.wake()
    until(lambda: not outbox.waiting)
    assert outbox.settled == ids
    assert max(len(seen.ids()) for seen in server.seen if seen.route == "events") == 200


def test_stopping_kills_a_sender_that_waits_for_a_silent_server(
    server: LyingServer, outbox: Outbox, courier: Start
) -> None:
    ids = outbox.add()
    server.always = Lie(before_s=60)
    ours = courier()
    ours.wake()
    until(lambda: server.seen)
    ours.stop()
    assert not any(thread.name == "courier" for thread in threading.enumerate())
    assert not [p for p in psutil.Process().children() if "sender" in " ".join(p.cmdline())]
    assert outbox.waiting == ids
    assert ours.status()["last_problem"] is None
    ours.wake()
    assert _rests(ours), "a stopped courier stays stopped"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("print('hello', flush=True); input()", "no sensible answer"),
        ("print('[1, 2]', flush=True); input(); input()", "no sensible answer"),
        ("import sys; sys.exit(3)", "ended without an answer"),
        ("raise RuntimeError('no such library')", "RuntimeError: no such library"),
        ("import time; time.sleep(60)", "ended without an answer"),
        ("print('x' * 50_000_000, flush=True); input(); input()", "no sensible answer"),
        ('print(\'{"outcome":"delivered","says":"","receipts":[]}\', flush=True); input(); input()',
         "other messages"),
    ],
    ids=["garbage", "no object", "dies", "raises", "hangs", "floods", "no receipts"],
)  # fmt: skip
def test_a_sender_that_misbehaves_is_killed_and_counts_as_a_failed_try(
    outbox: Outbox,
    courier: Start,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    words: str,
) -> None:
    monkeypatch.setattr("agent.delivery.child.GRACE_S", 0.5)
    monkeypatch.setattr(
        "agent.delivery.child.sender_command", lambda: [sys.executable, "-I", "-c", program]
    )
    ids = outbox.add()
    ours = courier(limits=Limits(total_s=0.5))
    ours.wake()
    until(lambda: _rests(ours))
    told = ours.status()
    assert told["outcome"] == "retry"
    assert words in str(told["last_problem"])
    assert outbox.waiting == ids
    monkeypatch.undo()


def test_a_sender_that_cannot_be_started_counts_as_a_failed_try(
    outbox: Outbox, courier: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.delivery.child.sender_command", lambda: ["/nonexistent/sender"])
    outbox.add()
    ours = courier()
    ours.wake()
    until(lambda: _rests(ours))
    assert "cannot be started" in str(ours.status()["last_problem"])


def test_a_store_or_identity_that_fails_is_told_and_tried_again(
    outbox: Outbox, courier: Start, stopped_clock: StoppedClock, server: LyingServer
) -> None:
    outbox.troubles = [StateError("the disk is full"), OSError(5, "Input/output error")]
    ids = outbox.add()
    ours = courier()
    for words in ("the disk is full", "Input/output error"):
        ours.tick()
        until(lambda: _rests(ours))
        assert words in str(ours.status()["last_problem"])
        stopped_clock.boot_s = ours.due_at()
    ours.tick()
    until(lambda: not outbox.waiting)
    assert server.arrived == {ids[0]: 1}


def test_an_outbox_that_does_not_let_go_does_not_make_the_courier_send_for_ever(
    server: LyingServer, outbox: Outbox, courier: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Outbox, "settle", lambda *_: None)
    outbox.add()
    ours = courier()
    ours.tick()
    until(lambda: _rests(ours))
    assert "did not take note" in str(ours.status()["last_problem"])
    assert server.routes() == ["events"]


def test_a_repeated_enrolment_is_noticed_by_the_next_sender(
    server: LyingServer, courier: Start, stopped_clock: StoppedClock
) -> None:
    identities = [Identity(uuid7(), f"wdd_{n}", server.url) for n in "12"]
    server.next(problem(ProblemType.UNKNOWN_DEVICE, 401))
    ours = courier(identity=lambda: identities.pop(0))
    for _ in range(2):
        ours.tick()
        until(lambda: _rests(ours))
        stopped_clock.boot_s = ours.due_at()
    assert [seen.headers["authorization"] for seen in server.seen] == [
        "Bearer wdd_1",
        "Bearer wdd_2",
    ]


def test_neither_token_nor_proxy_password_reach_log_or_status(
    server: LyingServer, outbox: Outbox, courier: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    mine = Identity(uuid7(), TOKEN, server.url, proxy="http://user:canary-proxy@127.0.0.1:9")
    outbox.add()
    ours = courier(identity=lambda: mine)
    ours.wake()
    until(lambda: _rests(ours))
    shown = caplog.text + repr(ours.status()) + repr(mine)
    assert "proxy" in shown
    assert "canary" not in shown


def test_a_sender_killed_in_the_middle_loses_nothing(
    server: LyingServer, outbox: Outbox, courier: Start, stopped_clock: StoppedClock
) -> None:
    ids = outbox.add()
    server.next(Lie(before_s=1.0))
    ours = courier()
    ours.wake()
    until(lambda: server.seen)
    for child in psutil.Process().children():
        if "agent.delivery.sender" in child.cmdline():
            child.kill()
    until(lambda: _rests(ours))
    assert "ended without an answer" in str(ours.status()["last_problem"])
    stopped_clock.boot_s = ours.due_at()
    ours.tick()
    until(lambda: not outbox.waiting)
    assert server.arrived == {ids[0]: 1}


def test_the_runner_is_told_when_the_due_time_has_changed(courier: Start) -> None:
    told = threading.Event()
    ours = courier(rescheduled=told.set)
    ours.tick()
    assert told.wait(30)
    assert _rests(ours)
