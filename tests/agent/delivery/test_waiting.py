"""An enrolment that waits: kept for its owner alone, done once, and forgotten with its token."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent import identity
from agent.delivery import waiting
from agent.delivery.waiting import Waiting
from agent.errors import AgentError, StateError
from agent.identity import Identity
from agent.protocol.ids import uuid7

TOKEN = "wde_" + "canary-enrolment-token-" * 2
ORDER = Waiting("https://desk.example", TOKEN, kind="server")
ENROLLED = Identity(uuid7(), "wdd_x", ORDER.server, enrolled_at="2026-01-01T00:00:00.000Z")


def never(_: Waiting) -> Identity:
    raise AssertionError("the server was asked")


def test_it_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    waiting.keep(tmp_path, ORDER)

    file = tmp_path / "enrolment.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert waiting.kept(tmp_path) == ORDER
    assert TOKEN not in repr(ORDER)
    file.chmod(0o644)
    with pytest.raises(StateError, match="others may read it"):
        waiting.kept(tmp_path)


def test_it_is_done_once_and_its_token_is_gone_afterwards(tmp_path: Path) -> None:
    waiting.keep(tmp_path, ORDER)
    asked = []

    def ask(order: Waiting) -> Identity:
        asked.append(order)
        identity.save(tmp_path, ENROLLED)
        return ENROLLED

    assert waiting.enrol_now(tmp_path, ask) == ENROLLED
    assert asked == [ORDER]
    assert waiting.kept(tmp_path) is None
    with pytest.raises(AgentError, match="no enrolment waits"):
        waiting.enrol_now(tmp_path, never)


def test_a_server_that_does_not_answer_leaves_it_waiting(tmp_path: Path) -> None:
    waiting.keep(tmp_path, ORDER)

    def ask(_: Waiting) -> Identity:
        raise AgentError("nothing answers")

    with pytest.raises(AgentError, match="nothing answers"):
        waiting.enrol_now(tmp_path, ask)
    assert waiting.kept(tmp_path) == ORDER


def test_killed_between_the_answer_and_forgetting_it_is_not_asked_again(tmp_path: Path) -> None:
    """By then the token may be spent, and the device would never get past it."""
    waiting.keep(tmp_path, ORDER)
    identity.save(tmp_path, ENROLLED)

    assert waiting.enrol_now(tmp_path, never) == ENROLLED
    assert waiting.kept(tmp_path) is None


def test_a_device_of_another_server_is_asked_for(tmp_path: Path) -> None:
    waiting.keep(tmp_path, ORDER)
    identity.save(tmp_path, replace(ENROLLED, server="https://other.example"))

    assert waiting.enrol_now(tmp_path, lambda _: ENROLLED) == ENROLLED


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"server": 1, "token": "x"}', '{"server": "x", "token": "y", "a": 1}']
)
def test_a_damaged_one_is_told_without_what_is_in_it(tmp_path: Path, text: str) -> None:
    identity.write_private(tmp_path / "enrolment.json", text)

    with pytest.raises(StateError, match="is damaged: delete it"):
        waiting.kept(tmp_path)


def test_the_agents_child_tells_in_its_own_words_why_it_waits(tmp_path: Path) -> None:
    waiting.keep(tmp_path, replace(ORDER, server="http://127.0.0.1:9"))

    with pytest.raises(
        AgentError, match=r"not enrolled yet: nothing answers .*127\.0\.0\.1"
    ) as told:
        waiting.enrol_by_child(tmp_path)
    assert "canary" not in str(told.value)
    assert json.loads((tmp_path / "enrolment.json").read_text())["token"] == TOKEN
