from typing import Any

import pytest

from agent.protocol.credentials import CredentialPrefix, new_credential
from agent.protocol.device import (
    CheckState,
    Enrolment,
    Facts,
    Heartbeat,
    parse_enrolment,
    parse_facts,
    parse_heartbeat,
)
from agent.protocol.ids import uuid7
from agent.protocol.problems import ProblemType, problem_tree, problem_type
from agent.protocol.strict import ProtocolError, parse
from agent.protocol.words import DeviceKind, Evaluation

ENROLMENT = Enrolment(
    device_id=uuid7(),
    device_token=new_credential(CredentialPrefix.DEVICE),
    name="front-desk-3",
    kind=DeviceKind.LAPTOP,
    os="linux",
    agent_version="0.1.0",
)
HEARTBEAT = Heartbeat(
    at="2026-11-21T20:00:00.000Z",
    agent_version="0.1.0",
    boot_at="2026-11-21T08:00:00.000Z",
    waiting=2,
    oldest_s=3.5,
    facts_hash="a" * 64,
    counters={"dropped_low": 1},
    checks=(
        CheckState("disk", "disk.space", "/", Evaluation.OK, "2026-11-21T20:00:00.000Z", "12 %"),
    ),
)
FACTS = Facts(id=uuid7(), at="2026-11-21T20:00:00.000Z", hash="b" * 64, facts={"os": {"n": 1}})


def tree_of(message: Enrolment | Heartbeat | Facts) -> dict[str, Any]:
    tree: dict[str, Any] = parse(message.to_text().encode())
    return tree


def test_messages_arrive_as_they_were_sent() -> None:
    assert parse_enrolment(tree_of(ENROLMENT)) == ENROLMENT
    assert parse_heartbeat(tree_of(HEARTBEAT)) == HEARTBEAT
    assert parse_facts(tree_of(FACTS)) == FACTS


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"device_id": "abc"}, "device_id"),
        ({"device_token": "wds_" + "x" * 43}, "device_token"),
        ({"device_token": "wdd_short"}, "device_token"),
        ({"kind": "toaster"}, "kind"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"os": 1}, "os"),
    ],
)
def test_a_wrong_enrolment_names_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_enrolment(tree_of(ENROLMENT) | changes)

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"waiting": "2"}, "waiting"),
        ({"oldest_s": None}, "oldest_s"),
        ({"oldest_s": 10**400}, "oldest_s"),
        ({"facts_hash": "zz"}, "facts_hash"),
        ({"counters": {"dropped": 1.5}}, "counters"),
        ({"checks": [{}] * 501}, "checks"),
        ({"checks": [{"rule": "r"}]}, "checks[0].check"),
        ({"at": ""}, "at"),
        ({"last_word": "bye"}, "last_word"),
        ({"last_word": None}, "last_word"),
    ],
)
def test_a_wrong_heartbeat_names_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_heartbeat(tree_of(HEARTBEAT) | changes)

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"id": "x"}, "id"), ({"hash": "B" * 64}, "hash"), ({"facts": []}, "facts")],
)
def test_wrong_facts_name_their_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_facts(tree_of(FACTS) | changes)

    assert refused.value.field == field


@pytest.mark.parametrize("parse_message", [parse_enrolment, parse_heartbeat, parse_facts])
def test_a_message_is_an_object(parse_message: Any) -> None:
    with pytest.raises(ProtocolError, match="not a JSON object"):
        parse_message([])


def test_a_problem_is_known_by_its_type_alone() -> None:
    document = problem_tree(ProblemType.UNKNOWN_DEVICE, 401, "Unknown device", field=None)

    assert problem_type(document) is ProblemType.UNKNOWN_DEVICE
    assert "field" not in document
    assert problem_type({"type": "about:blank"}) is None
    assert problem_type({"type": "urn:watchdesk:problem:new_kind"}) is None
    assert problem_type("<html>") is None
