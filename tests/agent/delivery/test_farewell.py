"""The last word of an agent: said once, to a server that answers, and never waited for in vain."""

import json
import threading

import pytest

from agent.protocol.words import LastWord
from tests.agent.delivery.couriers import Start, rests
from tests.agent.delivery.outbox import Outbox, StoppedClock
from tests.support.lying_server import Lie, LyingServer, page
from tests.support.polling import until


def words(server: LyingServer) -> list[str | None]:
    """Return the last word of each heartbeat that arrived."""
    bodies = [json.loads(one.body) for one in server.seen if one.path.endswith("/heartbeat")]
    return [body.get("last_word") for body in bodies]


@pytest.mark.parametrize("warm_s", [0.1, 20.0])
def test_it_goes_with_a_heartbeat_of_its_own_by_a_warm_sender_or_a_new_one(
    server: LyingServer, courier: Start, warm_s: float
) -> None:
    ours = courier(warm_s=warm_s)
    ours.tick()
    until(lambda: words(server) == [None])
    until(lambda: warm_s > 1 or rests(ours))

    ours.farewell(LastWord.SLEEP, 20)

    assert words(server) == [None, "sleep"]


def test_what_waits_goes_before_it(server: LyingServer, outbox: Outbox, courier: Start) -> None:
    ours = courier()
    ours.tick()
    until(lambda: rests(ours))
    outbox.add(2)

    ours.farewell(LastWord.STOPPED, 20)

    assert not outbox.waiting
    assert server.routes() == ["heartbeat", "events", "heartbeat"]
    assert words(server) == [None, "stopped"]


def test_after_a_sleep_heartbeats_are_as_before(
    server: LyingServer, courier: Start, stopped_clock: StoppedClock
) -> None:
    ours = courier()
    ours.tick()
    until(lambda: rests(ours))
    ours.farewell(LastWord.SLEEP, 20)
    until(lambda: rests(ours))

    stopped_clock.advance(3600)
    ours.tick()
    until(lambda: len(words(server)) == 3)

    assert words(server) == [None, "sleep", None]


def test_a_server_that_did_not_answer_last_time_is_not_told(
    server: LyingServer, courier: Start
) -> None:
    ours = courier()
    ours.farewell(LastWord.STOPPED, 20)
    assert not server.seen, "nothing is known of it yet"

    server.next(page(502))
    ours.tick()
    until(lambda: rests(ours))
    ours.farewell(LastWord.STOPPED, 20)

    assert words(server) == [None]


def test_one_that_does_not_answer_any_more_holds_nobody_up(
    server: LyingServer, courier: Start
) -> None:
    """It returns when its sender gives up, or at its patience's end, whichever is first."""
    ours = courier()
    ours.tick()
    until(lambda: rests(ours))
    server.next(Lie(before_s=60))
    said = threading.Thread(target=ours.farewell, args=(LastWord.SHUTDOWN, 0.2))

    said.start()
    said.join(30)

    assert not said.is_alive()
    ours.stop()


def test_one_that_refuses_it_ends_the_wait(server: LyingServer, courier: Start) -> None:
    ours = courier()
    ours.tick()
    until(lambda: rests(ours))
    server.next(page(502))

    ours.farewell(LastWord.SHUTDOWN, 20)

    assert words(server) == [None, "shutdown"]
