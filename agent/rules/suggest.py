"""Did you mean …? Suggestions and quotations for messages about what someone typed."""

from collections.abc import Iterable

_LONGEST_QUOTE = 48
_LONGEST_NAME = 64


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

    return next(iter(get_close_matches(written, words, n=1, cutoff=0.6)), None)


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """Return ``did you mean WORD?``, or the words to choose from when none is like it."""
    words = list(known)
    word = closest(written, words)
    return f"did you mean {word}?" if word else f"there is {listed(words)}"


def listed(words: Iterable[str], last: str = "and") -> str:
    """Return words as a sentence lists them: ``a, b and c``."""
    *front, end = list(words) or ["nothing"]
    return f"{', '.join(front)} {last} {end}" if front else end


def quoted(written: str) -> str:
    """Return what was typed on one line, shortened, without what a terminal would obey."""
    line = "".join(char if char.isprintable() else "\ufffd" for char in " ".join(written.split()))
    if len(line) > _LONGEST_QUOTE:
        line = f"{line[: _LONGEST_QUOTE - 1]}…"
    return f"“{line}”"
