"""The courier and a server that lies: nothing is lost, and people are told."""

import logging
import sys
import threading

import psutil
import pytest

from agent.delivery.messages import Limits
from agent.errors import StateError
from agent.identity import Identity
from agent.protocol.ids import uuid7
from agent.protocol.problems import ProblemType
from tests.agent.delivery.conftest import TOKEN
from tests.agent.delivery.couriers import Start, rests
from tests.agent.delivery.outbox import Outbox, StoppedClock
from tests.support.lies import LIES
from tests.support.lying_server import Lie, LyingServer, page, problem
from tests.support.polling import until


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
    until(lambda: rests(ours))
    told = ours.status()
    assert outbox.waiting == ids
    assert told["outcome"] == outcome
    assert words in str(told["last_problem"])
    assert told["since"] == "2031-05-06T07:08:09.000Z"
    assert 0 < float(str(told["next_try_s"])) <= 3600
    stopped_clock.boot_s = ours.due_at()
    ours.tick()
    until(lambda: rests(ours) and not outbox.waiting)
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
    until(lambda: rests(ours))
    assert ours.status()["next_try_s"] == 3600.0
    stopped_clock.advance(3599)
    outbox.add()
    ours.wake()
    assert rests(ours)
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
    until(lambda: rests(ours))
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
    until(lambda: rests(ours))
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
        until(lambda: rests(ours))
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
        until(lambda: rests(ours))
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
        until(lambda: rests(ours))
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
    assert rests(ours), "a stopped courier stays stopped"


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
    until(lambda: rests(ours))
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
    until(lambda: rests(ours))
    assert "cannot be started" in str(ours.status()["last_problem"])


def test_a_store_or_identity_that_fails_is_told_and_tried_again(
    outbox: Outbox, courier: Start, stopped_clock: StoppedClock, server: LyingServer
) -> None:
    outbox.troubles = [StateError("the disk is full"), OSError(5, "Input/output error")]
    ids = outbox.add()
    ours = courier()
    for words in ("the disk is full", "Input/output error"):
        ours.tick()
        until(lambda: rests(ours))
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
    until(lambda: rests(ours))
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
        until(lambda: rests(ours))
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
    until(lambda: rests(ours))
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
    until(lambda: rests(ours))
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
    assert rests(ours)
