"""What devices say of themselves: facts and heartbeats."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.protocol.device import CheckState
from agent.protocol.ids import uuid7
from agent.protocol.problems import ProblemType
from agent.protocol.receipts import ReceiptResult
from agent.protocol.strict import text_of
from agent.protocol.words import Evaluation
from server_stub.clients.models import Device
from server_stub.clients.scope import ALL
from server_stub.intake.models import FactsRecord
from server_stub.intake.queries import facts_of_hash
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import a_heartbeat, an_event, events_body, some_facts
from tests.support.rows import NOW


def test_facts_are_kept_as_they_were_and_as_they_are(device: Caller) -> None:
    first, second = some_facts(user="anna"), some_facts(user="björn")

    for facts in (first, second):
        response = device.post("facts", facts.to_text())
        assert response.receipts[0].result is ReceiptResult.ACCEPTED
        assert response.receipts[0].id == facts.id

    row = Device.objects.get()
    assert (row.facts_tree, row.facts_hash) == (second.facts, second.hash)
    assert row.facts_at
    assert facts_of_hash(ALL, row.id, first.hash) == first.facts
    assert facts_of_hash(ALL, row.id, second.hash) == second.facts


def test_facts_that_came_back_are_one_record(device: Caller) -> None:
    facts = some_facts()
    device.post("facts", facts.to_text())
    device.post("facts", some_facts(user="anna").to_text())

    device.post("facts", some_facts().to_text())

    assert FactsRecord.objects.count() == 2
    assert Device.objects.get().facts_hash == facts.hash


def test_the_same_facts_envelope_again_is_a_duplicate(device: Caller) -> None:
    facts = some_facts()
    device.post("facts", facts.to_text())

    again = device.post("facts", facts.to_text())

    assert (again.status, again.receipts[0].result) == (200, ReceiptResult.DUPLICATE)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"hash": "0" * 64}, "hash: not the SHA-256 of facts"),
        ({"hash": "x"}, "hash: not a SHA-256 in lower-case hex"),
        ({"facts": []}, "facts: list where dict belongs"),
        ({"facts": {"a": {"b": "\0"}}}, "facts.a.b: holds a NUL character"),
    ],
)
def test_facts_that_cannot_be_kept_are_refused(
    device: Caller, changes: dict[str, Any], problem: str
) -> None:
    facts = some_facts()
    tree = {"id": facts.id, "at": facts.at, "hash": facts.hash, "facts": facts.facts} | changes

    response = device.post("facts", text_of(tree))

    assert (response.status, response.problem) == (422, ProblemType.INVALID_REQUEST)
    assert response.receipts[0].id == facts.id
    assert response.receipts[0].problem == problem
    assert not FactsRecord.objects.exists()


def test_an_event_and_facts_do_not_share_an_id(device: Caller) -> None:
    event = an_event()
    device.post("events", events_body(event))
    facts = some_facts()
    body = facts.to_text().replace(facts.id, event.id)

    assert device.post("facts", body).problem is ProblemType.CHANGED_BODY


def test_a_heartbeat_is_written_soon_with_the_state_of_every_check(device: Caller) -> None:
    Device.objects.update(last_seen_at=NOW)
    check = CheckState("disk-space", "disk.space", "/", Evaluation.OK, "2026-11-21T19:00:00Z")
    heartbeat = a_heartbeat(checks=(check,), counters={"parked": 2}, agent_version="9.9")

    response = device.post("heartbeat", heartbeat.to_text())
    device.routes.close()

    assert response.tree["heartbeat_every_s"] == 300
    row = Device.objects.get()
    assert row.last_seen_at > NOW
    assert row.boot_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert row.agent_version == "9.9"
    assert row.heartbeat_tree["checks"][0]["target"] == "/"
    assert row.heartbeat_tree["counters"] == {"parked": 2}


def test_only_the_latest_of_many_heartbeats_is_written(device: Caller) -> None:
    for waiting in range(20):
        device.post("heartbeat", a_heartbeat(waiting=waiting).to_text())
    device.routes.close()

    assert Device.objects.get().heartbeat_tree["waiting"] == 19


def test_heartbeats_of_many_devices_are_written_together(
    new_device: Callable[..., Caller],
) -> None:
    callers = [new_device() for _ in range(30)]
    for caller in callers:
        caller.post("heartbeat", a_heartbeat().to_text())
    callers[0].routes.close()

    assert Device.objects.exclude(heartbeat="").count() == 30


def test_events_are_a_sign_of_life_that_leaves_the_heartbeat_alone(device: Caller) -> None:
    device.post("heartbeat", a_heartbeat(waiting=5).to_text())
    device.post("events", events_body(an_event()))
    device.routes.close()

    assert Device.objects.get().heartbeat_tree["waiting"] == 5


@pytest.mark.parametrize(
    "label", ["yesterday", "2026-11-20", "0001-01-01T00:00:00+14:00", "9" * 40]
)
def test_a_label_that_is_no_instant_is_no_reason_to_refuse(device: Caller, label: str) -> None:
    """The device's clock is a label; a broken one must not keep a device from being seen."""
    assert device.post("heartbeat", a_heartbeat(boot_at=label).to_text()).status == 200
    assert device.post("events", events_body(an_event(at=label))).status == 200
    device.routes.close()

    row = Device.objects.get()
    assert (row.boot_at, row.heartbeat_tree["boot_at"]) == (None, label)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        a_heartbeat().to_text().replace('"at"', '"t"'),
        a_heartbeat(counters={"x": 2**53}).to_text(),
    ],
)
def test_a_wrong_heartbeat_is_one_problem(device: Caller, body: str) -> None:
    response = device.post("heartbeat", body)

    assert (response.status, response.problem) == (400, ProblemType.INVALID_REQUEST)


def test_ids_of_other_shapes_are_refused(device: Caller) -> None:
    facts = some_facts()
    body = facts.to_text().replace(facts.id, uuid7().upper())

    assert device.post("facts", body).status == 422
