from typing import Any

import pytest

from agent.protocol.events import AlertEvent, Reading, parse_event
from agent.protocol.ids import uuid7
from agent.protocol.receipts import Receipt, ReceiptResult, parse_receipt
from agent.protocol.strict import ProtocolError, parse, text_of
from agent.protocol.words import Change, Evaluation, Priority, Unit


def an_event(**changes: Any) -> AlertEvent:
    members: dict[str, Any] = {
        "id": uuid7(),
        "alert_id": uuid7(),
        "sequence": 1,
        "change": Change.OPENED,
        "fingerprint": "disk-space-server:/",
        "rule": "disk-space-server",
        "check": "disk.space",
        "target": "/",
        "evaluation": Evaluation.WARNING,
        "priority": Priority.NORMAL,
        "title": "Low disk space on /: 3.2 GiB free",
        "at": "2026-11-21T20:00:00.000Z",
        "opened_at": "2026-11-21T20:00:00.000Z",
        "readings": (
            Reading("free_bytes", 3_435_973_836, Unit.BYTES),
            Reading("free_percent", 3.5, Unit.SHARE),
            Reading("state", "stopped", Unit.WORD),
        ),
    }
    return AlertEvent(**members | changes)


def a_tree(**changes: Any) -> dict[str, Any]:
    tree: dict[str, Any] = parse(an_event().to_text().encode())
    return tree | changes


def test_an_event_arrives_as_it_was_sent() -> None:
    event = an_event(advice="Empty the bin. Größe prüfen 😀", occurrences=3)

    assert parse_event(parse(event.to_text().encode())) == event


def test_members_of_a_newer_version_are_ignored_unless_unstorable() -> None:
    assert parse_event(a_tree(new_member={"x": [1]})).sequence == 1
    with pytest.raises(ProtocolError, match="new_member"):
        parse_event(a_tree(new_member="\0"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "1"}, "id"),
        ({"id": 5}, "id"),
        ({"sequence": 0}, "sequence"),
        ({"sequence": True}, "sequence"),
        ({"sequence": 1.0}, "sequence"),
        ({"change": "exploded"}, "change"),
        ({"evaluation": "bad"}, "evaluation"),
        ({"priority": None}, "priority"),
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"target": ["/"]}, "target"),
        ({"readings": {}}, "readings"),
        ({"readings": [1]}, "readings[0]"),
        ({"readings": [{"metric": "m", "unit": "bytes", "value": "3"}]}, "readings[0].value"),
        ({"readings": [{"metric": "m", "unit": "bytes", "value": True}]}, "readings[0].value"),
        ({"readings": [{"metric": "m", "unit": "word", "value": 3}]}, "readings[0].value"),
        ({"readings": [{"metric": "m", "unit": "furlong", "value": 3}]}, "readings[0].unit"),
        ({"readings": [{"metric": "m", "unit": "bytes", "value": 3}] * 65}, "readings"),
    ],
)
def test_a_wrong_member_is_refused_by_its_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_event(a_tree(**changes))

    assert refused.value.field == field


@pytest.mark.parametrize("missing", ["id", "alert_id", "sequence", "fingerprint", "title", "at"])
def test_a_missing_member_is_named(missing: str) -> None:
    tree = a_tree()
    del tree[missing]

    with pytest.raises(ProtocolError) as refused:
        parse_event(tree)

    assert (refused.value.field, refused.value.reason) == (missing, "missing")


@pytest.mark.parametrize("tree", [None, 3, "x", []])
def test_an_event_is_an_object(tree: object) -> None:
    with pytest.raises(ProtocolError):
        parse_event(tree)


def test_a_receipt_arrives_as_it_was_sent() -> None:
    receipt = Receipt(uuid7(), ReceiptResult.REFUSED, None, "title: empty")

    assert parse_receipt(parse(text_of(receipt.to_tree()).encode())) == receipt


@pytest.mark.parametrize(
    "tree",
    [None, {}, {"id": "x", "result": "eaten"}, {"id": "x", "result": "accepted", "ticket": "1"}],
)
def test_an_answer_that_is_no_receipt_is_refused(tree: object) -> None:
    with pytest.raises(ProtocolError):
        parse_receipt(tree)
