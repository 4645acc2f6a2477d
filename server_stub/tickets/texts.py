"""Texts as tickets keep them."""

from unicodedata import category

from agent.protocol.strict import ProtocolError, check_text
from server_stub.errors import InvalidError
from server_stub.tickets.models import MAX_TITLE

_NOT_IN_A_LINE = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's control characters, line and paragraph separators."""


def usable_text(field: str, text: str, longest: int) -> str:
    """Return a text as it is kept: without space around it, lines ended alike.

    Raises InvalidError when nothing is left, or when it is too long or cannot be stored.
    """
    kept = text.replace("\r\n", "\n").strip()
    if not kept:
        raise InvalidError(field, "it is empty")
    try:
        check_text(kept, field, longest)
    except ProtocolError as error:
        raise InvalidError(field, error.reason) from error
    return kept


def usable_title(title: str) -> str:
    """Return a title as it is kept, one line; raises InvalidError."""
    return usable_line("title", title, MAX_TITLE)


def usable_line(field: str, text: str, longest: int) -> str:
    """Return a text of one line as it is kept; raises InvalidError."""
    kept = usable_text(field, text, longest)
    if any(category(letter) in _NOT_IN_A_LINE for letter in kept):
        raise InvalidError(field, "it holds a line break or another control character")
    return kept
