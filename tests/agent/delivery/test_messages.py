"""The lines between agent and sender say the same at both ends, and nonsense is refused."""

import json

import pytest

from agent.delivery.messages import (
    Answer,
    Job,
    Limits,
    Outcome,
    Settings,
    parse_answer,
    parse_job,
    parse_settings,
)
from agent.protocol.receipts import Receipt, ReceiptResult
from agent.protocol.strict import ProtocolError

SETTINGS = Settings(
    "https://desk.example", "wdd_x", "1.2", "/ca.pem", "http://p:1", Limits(1, 2, 3, 4, 5)
)
JOB = Job("post", "events", items=('{"a":"„Ü\ud800“\\n"}',), ids=("a",), since="7", token="wde_y")
ANSWER = Answer(
    Outcome.DELIVERED,
    "fine — gut\n",
    200,
    "x",
    2.5,
    (Receipt("a", ReceiptResult.REFUSED, None, "why"), Receipt("b", ReceiptResult.ACCEPTED, 9)),
    {"notes": 4, "tickets": "x"},
    60.0,
    30.0,
    {"notes": []},
    "0f3a",
    "Sun, 06 Nov 1994 08:49:37 GMT",
)  # fmt: skip


def test_each_line_is_one_line_of_ascii_and_reads_back_as_it_was() -> None:
    for line, back in (
        (SETTINGS.to_line(), parse_settings(SETTINGS.to_line()) == SETTINGS),
        (JOB.to_line(), parse_job(JOB.to_line()) == JOB),
        (ANSWER.to_line(), parse_answer(ANSWER.to_line()) == ANSWER),
    ):
        assert back
        assert line.isascii()
        assert line.count(b"\n") == 1


def test_secrets_do_not_show_when_a_line_is_logged_by_mistake() -> None:
    shown = repr(SETTINGS) + repr(JOB)
    assert "wdd_x" not in shown
    assert "wde_y" not in shown
    assert "http://p:1" not in shown


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("outcome", "fine"),
        ("outcome", None),
        ("says", 7),
        ("status", "200"),
        ("receipts", {}),
        ("receipts", [{"id": "a", "result": "maybe"}]),
        ("changes", {"notes": [1]}),
        ("changes", []),
        ("retry_after_s", "soon"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(member: str, value: object) -> None:
    tree = json.loads(Answer(Outcome.RETRY).to_line()) | {member: value or [value]}
    with pytest.raises(ProtocolError):
        parse_answer(json.dumps(tree).encode())


@pytest.mark.parametrize("line", [b"", b"\n", b"[]", b"nonsense", b"\xff\n", b"[" * 100_000])
def test_a_line_that_is_no_object_is_refused(line: bytes) -> None:
    for parse in (parse_settings, parse_job, parse_answer):
        with pytest.raises(ProtocolError):
            parse(line)
