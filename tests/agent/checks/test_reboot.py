"""What is told of restarts, and what is left out."""

import pytest

from agent.check_api import Measured, TargetFilter
from agent.checks.reboot import CHECK
from agent.errors import CheckError
from agent.host import past_boots, restarts


def told(memory: dict[str, str]) -> dict[str, object]:
    [found] = CHECK.probe(TargetFilter(), memory)
    assert isinstance(found, Measured)
    assert found.target == "system"
    values: dict[str, object] = dict(found.values)
    assert isinstance(values["uptime_s"], float)
    assert values.pop("uptime_s")
    return values


def test_all_that_the_system_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "read_asked_for", lambda: True)
    monkeypatch.setattr(restarts, "read_asked_by", lambda: "libc6")
    monkeypatch.setattr(restarts, "read_meant", lambda: False)
    assert told({"judged": "another", "unexpected": "2"}) == {
        "pending": "yes",
        "unexpected_total": 3,
    }


def test_what_asks_for_a_restart_is_told_while_one_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "read_asked_by", lambda: "libc6")
    for due, about in ((True, "libc6"), (False, "")):
        monkeypatch.setattr(restarts, "read_asked_for", lambda due=due: due)
        [found] = CHECK.probe(TargetFilter(), {})
        assert isinstance(found, Measured)
        assert found.about == about


def test_a_quiet_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "read_asked_for", lambda: False)
    monkeypatch.setattr(restarts, "read_meant", lambda: True)
    memory: dict[str, str] = {}
    for _ in range(2):
        assert told(memory) == {"pending": "no", "unexpected_total": 0}


@pytest.fixture
def no_wtmp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "read_asked_for", lambda: None)
    monkeypatch.setattr(restarts, "read_meant", lambda: None)


@pytest.mark.usefixtures("no_wtmp")
def test_without_wtmp_the_journal_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_boots, "read_meant", lambda _: False)
    assert told({"judged": "another", "unexpected": "0"}) == {"unexpected_total": 1}


@pytest.mark.usefixtures("no_wtmp")
def test_a_journal_that_tells_nothing_is_asked_once_in_a_boot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(past_boots, "read_meant", asked.append)
    memory: dict[str, str] = {}
    assert [told(memory), told(memory)] == [{}, {}]
    assert len(asked) == 1


@pytest.mark.usefixtures("no_wtmp")
def test_a_journal_that_does_not_answer_in_time_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def overrun(_: str) -> bool:
        raise CheckError("journalctl did not end within 15 s")

    memory: dict[str, str] = {}
    monkeypatch.setattr(past_boots, "read_meant", overrun)
    assert told(memory) == {}
    monkeypatch.setattr(past_boots, "read_meant", lambda _: True)
    assert told(memory) == {"unexpected_total": 0}


def test_what_cannot_be_told_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_boots, "read_meant", lambda _: None)
    monkeypatch.setattr(restarts, "read_asked_for", lambda: None)
    monkeypatch.setattr(restarts, "read_meant", lambda: None)
    assert told({}) == {}


def test_what_was_counted_before_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A total that vanishes for a look would begin its growth anew."""
    monkeypatch.setattr(past_boots, "read_meant", lambda _: None)
    monkeypatch.setattr(restarts, "read_asked_for", lambda: None)
    monkeypatch.setattr(restarts, "read_meant", lambda: None)
    assert told({"judged": "another", "unexpected": "2"}) == {"unexpected_total": 2}
