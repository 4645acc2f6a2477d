"""What a server told of its desk is read as far as it can be, whatever it is."""

import pytest

from tests.support.fake_agent import NOW
from tray import language
from tray.known import Desk, Question
from tray.opening import opening


def test_questions_that_the_tray_knows_are_asked_in_the_persons_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    language.speak()
    asked = [
        {"key": "printer", "ask": "Which printer?", "choices": None},
        {"key": "ours", "ask": "Is it the blue one?", "choices": ["yes", "perhaps"]},
        {"key": "empty", "ask": ""},
    ]

    assert Desk.read({"questions": {"printer": asked}}).questions["printer"] == (
        Question("printer", "Quelle imprimante ?"),
        Question("ours", "Is it the blue one?", ("oui", "perhaps")),
        Question("empty", ""),
    )


@pytest.mark.parametrize("odd", [5, "x", None, {}, [5], [[]], {"a": 5}, [{"days": 5}]])
def test_oddities_are_passed_over(odd: object) -> None:
    desk = Desk.read(
        dict.fromkeys(("provider", "hours", "closed", "time_zone", "questions", "tray"), odd)
    )
    assert opening(desk, NOW) == ""
    assert (
        Desk.read(
            {"questions": {"printer": odd or [{"choices": 5}]}, "time_zone": "+99:99"}
        ).provider
        == ""
    )
