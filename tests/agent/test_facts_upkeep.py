import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent import facts_upkeep
from agent.clock import Now
from agent.errors import AgentError
from agent.facts import collect, facts_hash
from agent.facts_upkeep import FactsUpkeep, look, needed
from agent.protocol import strict
from agent.protocol.device import parse_facts
from agent.protocol.strict import ProtocolError
from agent.store import Store
from tests.support.polling import until

WALL = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(boot_s: float) -> Now:
    return Now(boot_s, boot_s, WALL)


@pytest.mark.parametrize(
    ("last_hash", "last_sent", "new_hash", "expected"),
    [
        ("", None, "a", True),
        ("a", None, "a", False),
        ("a", None, "b", True),
        ("a", 100.0, "a", False),
        ("a", 100.0 - 86_400, "a", True),
    ],
    ids=["first", "an earlier run sent them", "changed", "sent today", "sent yesterday"],
)
def test_facts_are_sent_when_they_changed_and_once_a_day(
    last_hash: str, last_sent: float | None, new_hash: str, *, expected: bool
) -> None:
    assert needed(last_hash, last_sent, at(100.0), new_hash) is expected


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "state")
    yield opened
    opened.close()


class Bench:
    def __init__(self, store: Store) -> None:
        self.now_s = 1_000.0
        self.facts: Any = {"memory": {"total_bytes": 1}}
        self.woken = 0
        self.upkeep = FactsUpkeep(store, lambda: at(self.now_s), self._wake, self._look)

    def _wake(self) -> None:
        self.woken += 1

    def _look(self) -> tuple[str, dict[str, Any]]:
        if isinstance(self.facts, Exception):
            raise self.facts
        return facts_hash(self.facts), self.facts

    def look_after(self, seconds: float) -> None:
        self.now_s += seconds
        self.upkeep.tick()
        until(lambda: not any(t.name == "facts" for t in threading.enumerate()))


def test_facts_wait_in_the_outbox_under_the_hash_that_events_name(store: Store) -> None:
    bench = Bench(store)
    bench.look_after(0)

    [envelope] = store.pending(10, 1_000_000)
    facts = parse_facts(strict.parse(envelope.body.encode()))
    assert facts.facts == bench.facts
    assert facts.hash == bench.upkeep.hash()
    assert facts.id == envelope.id
    assert bench.woken == 1


def test_they_are_looked_at_hourly_and_sent_only_when_changed(store: Store) -> None:
    bench = Bench(store)
    bench.look_after(0)
    bench.look_after(10)
    bench.look_after(3600)
    assert len(store.pending(10, 1_000_000)) == 1

    bench.facts = {"memory": {"total_bytes": 2}}
    bench.look_after(10)
    assert len(store.pending(10, 1_000_000)) == 1, "not before the hour"
    bench.look_after(3600)
    assert len(store.pending(10, 1_000_000)) == 2


def test_the_next_process_knows_what_was_sent(store: Store) -> None:
    first = Bench(store)
    first.look_after(0)
    second = Bench(store)
    assert second.upkeep.hash() == first.upkeep.hash()
    second.look_after(0)

    assert len(store.pending(10, 1_000_000)) == 1


def test_facts_that_cannot_be_collected_are_tried_again_in_an_hour(store: Store) -> None:
    bench = Bench(store)
    bench.facts = OSError("no such device")
    bench.look_after(0)
    assert store.pending(10, 1_000_000) == []

    bench.facts = {"memory": {"total_bytes": 1}}
    bench.look_after(3600)
    assert len(store.pending(10, 1_000_000)) == 1


def test_the_child_tells_what_this_process_would() -> None:
    facts = collect()

    assert look() == (facts_hash(facts), facts)


def test_volumes_are_asked_here_where_it_is_known_which_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = [{"target": "/here", "type": "ext4", "total_bytes": 5, "free_percent": 40}]
    monkeypatch.setattr(facts_upkeep, "volume_facts", lambda: told)

    _, facts = look()

    assert facts["volumes"] == told


def test_a_child_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import sys; sys.exit('no memory left')"
    monkeypatch.setattr(facts_upkeep, "child_command", lambda: [sys.executable, "-c", program])

    with pytest.raises(AgentError, match="ended with 1: no memory left"):
        look()


def test_the_agents_environment_stays_with_the_agent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    program = f"import os; open({str(seen)!r}, 'w').write(' '.join(os.environ))"
    monkeypatch.setattr(facts_upkeep, "child_command", lambda: [sys.executable, "-c", program])
    monkeypatch.setenv("PLANTED", "secret")

    with pytest.raises(ProtocolError):
        look()

    assert "PLANTED" not in seen.read_text().split()
