"""Reading the members of a person's report or reply, each error naming its field."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from agent.protocol.ids import is_uuid7
from agent.protocol.strict import ProtocolError, check_text, check_value, need

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_Word = TypeVar("_Word", bound=StrEnum)


def tree_of(one: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass with slots
    """Return a dataclass with slots as the members of an object."""
    return {name: getattr(one, name) for name in one.__slots__}


def members_of(tree: object, long: str) -> dict[str, Any]:
    """Return the members, checked; ``long`` is the one that may be longer than others.

    Raises ProtocolError.
    """
    if not isinstance(tree, dict):
        raise ProtocolError("", "the body is not a JSON object")
    check_value({**tree, long: ""})
    return tree


def need_id(members: Mapping[str, Any], name: str) -> str:
    """Return an id made by who sends it; raises ProtocolError."""
    value: str = need(members, name, str)
    if not is_uuid7(value):
        raise ProtocolError(name, "not a UUIDv7 in lower case")
    return value


def optional_text(members: Mapping[str, Any], name: str, longest: int) -> str:
    """Return a text, empty where there is none; raises ProtocolError."""
    value: str = need(members, name, str, longest) if members.get(name) is not None else ""
    check_text(value, name, longest)
    return value


def need_text(members: Mapping[str, Any], name: str, longest: int) -> str:
    """Return a text that says something; raises ProtocolError."""
    value: str = need(members, name, str, longest)
    if not value.strip():
        raise ProtocolError(name, "empty")
    return value


def need_line(members: Mapping[str, Any], name: str, longest: int) -> str:
    """Return a text of one line; raises ProtocolError."""
    value = need_text(members, name, longest)
    if _UNPRINTABLE.search(value):
        raise ProtocolError(name, "holds a line break or another control character")
    return value


def need_word(members: Mapping[str, Any], name: str, words: type[_Word]) -> _Word:
    """Return one of a closed list of words; raises ProtocolError."""
    value: str = need(members, name, str)
    if value not in tuple(words):
        raise ProtocolError(name, f"not one of {', '.join(words)}")
    return words(value)


def need_count(members: Mapping[str, Any], name: str) -> int:
    """Return a number from 1 on; raises ProtocolError."""
    value: int = need(members, name, int)
    if value < 1:
        raise ProtocolError(name, "less than 1")
    return value
