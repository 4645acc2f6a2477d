"""What the store promises while the disk is well. Real files throughout."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from agent.protocol.receipts import Receipt, ReceiptResult
from agent.protocol.words import Change, Evaluation, Priority
from agent.store import Counts, Importance, Parked, Store, event_envelope
from tests.agent.rule_samples import load_rule, look, moment, warning
from tests.agent.store.samples import ALL, HandClock, accepted, bodies, envelope


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "state", read_clock=HandClock())
    yield opened
    opened.close()


def test_what_is_recorded_is_there_after_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = envelope('{"n":1}'), envelope('{"n":2}')
    assert store.record({"disk:C:": '{"a":1}', "disk:D:": "{}"}, [first], {"history": "h"})
    assert store.record({"disk:D:": None}, [second])
    store.close()
    store = Store(tmp_path)
    assert store.pending(ALL, ALL) == [first, second]
    assert store.alert_states() == {"disk:C:": '{"a":1}'}
    assert store.text("history") == "h"
    assert store.text("nothing") is None
    store.close()


def test_an_id_is_taken_once_however_often_it_is_recorded(store: Store) -> None:
    once = envelope()
    for _ in range(3):
        assert store.record({}, [once])
    assert store.pending(ALL, ALL) == [once]


def test_pending_is_bounded_by_number_and_bytes_and_gives_one_at_least(store: Store) -> None:
    store.record({}, [envelope(str(number) * 100) for number in range(9)])
    assert len(store.pending(4, ALL)) == 4
    assert len(store.pending(9, 350)) == 3
    assert len(store.pending(9, 1)) == 1
    assert len(store.pending(1, 0)) == 1


def test_accepted_and_known_envelopes_go_and_refused_ones_are_parked(store: Store) -> None:
    good, known, bad, rest = (envelope(f'{{"n":{n}}}') for n in range(4))
    store.record({}, [good, known, bad, rest])
    store.settle(
        [
            accepted(good.id),
            Receipt(known.id, ReceiptResult.DUPLICATE, 7),
            Receipt(bad.id, ReceiptResult.REFUSED, None, "title: empty"),
        ]
    )
    assert store.pending(ALL, ALL) == [rest]
    assert store.parked() == [Parked(bad, "title: empty", "2026-11-21T08:16:40.000Z")]
    assert store.counts().parked == 1


def test_a_receipt_nobody_waits_for_changes_nothing(store: Store) -> None:
    waiting = envelope()
    store.record({}, [waiting])
    store.settle([accepted(envelope().id), Receipt("x", ReceiptResult.REFUSED)])
    assert store.pending(ALL, ALL) == [waiting]
    assert store.counts() == Counts(1, 2, 0, 0, 0, waiting.created_at, 1000.0)


def test_a_parked_envelope_keeps_its_id_when_it_waits_again(store: Store) -> None:
    parked, other = envelope("{1}"), envelope("{2}")
    store.record({}, [parked, other])
    store.park(parked.id, "refused")
    assert not store.requeue(other.id)
    assert store.requeue(parked.id)
    assert store.pending(ALL, ALL) == [other, parked]
    assert store.parked() == []


def test_a_parked_envelope_can_be_dropped_for_good(store: Store) -> None:
    parked = envelope()
    store.record({}, [parked])
    store.park(parked.id, "refused")
    assert store.drop(parked.id)
    assert not store.drop(parked.id)
    assert store.counts() == Counts(0, 0, 0, 0, 0, None, 0.0)


def test_counts_survive_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path, read_clock=HandClock())
    store.record({}, [envelope("ä" * 10), envelope("b"), envelope("c")])
    store.park(store.pending(1, ALL)[0].id, "no")
    before = store.counts()
    assert (before.waiting, before.parked, before.bytes) == (2, 1, 22)
    store.close()
    store = Store(tmp_path, read_clock=HandClock())
    assert store.counts() == before
    store.close()


def test_a_half_surrogate_is_stored_as_the_escape_it_is_in_json(store: Store) -> None:
    assert store.record({}, [envelope('{"name":"\udc80"}')])
    assert bodies(store) == ['{"name":"\\udc80"}']


def test_state_and_envelope_change_together_or_not_at_all(store: Store, tmp_path: Path) -> None:
    """The outbox refuses, so the state stays; both come at the next call."""
    db = store._file._db
    assert db is not None
    db.execute(
        "CREATE TEMP TRIGGER refuse BEFORE INSERT ON outbox"
        " BEGIN SELECT raise(ABORT, 'refused for the test'); END"
    )
    assert not store.record({"disk:C:": "1"}, [envelope("{1}")])
    assert store.trouble is not None
    states = tmp_path / "elsewhere"
    copytree(tmp_path / "state", states)
    copy = Store(states)
    assert copy.alert_states() == {}
    assert copy.pending(ALL, ALL) == []
    copy.close()
    assert store.record({}, [])
    assert store.alert_states() == {"disk:C:": "1"}
    assert bodies(store) == ["{1}"]


def test_nothing_new_is_no_commit(store: Store) -> None:
    store.record({"disk:C:": "1"}, [envelope()])
    db = store._file._db
    assert db is not None
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    store.record({}, [])
    store.settle([])
    store.pending(ALL, ALL)
    store.counts()
    store.retry()
    assert statements
    assert not any(word in text for text in statements for word in ("BEGIN", "COMMIT"))


def test_two_threads_lose_and_double_nothing(store: Store) -> None:
    """The runner records while the courier settles."""
    sent: list[str] = []
    recorded = [[envelope(f"{n}.{i}") for i in range(3)] for n in range(60)]

    def settle_all() -> None:
        while len(sent) < 180:
            batch = store.pending(7, ALL)
            sent.extend(waiting.id for waiting in batch)
            store.settle([accepted(waiting.id) for waiting in batch])

    courier = threading.Thread(target=settle_all)
    courier.start()
    for batch in recorded:
        assert store.record({"x": batch[0].id}, batch)
    courier.join(60)
    assert not courier.is_alive()
    assert sent == [one.id for batch in recorded for one in batch]
    assert store.counts().waiting == 0


def test_an_event_is_as_important_as_the_graver_of_before_and_after() -> None:
    """The end of a critical alert must not be dropped before other criticals."""
    from agent.alerts import step  # noqa: PLC0415 - only here

    rule = load_rule(warning=warning())
    event = step(None, look(rule, 12), rule, moment(1000), "b")[1]
    assert event is not None
    assert event.priority is Priority.NORMAL
    assert event_envelope(event).importance is Importance.WARNING
    ended = replace(event, change=Change.RESOLVED, evaluation=Evaluation.OK)
    assert event_envelope(ended, Evaluation.CRITICAL).importance is Importance.CRITICAL
    sent = event_envelope(event)
    assert (sent.id, sent.kind, sent.body) == (event.id, "event", event.to_text())
