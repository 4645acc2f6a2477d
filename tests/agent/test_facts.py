"""Facts: what a computer is, told once and again only when it has changed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from agent import facts
from agent.facts import collect, device_kind, facts_hash
from agent.host import computer, operating_system, volumes
from agent.host.room import Room, Volume
from agent.protocol.device import Facts, parse_facts
from agent.protocol.ids import uuid7
from agent.protocol.strict import parse
from agent.protocol.words import DeviceKind

MEMBERS = {"computer", "serial", "os", "user", "boot_at", "volumes", "memory", "network"}


def test_this_computers_facts_pass_the_wire() -> None:
    found = collect()
    assert found.keys() <= MEMBERS
    assert {"computer", "os", "boot_at", "memory"} <= found.keys()
    assert found["computer"]["name"]
    assert found["computer"]["kind"] in set(DeviceKind)
    assert found["memory"]["total_bytes"] > 0
    envelope = Facts(uuid7(), "2026-03-01T10:00:00Z", facts_hash(found), found)
    assert parse_facts(parse(envelope.to_text().encode())).facts == json.loads(json.dumps(found))


def test_facts_are_the_same_a_moment_later() -> None:
    """What moves by itself must not make new facts every hour."""
    assert facts_hash(collect()) == facts_hash(collect())


def test_the_hash_is_that_of_the_json_text_whatever_the_order() -> None:
    assert facts_hash({"a": 1, "b": [2]}) == facts_hash({"b": [2], "a": 1})
    assert facts_hash({"a": 1}) != facts_hash({"a": 2})
    assert facts_hash({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_a_part_that_fails_is_absent_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> object:
        raise RuntimeError("anything at all")

    every = dict.fromkeys(facts.PARTS, broken)
    for name, part in facts.PARTS.items():
        monkeypatch.setattr(facts, "PARTS", {**every, name: part})
        assert collect().keys() <= {name}
    monkeypatch.setattr(facts, "PARTS", every)
    assert collect() == {}


def test_secrets_in_a_part_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "PARTS", {"user": lambda: "ann password=Hunter2x"})
    assert collect() == {"user": "ann password=[redacted]"}


def test_the_start_is_told_to_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that it is reckoned from is set now and then by a second."""
    told = set()
    for seconds in (1_772_359_190.0, 1_772_359_191.4, 1_772_359_199.0):
        monkeypatch.setattr(operating_system, "boot_time", lambda seconds=seconds: seconds)
        told.add(facts.PARTS["boot_at"]())
    assert told == {"2026-03-01T10:00:00Z"}
    assert datetime.fromisoformat(str(told.pop())).tzinfo


@pytest.mark.parametrize(("free", "told"), [(0, 0), (99, 0), (100, 10), (456, 40), (1000, 100)])
def test_room_is_told_in_steps_of_ten_percent(
    monkeypatch: pytest.MonkeyPatch, free: int, told: int
) -> None:
    volume = Volume("/", "/", "ext4", plain=True)
    monkeypatch.setattr(volumes, "read", lambda: ([volume], [volume]))

    def rooms(_volumes: object) -> Iterator[tuple[Volume, Room]]:
        yield volume, Room(1000, 1000 - free, free)

    monkeypatch.setattr(facts, "rooms", rooms)
    assert facts.PARTS["volumes"]() == [
        {"target": "/", "type": "ext4", "total_bytes": 1000, "free_percent": told}
    ]


def test_a_kind_that_cannot_be_guessed_is_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable() -> DeviceKind:
        raise PermissionError(13, "Permission denied")

    assert device_kind() in DeviceKind
    monkeypatch.setattr(computer, "kind", unreadable)
    assert device_kind() is DeviceKind.SERVER


def test_collecting_loads_no_psutil_on_linux() -> None:
    code = "import sys; from agent.facts import collect; collect(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"psutil", "hashlib", "asyncio", "requests", "ssl"} & set(done.stdout.split())
