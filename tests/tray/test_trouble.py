"""What the form says of the agent's verdict."""

import pytest

from tray import language
from tray.trouble import says


@pytest.mark.parametrize(
    ("where", "known", "words"),
    [
        ("network", [], "cable or Wi-Fi"),
        ("internet", [], "names on the internet"),
        ("desk", [], "our desk cannot be reached"),
        ("computer", ["Disk C: is nearly full"], "this computer: Disk C: is nearly full."),
        ("computer", ["Disk C: is full", "b"], "Disk C: is full, and 1 more."),
        ("service", ["The printer does not answer"], "trouble: The printer does not answer."),
        ("none", [], "no trouble is known"),
    ],
)
def test_the_trouble_is_told_in_a_plain_sentence(where: str, known: list[str], words: str) -> None:
    assert words in says({"where": where, "known": known, "tried": []})


def test_it_is_told_in_the_persons_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    language.speak()

    told = says({"where": "computer", "known": ["Disque C: presque plein", "b", "c"]})

    assert (
        told == "Un problème est connu sur cet ordinateur : Disque C: presque plein, et 2 autres."
    )


def test_a_place_of_a_later_agent_says_nothing_wrong() -> None:
    assert says({"where": "moon"}) == ""
