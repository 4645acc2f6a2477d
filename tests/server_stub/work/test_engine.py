"""Due work is done once, whoever dies, pauses or fails meanwhile; on both databases."""

from datetime import datetime, timedelta

import pytest
from django.db import OperationalError

from server_stub.clients.models import Client
from server_stub.work.engine import (
    BATCH,
    LEASE,
    Claim,
    LostError,
    Outcome,
    call_off,
    claim,
    delay,
    perform,
    plan,
    stuck,
)
from server_stub.work.models import DueWork
from server_stub.work.recurring import Recurring, plant
from tests.support.rows import NOW

pytestmark = pytest.mark.usefixtures("database")
KINDS = ["greet"]


def greet(one: Claim, _now: datetime) -> None:
    """Leave a row behind: greeted twice, it would fail."""
    Client.objects.create(name=one.key)


def due(key: str = "a", at: datetime = NOW) -> None:
    plan("greet", key, at)


def claimed(now: datetime = NOW) -> Claim:
    (one,) = claim(KINDS, now)
    return one


def greeted() -> list[str]:
    return sorted(Client.objects.values_list("name", flat=True))


def test_what_is_due_is_claimed_oldest_first_and_nothing_else() -> None:
    due("later", NOW + timedelta(seconds=1))
    due("second", NOW - timedelta(seconds=1))
    due("first", NOW - timedelta(hours=1))
    plan("mail", "not ours", NOW)

    assert [one.key for one in claim(KINDS, NOW)] == ["first", "second"]


def test_a_claim_is_nobody_elses_until_its_lease_ends() -> None:
    due()
    first = claimed()

    assert claim(KINDS, NOW) == []
    assert claim(KINDS, NOW + LEASE - timedelta(seconds=1)) == []
    second = claimed(NOW + LEASE)
    assert (first.fence, second.fence) == (1, 2)
    assert (first.attempts, second.attempts) == (1, 2)


def test_a_batch_is_no_larger_than_it_may_be() -> None:
    for number in range(BATCH + 1):
        due(str(number))

    assert len(claim(KINDS, NOW)) == BATCH
    assert len(claim(KINDS, NOW)) == 1


def test_what_was_done_is_gone() -> None:
    due()

    assert perform(claimed(), greet, NOW) is Outcome.DONE

    assert greeted() == ["a"]
    assert not DueWork.objects.exists()


def test_a_worker_that_was_paused_past_its_lease_does_nothing() -> None:
    due()
    paused = claimed()
    other = claimed(NOW + LEASE)

    assert perform(paused, greet, NOW) is Outcome.LOST
    assert greeted() == []
    assert perform(other, greet, NOW) is Outcome.DONE
    assert greeted() == ["a"]


def test_what_fails_leaves_nothing_behind_and_is_tried_again() -> None:
    due()

    def fail(one: Claim, now: datetime) -> None:
        greet(one, now)
        raise ValueError("no\npaper\0")

    assert perform(claimed(), fail, NOW) is Outcome.PUT_OFF

    assert greeted() == []
    assert DueWork.objects.get().last_error == "ValueError: no paper"
    assert claim(KINDS, NOW + timedelta(seconds=9)) == []
    assert perform(claimed(NOW + timedelta(seconds=10)), greet, NOW) is Outcome.DONE


def test_one_that_fails_does_not_keep_the_next_from_being_done() -> None:
    due("bad", NOW - timedelta(minutes=1))
    due("good")

    def fail(one: Claim, now: datetime) -> None:
        if one.key == "bad":
            raise OperationalError("deadlock detected")
        greet(one, now)

    outcomes = [perform(one, fail, NOW) for one in claim(KINDS, NOW)]

    assert outcomes == [Outcome.PUT_OFF, Outcome.DONE]
    assert greeted() == ["good"]


def test_it_rests_longer_each_time_but_never_longer_than_an_hour() -> None:
    rests = [delay(attempts) for attempts in (1, 2, 3, 20, 10_000)]

    assert rests == [timedelta(seconds=s) for s in (10, 20, 40, 3600, 3600)]


def test_what_recurs_is_tried_again_as_often_as_it_recurs() -> None:
    due()
    DueWork.objects.update(attempts=9)

    def fail(_one: Claim, _now: datetime) -> None:
        raise ValueError("no")

    perform(claimed(), fail, NOW, timedelta(seconds=30))

    assert DueWork.objects.get().lease_until == NOW + timedelta(seconds=30)


def test_what_failed_often_is_told() -> None:
    due()
    DueWork.objects.update(attempts=5)
    assert stuck() == 0

    DueWork.objects.update(last_error="ValueError: no")
    assert stuck() == 1


def test_what_is_planned_anew_is_lost_to_who_has_claimed_it() -> None:
    due()
    one = claimed()
    due(at=NOW + timedelta(hours=1))

    assert perform(one, greet, NOW) is Outcome.LOST
    assert greeted() == []
    assert claim(KINDS, NOW) == []
    assert DueWork.objects.get().due_at == NOW + timedelta(hours=1)


def test_what_is_called_off_is_not_done() -> None:
    due()
    one = claimed()
    call_off("greet", "a", "b")

    with pytest.raises(LostError):
        one.take()
    assert claim(KINDS, NOW + LEASE) == []


def test_an_act_may_take_its_row_early_and_plan_the_same_again() -> None:
    due()

    def again(one: Claim, now: datetime) -> None:
        one.take()
        plan(one.kind, one.key, now + timedelta(days=1))

    assert perform(claimed(), again, NOW) is Outcome.DONE
    assert DueWork.objects.get().due_at == NOW + timedelta(days=1)


def test_what_recurs_is_done_once_though_a_worker_was_paused_beyond_its_lease() -> None:
    """It woke when another had the row: what it did is taken back, and nothing planned twice."""
    recurs = Recurring("greet", timedelta(minutes=1), lambda now: greet(paused, now))
    plant([recurs], NOW)
    paused = claimed()
    other = claimed(NOW + LEASE)

    assert perform(other, recurs.act, NOW + LEASE) is Outcome.DONE
    Client.objects.all().delete()
    assert perform(paused, recurs.act, NOW + LEASE) is Outcome.LOST

    assert greeted() == []
    row = DueWork.objects.get()
    assert row.due_at == NOW + LEASE + timedelta(minutes=1)
