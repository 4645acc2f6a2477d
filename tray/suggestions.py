"""Which of the desk's notes may help with what is being written."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_WORD = re.compile(r"\w{3,}")
_MOST = 3
_ENDINGS = ("ing", "ed", "es", "s")
_TITLE_COUNTS = 3
_ENOUGH = 3
_EMPTY_WORDS = "the and not does with when what this that have has les des une pas est que qui"


def suggestions(text: str, notes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return at most three notes, the most fitting first; none when nothing fits well."""
    written = _stems(text)
    scored = [(_score(written, note), note) for note in notes]
    fitting = [(score, note) for score, note in scored if score >= _ENOUGH]
    return [note for _score_, note in sorted(fitting, key=lambda one: -one[0])[:_MOST]]


def _score(written: set[str], note: Mapping[str, Any]) -> int:
    words = note.get("words") or ""
    listed = words if isinstance(words, str) else " ".join(map(str, words))
    in_title = written & _stems(str(note.get("title", "")))
    in_words = written & _stems(listed)
    return _TITLE_COUNTS * len(in_title) + 2 * len(in_words - in_title)


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in _WORD.findall(text.casefold())} - _stop_words()


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= len("abc"):
            return word[: -len(ending)]
    return word


def _stop_words() -> set[str]:
    return {_stem(word) for word in _EMPTY_WORDS.split()}
