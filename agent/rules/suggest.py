"""Did you mean …? Suggestions and quotations for messages about what someone typed."""

from collections.abc import Iterable

_LONGEST_QUOTE = 48
_LONGEST_NAME = 64
_SHORTEST = 3
"""Fewer letters say nothing when a word begins with them."""


def closest(written: str, known: Iterable[str]) -> str | None:
    """Return the known word most like the written one, if any is like it at all."""
    words = list(known)
    folded = written.casefold().replace("-", "_")
    for word in words:
        if word.casefold().replace("-", "_") == folded:
            return word
    if len(written) > _LONGEST_NAME:
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - only files with mistakes need it

    like = get_close_matches(written, words, n=1, cutoff=0.6)
    begun = (word for word in words if len(word) >= _SHORTEST and folded.startswith(word))
    return next(iter(like), None) or next(begun, None)


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """Return ``did you mean WORD?``, or the words to choose from when none is like it."""
    words = list(known)
    word = closest(written, words)
    if word:
        return f"did you mean {word}?"
    return f"choose from {listed(words)}" if len(words) > 1 else f"only {listed(words)} is known"


def listed(words: Iterable[str], last: str = "and") -> str:
    """Return words as a sentence lists them: ``a, b and c``."""
    *front, end = list(words) or ["nothing"]
    return f"{', '.join(front)} {last} {end}" if front else end


def shown(written: str) -> str:
    """Return what was typed on one line, shortened, without what a terminal would obey."""
    line = " ".join(written[: 2 * _LONGEST_QUOTE].split())
    line = "".join(char if char.isprintable() else "\ufffd" for char in line)
    return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 1]}…"


def quoted(written: str) -> str:
    """Return what was typed in quotation marks, fit to be shown."""
    return f"“{shown(written)}”"
