import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import facts_upkeep
from agent.clock import Now
from agent.errors import AgentError
from agent.facts import collect, facts_hash
from agent.facts_child import differences
from agent.facts_upkeep import CHANGES_NAME, FactsUpkeep, look, needed
from agent.protocol import strict
from agent.protocol.device import parse_facts
from agent.protocol.human import human
from agent.protocol.strict import ProtocolError
from agent.protocol.words import Unit
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

    def _look(self, before: dict[str, Any]) -> tuple[str, dict[str, Any], list[str]]:
        if isinstance(self.facts, Exception):
            raise self.facts
        changes = differences(before, self.facts) if before else []
        return facts_hash(self.facts), self.facts, changes

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


def test_what_changed_is_told_for_three_days(store: Store) -> None:
    bench = Bench(store)
    bench.look_after(0)
    assert bench.upkeep.changed(at(0)) == []
    bench.facts = {"memory": {"total_bytes": 2048}}
    bench.look_after(3600)
    bench.facts = {"memory": {"total_bytes": 4096}}
    bench.look_after(3600)

    def told(hours: float) -> list[str]:
        then = Now(0, 0, WALL + timedelta(hours=hours))
        return Bench(store).upkeep.changed(then)

    assert told(2) == [
        "memory is 4 KiB, was 2 KiB (seen 2 h before)",
        "memory is 2 KiB, was 1 bytes (seen 2 h before)",
    ]
    assert told(73) == []
    store.record({}, (), {CHANGES_NAME: "[1, 2"})
    assert told(2) == [], "a record that cannot be read is none"


BEFORE: dict[str, Any] = {
    "os": {"name": "Debian GNU/Linux", "version": "12", "build": "6.1.0-21", "arch": "x86_64"},
    "computer": {"name": "till-3"},
    "memory": {"total_bytes": 8 << 30, "swap_bytes": 0},
    "user": "ann",
    "boot_at": "2026-01-01T00:00:00Z",
    "volumes": [
        {"target": "/", "type": "ext4", "total_bytes": 1 << 40, "free_percent": 50},
        {"target": "/mnt/usb", "type": "vfat", "total_bytes": 1 << 30, "free_percent": 50},
    ],
    "network": [
        {
            "name": "eth0",
            "mac": "02:00:00:00:00:01",
            "addresses": ["192.168.1.7", "fd00::7"],
            "gateways": ["192.168.1.1"],
            "dns": ["192.168.1.1"],
        },
    ],
}


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({}, []),
        ({"user": "bob", "boot_at": "2026-02-01T00:00:00Z"}, []),
        (
            {"os": BEFORE["os"] | {"build": "6.1.0-22"}},
            ["the system's build is 6.1.0-22, was 6.1.0-21"],
        ),
        (
            {"os": BEFORE["os"] | {"version": "13"}},
            ["the system is Debian GNU/Linux 13, was Debian GNU/Linux 12"],
        ),
        ({"computer": {"name": "till-4"}}, ["the computer's name is till-4, was till-3"]),
        ({"memory": {"total_bytes": 4 << 30}}, ["memory is 4 GiB, was 8 GiB"]),
        (
            {"volumes": [BEFORE["volumes"][0] | {"total_bytes": 2 << 40, "free_percent": 20}]},
            ["the volume /mnt/usb is gone", "the size of / is 2 TiB, was 1 TiB"],
        ),
        (
            {"network": [BEFORE["network"][0] | {"gateways": [], "addresses": ["10.0.0.9"]},
                         {"name": "wg0", "addresses": ["10.8.0.2"]}]},
            [
                "the interface wg0 is new",
                "the address of eth0 is 10.0.0.9, was 192.168.1.7",
                "the gateway of eth0 is unknown, was 192.168.1.1",
            ],
        ),
        (
            {"network": [BEFORE["network"][0] | {"addresses": ["192.168.1.7", "fd00::8"]}]},
            [],
        ),
        ({"network": "nothing we know", "volumes": []}, []),
    ],
)  # fmt: skip
def test_what_differs_from_the_facts_before_is_told_in_words(
    changed: dict[str, Any], lines: list[str]
) -> None:
    assert differences(BEFORE, BEFORE | changed) == lines


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

    assert look({}) == (facts_hash(facts), facts, [])
    before = facts | {"memory": {"total_bytes": 1024}}
    total = human(facts["memory"]["total_bytes"], Unit.BYTES)
    assert look(before)[2] == [f"memory is {total}, was 1 KiB"]


def test_volumes_are_asked_here_where_it_is_known_which_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = [{"target": "/here", "type": "ext4", "total_bytes": 5, "free_percent": 40}]
    monkeypatch.setattr(facts_upkeep, "volume_facts", lambda: told)

    _, facts, _ = look({})

    assert facts["volumes"] == told


def test_a_child_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import sys; sys.exit('no memory left')"
    monkeypatch.setattr(facts_upkeep, "facts_command", lambda: [sys.executable, "-c", program])

    with pytest.raises(AgentError, match="ended with 1: no memory left"):
        look({})


def test_the_agents_environment_stays_with_the_agent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    program = f"import os; open({str(seen)!r}, 'w').write(' '.join(os.environ))"
    monkeypatch.setattr(facts_upkeep, "facts_command", lambda: [sys.executable, "-c", program])
    monkeypatch.setenv("PLANTED", "secret")

    with pytest.raises(ProtocolError):
        look({})

    assert "PLANTED" not in seen.read_text().split()
