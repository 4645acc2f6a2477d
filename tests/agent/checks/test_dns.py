"""Names that must be found: what a target may be, and what is told of it."""

from collections.abc import Mapping

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks.dns import CHECK, question_of
from agent.host import dns, network
from agent.host.dns import Answer, Question


@pytest.mark.parametrize(
    ("target", "question"),
    [
        ("example.com", Question("example.com", "A")),
        ("example.com@10.0.0.53", Question("example.com", "A", "10.0.0.53")),
        ("_ldap._tcp.example.com@fd00::53", Question("_ldap._tcp.example.com", "A", "fd00::53")),
        ("example.com@", None),
        ("example.com@dns.example.com", None),
        ("two words", None),
        ("http://example.com", None),
        ("", None),
    ],
)
def test_a_target_is_a_name_and_perhaps_a_server(target: str, question: Question | None) -> None:
    assert question_of(target, "A") == question


def test_what_was_found_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def answered(questions: set[Question], servers: tuple[str, ...]) -> Mapping[Question, Answer]:
        assert servers == ("10.0.0.53",)
        states = {"a.example": "found", "b.example": "empty", "c.example": "failed"}
        return {one: Answer(states[one.name], 0.25) for one in questions if one.kind == "MX"}

    monkeypatch.setattr(network, "servers", lambda: ("10.0.0.53",))
    monkeypatch.setattr(dns, "ask", answered)
    names = ("a.example", "b.example", "c.example", "?")
    assert list(CHECK.probe(TargetFilter(names, options={"type": ("MX",)}))) == [
        Unreadable("?", "this is neither NAME nor NAME@ADDRESS of a name server"),
        Measured("a.example", {"answer": "found", "answer_s": 0.25}),
        Measured("b.example", {"answer": "empty", "answer_s": 0.25}),
        Measured("c.example", {"answer": "failed"}),
    ]


def test_a_computer_without_name_servers_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "servers", tuple)
    [found] = CHECK.probe(TargetFilter(("a.example",)))
    assert found == Unreadable("a.example", "this computer has no name server")
