"""Protocol v1 is read and written for ever as it was: see README.md beside this file."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from agent.protocol.device import parse_enrolment, parse_facts, parse_heartbeat
from agent.protocol.events import parse_event
from agent.protocol.problems import ProblemType, problem_tree, problem_type
from agent.protocol.receipts import ReceiptResult, parse_receipt
from agent.protocol.replies import parse_reply
from agent.protocol.reports import parse_piece, parse_sent_report
from agent.protocol.strict import parse, text_of
from agent.protocol.words import (
    Change,
    DeviceKind,
    Evaluation,
    LastWord,
    Outcome,
    Prefer,
    Priority,
    ReplyKind,
    ReportKind,
    Source,
    Status,
    Unit,
    Urgency,
)

V1 = Path(__file__).parent / "v1"
EXACT = sorted(V1.glob("*.json"))
ALSO_READ = sorted((V1 / "also_read").glob("*.json"))


def problem_text(tree: Any) -> str:
    kind = problem_type(tree)
    assert kind is not None
    members = {name: value for name, value in tree.items() if name != "type"}
    return text_of(problem_tree(kind, **members))


REWRITE: dict[str, Callable[[Any], str]] = {
    "event": lambda tree: parse_event(tree).to_text(),
    "receipt": lambda tree: text_of(parse_receipt(tree).to_tree()),
    "facts": lambda tree: parse_facts(tree).to_text(),
    "heartbeat": lambda tree: parse_heartbeat(tree).to_text(),
    "enrolment": lambda tree: parse_enrolment(tree).to_text(),
    "report": lambda tree: parse_sent_report(tree).to_text(),
    "piece": lambda tree: parse_piece(tree).to_text(),
    "reply": lambda tree: parse_reply(tree).to_text(),
    "problem": problem_text,
}


def rewritten(path: Path) -> str:
    kind = path.stem.partition("-")[0]
    return REWRITE[kind](parse(path.read_bytes())) + "\n"


@pytest.mark.parametrize("path", EXACT, ids=lambda path: path.stem)
def test_a_message_of_version_1_is_read_and_written_again_byte_for_byte(path: Path) -> None:
    assert rewritten(path) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ALSO_READ, ids=lambda path: path.stem)
def test_the_same_message_in_other_words_is_read_the_same(path: Path) -> None:
    assert rewritten(path) == (V1 / path.name).read_text(encoding="utf-8")


def test_no_golden_file_was_changed_or_removed() -> None:
    lines = (V1 / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    there = {
        str(path.relative_to(V1)): sha256(path.read_bytes()).hexdigest()
        for path in EXACT + ALSO_READ
    }

    assert there == listed


def test_every_kind_of_message_has_a_golden_file() -> None:
    stems = {path.stem for path in EXACT}

    assert {stem.partition("-")[0] for stem in stems} == set(REWRITE)
    lacking = {f"problem-{kind}" for kind in ProblemType} - stems
    assert not lacking, "write the new files and list them as README.md beside this file says"


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (Evaluation, "ok warning critical unknown"),
        (Change, "opened changed resolved"),
        (Priority, "urgent high normal low"),
        (DeviceKind, "workstation laptop server"),
        (LastWord, "sleep shutdown stopped"),
        (Outcome, "healed not_healed failed refused would_have"),
        (Source, "monitor tray portal email phone chat api"),
        (Status, "new open waiting resolved closed"),
        (Unit, "percent bytes seconds celsius count word"),
        (ReceiptResult, "accepted duplicate refused"),
        (Urgency, "can_wait slows_me cannot_work"),
        (ReportKind, "printer email internet slow program other"),
        (Prefer, "phone email here"),
        (ReplyKind, "reply confirm rate solved"),
    ],
)
def test_the_closed_lists_stay_closed(words: Any, known: str) -> None:
    """An older reader refuses a word it does not know: a new one needs a new version."""
    assert " ".join(words) == known
