"""A full outbox: what goes, in which order, and that it is counted."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.store import Importance, Store
from tests.agent.store.samples import ALL, bodies, envelope

LOW, WARNING, CRITICAL = Importance


def test_the_least_important_go_first_and_the_oldest_of_them(tmp_path: Path) -> None:
    store = Store(tmp_path, max_rows=4)
    kinds = [("w1", WARNING), ("l1", LOW), ("l2", LOW), ("c1", CRITICAL)]
    store.record({}, [envelope(body, importance) for body, importance in kinds])
    store.record({}, [envelope("w2", WARNING)])
    assert bodies(store) == ["w1", "l2", "c1", "w2"]
    store.record({}, [envelope("c2", CRITICAL), envelope("c3", CRITICAL)])
    assert bodies(store) == ["c1", "w2", "c2", "c3"]
    store.record({}, [envelope("c4", CRITICAL), envelope("c5", CRITICAL)])
    assert bodies(store) == ["c2", "c3", "c4", "c5"]
    assert store.counters() == {"dropped_critical": 1, "dropped_low": 2, "dropped_warning": 2}
    store.close()


def test_a_critical_one_never_goes_for_a_lesser_one(tmp_path: Path) -> None:
    store = Store(tmp_path, max_rows=2)
    store.record({}, [envelope("c1", CRITICAL), envelope("c2", CRITICAL)])
    store.record({}, [envelope("w", WARNING), envelope("l", LOW)])
    assert bodies(store) == ["c1", "c2"]
    assert store.counters() == {"dropped_low": 1, "dropped_warning": 1}
    store.close()


def test_parked_ones_go_before_waiting_ones_of_their_importance(tmp_path: Path) -> None:
    store = Store(tmp_path, max_rows=3)
    first, second = envelope("w1", WARNING), envelope("w2", WARNING)
    store.record({}, [first, second, envelope("l", LOW)])
    store.park(second.id, "no")
    store.record({}, [envelope("w3", WARNING)])
    assert (bodies(store), len(store.parked())) == (["w1", "w3"], 1)
    store.record({}, [envelope("w4", WARNING)])
    assert (bodies(store), store.parked()) == (["w1", "w3", "w4"], [])
    store.close()


def test_it_is_bounded_by_bytes_too_and_one_larger_than_that_is_not_taken(tmp_path: Path) -> None:
    store = Store(tmp_path, max_bytes=1000)
    for letter in "abcd":
        store.record({}, [envelope(letter * 400)])
    assert bodies(store) == ["c" * 400, "d" * 400]
    assert store.record({"x": "1"}, [envelope("e" * 1001, CRITICAL)])
    assert bodies(store) == ["c" * 400, "d" * 400]
    assert store.counters() == {"dropped_critical": 1, "dropped_warning": 2}
    assert store.alert_states() == {"x": "1"}
    store.close()


def test_drops_are_counted_over_restarts(tmp_path: Path) -> None:
    for _ in range(3):
        store = Store(tmp_path, max_rows=1)
        store.record({}, [envelope(), envelope()])
        store.close()
    store = Store(tmp_path, max_rows=1)
    assert store.counters() == {"dropped_warning": 5}
    assert store.counts().dropped == 5
    store.close()


def test_a_smaller_bound_than_before_does_not_keep_the_agent_from_starting(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.record({}, [envelope(str(number)) for number in range(50)])
    store.close()
    store = Store(tmp_path, max_rows=10)
    assert len(bodies(store)) == 50
    store.record({}, [envelope("new")])
    assert bodies(store) == [*map(str, range(41, 50)), "new"]
    store.close()


@settings(max_examples=30, deadline=None)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.sampled_from(Importance), st.integers(1, 60)), max_size=6),
        max_size=12,
    )
)
def test_it_keeps_what_a_plain_list_would_keep(
    batches: list[list[tuple[Importance, int]]],
) -> None:
    with TemporaryDirectory() as folder:
        store = Store(Path(folder), max_rows=8, max_bytes=200)
        kept: list[tuple[int, int, str]] = []
        for number, batch in enumerate(batches):
            sent = [
                envelope(f"{number}.{i}".ljust(size, "."), importance)
                for i, (importance, size) in enumerate(batch)
            ]
            store.record({}, sent)
            kept += [(one.importance.rank, len(one.body), one.id) for one in sent]
            while len(kept) > 8 or sum(size for _, size, _ in kept) > 200:
                kept.remove(min(kept, key=lambda one: one[0]))
        assert [one.id for one in store.pending(ALL, ALL)] == [key for _, _, key in kept]
        store.close()
