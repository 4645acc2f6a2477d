"""JSON that refuses what must never be stored, and says which field it was.

Refused: NaN and infinities, NUL characters, lone surrogates, integers beyond 53 bits (every
JSON reader must agree on them), nesting deeper than ``MAX_DEPTH`` and over-long text. One bad
item in a list can be refused while its neighbours live: ``parse`` is lenient about values and
strict about syntax, ``check_value`` judges one item.
"""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

MAX_DEPTH = 8
MAX_INTEGER = 2**53 - 1
MAX_TEXT = 16_384
"""Longest text of any field, in characters; single fields are bounded tighter."""
MAX_MEMBERS = 2_000

_LONGEST_INTEGER = 17


class ProtocolError(ValueError):
    """A message breaks the contract.

    ``field`` is the path of the offending field (``readings[0].value``), empty for the whole
    message; ``reason`` says what is wrong with it in plain words.
    """

    def __init__(self, field: str, reason: str) -> None:
        """Name the field and the reason."""
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class _Unstorable:
    """Stands in a parsed tree where the text held a number that JSON cannot carry safely."""

    __slots__ = ("literal",)

    def __init__(self, literal: str) -> None:
        self.literal = literal[:40]


def _integer(literal: str) -> int | _Unstorable:
    return int(literal) if len(literal) <= _LONGEST_INTEGER else _Unstorable(literal)


_QUICK = json.JSONDecoder(parse_constant=_Unstorable)
_CAREFUL = json.JSONDecoder(parse_constant=_Unstorable, parse_int=_integer)


def parse(body: bytes) -> Any:  # noqa: ANN401 - a JSON tree is of any type until it is checked
    """Return the JSON tree in ``body``; numbers that JSON cannot carry are left to ``check_value``.

    Raises ProtocolError when the body is not UTF-8, not JSON, or nested beyond reading.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError("", f"the body is not UTF-8 (byte {error.start})") from error
    try:
        try:
            return _QUICK.decode(text)
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer of more digits than Python converts (4300)
            return _CAREFUL.decode(text)
    except json.JSONDecodeError as error:
        raise ProtocolError(
            "", f"the body is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from error
    except RecursionError as error:
        raise ProtocolError("", "the body is nested too deeply") from error


def text_of(value: object) -> str:
    """Return the one JSON text of a tree: sorted keys, no spaces, characters as they are.

    Two bodies that mean the same have the same text, so its hash tells a repeated message
    from another one under the same id.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def check_value(value: object, field: str = "", *, depth: int = 0, longest: int = MAX_TEXT) -> None:
    """Raise ProtocolError, naming the field, when anything in the tree must not be stored.

    ``longest`` bounds its texts.
    """
    if depth > MAX_DEPTH:
        raise ProtocolError(field, f"nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        _check_members(len(value), field)
        for key, member in value.items():
            check_text(key, field)
            name = f"{field}.{key[:40]}" if field else key[:40]
            check_value(member, name, depth=depth + 1, longest=longest)
    elif isinstance(value, list):
        _check_members(len(value), field)
        for position, member in enumerate(value):
            check_value(member, f"{field}[{position}]", depth=depth + 1, longest=longest)
    elif isinstance(value, str):
        check_text(value, field, longest)
    elif value is not None and not isinstance(value, bool):
        _check_number(value, field)


def _check_number(value: object, field: str) -> None:
    if isinstance(value, _Unstorable):
        raise ProtocolError(field, f"{value.literal} is not a number that can be stored")
    if isinstance(value, float) and not isfinite(value):
        raise ProtocolError(field, "not a finite number")
    if isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise ProtocolError(field, "an integer beyond 53 bits")
    if not isinstance(value, (int, float)):
        raise ProtocolError(field, f"{type(value).__name__} is not JSON")


def check_text(value: str, field: str, longest: int = MAX_TEXT) -> None:
    """Raise ProtocolError when ``value`` is too long or holds a NUL or a lone surrogate."""
    if len(value) > longest:
        raise ProtocolError(field, f"longer than {longest} characters")
    if "\0" in value:
        raise ProtocolError(field, "holds a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ProtocolError(field, "holds half a surrogate pair") from error


def _check_members(count: int, field: str) -> None:
    if count > MAX_MEMBERS:
        raise ProtocolError(field, f"more than {MAX_MEMBERS} members")


def need(tree: Mapping[str, Any], field: str, kind: type, longest: int = MAX_TEXT) -> Any:  # noqa: ANN401 - the caller names the type
    """Return the required member ``field`` of the given type.

    Raises ProtocolError when it is missing, of another type (True is no integer) or over-long.
    """
    if field not in tree:
        raise ProtocolError(field, "missing")
    value = tree[field]
    if kind is float and type(value) is int and abs(value) <= MAX_INTEGER:
        value = float(value)
    if type(value) is not kind:
        raise ProtocolError(field, f"{type(value).__name__} where {kind.__name__} belongs")
    if isinstance(value, str) and len(value) > longest:
        raise ProtocolError(field, f"longer than {longest} characters")
    return value
