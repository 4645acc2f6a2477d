"""Thousands of messages nobody would write: each gets its answer, none a server error.

Golden messages are bent in two ways: their bytes, and single values of their JSON. A failure
names its seed and shows the body.
"""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from agent.protocol import MEDIA_TYPE, PROBLEM_MEDIA_TYPE
from server_stub.intake.application import DeviceRoutes
from server_stub.tickets.models import Ticket, TimelineEntry
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import an_event, events_body

GOLDEN = Path(__file__).parents[2] / "contract" / "v1"
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**53 - 1, 2**53, -(2**63), 2**64, 10**400),
    *(float("inf"), float("nan"), 5e-324, 1.7e308, "", " ", "0", "x" * 201, "é" * 5000),
    *("a\0b", "\ud800", "\udfff\ud800", "\ufffe", "\u202e", "'; DROP TABLE tickets_ticket; --"),
    *("2026-11-21T20:00:00Z", "0001-01-01T00:00:00+23:59", "%s", "?", "{}", [], {}, [[]], [None]),
    *([1] * 70, {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}}, {"": ""}),
]
WRAP = {"event": ("events", '{"events":[%s]}'), "facts": ("facts", "%s")}


def messages() -> list[tuple[str, str]]:
    """Return route and body of every golden message a known device may post."""
    found = []
    for path in sorted(GOLDEN.glob("*.json")):
        kind = path.stem.partition("-")[0]
        if kind in ("event", "facts", "heartbeat") and path.stem != "event-largest":
            route, body = WRAP.get(kind, (kind, "%s"))
            found.append((route, body % path.read_text(encoding="utf-8").strip()))
    return found


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container of a tree with every key of it."""
    if isinstance(tree, dict | list):
        for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
            yield tree, key
            yield from places(tree[key])


def bent_value(body: str, chance: random.Random) -> bytes:
    tree = json.loads(body)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        container, key = chance.choice(list(places(tree)))
        if isinstance(container, dict) and chance.random() < 0.2:
            container.pop(key, None)
            container[chance.choice(("", "\0", "id", "x" * 300))] = deepcopy(chance.choice(ODD))
        else:
            container[key] = deepcopy(chance.choice(ODD))
    return json.dumps(tree).encode()


def bent_bytes(body: str, chance: random.Random) -> bytes:
    raw = bytearray(body.encode())
    for _ in range(chance.randint(1, 6)):
        at, end = sorted(chance.randrange(len(raw) + 1) for _ in range(2))
        raw[at : min(end, at + 20)] = chance.choice(
            (b"", b"\0", b"\xff", b'"', b"[", b"{", b"9" * 50, b"\\u0000", b"\\ud83d", b"e9", b",")
        )
    return bytes(raw)


@pytest.mark.parametrize("seed", range(6))
def test_no_message_however_odd_is_a_server_error(device: Caller, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    given = messages()
    statuses = set()
    for _ in range(250):
        route, body = chance.choice(given)
        bent = chance.choice((bent_value, bent_bytes))(body, chance)

        response = device.post(route, bent)

        assert response.status in (200, 400, 422), (seed, bent[:2000], response)
        expected = MEDIA_TYPE if response.status == 200 else PROBLEM_MEDIA_TYPE
        assert response.headers["content-type"] == expected
        statuses.add(response.status)
    assert statuses == {200, 400, 422}
    assert TimelineEntry.objects.count() >= Ticket.objects.count()
    assert device.post("events", events_body(an_event(target="/sane"))).status == 200


@pytest.mark.parametrize("seed", range(3))
def test_no_enrolment_however_odd_is_a_server_error(routes: DeviceRoutes, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    body = (GOLDEN / "enrolment.json").read_text(encoding="utf-8").strip()
    caller = Caller(routes, "wde_" + "x" * 43)
    for _ in range(150):
        bent = chance.choice((bent_value, bent_bytes))(body, chance)

        assert caller.post("enroll", bent).status in (400, 401), (seed, bent)
