"""Columns of values in PostgreSQL's binary form: one array for each, whatever is in it.

The driver would look at every value to guess the array's type, and guess another one when the
numbers grow (measured: a third of what a small group costs us). The columns' types are known.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

_HEAD = struct.Struct("!iiIii")
_EMPTY = struct.Struct("!iiI")
_LENGTH = struct.Struct("!i")
_NUMBER = struct.Struct("!q")
_NULL = _LENGTH.pack(-1)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Instants are sent as microseconds since then."""


class Column(bytes):
    """A column ready to be sent; ``array_oid`` is the array's type, ``oid`` its members'."""

    __slots__ = ()
    oid: ClassVar[int]
    array_oid: ClassVar[int]


class Texts(Column):
    """A column of type text."""

    __slots__ = ()
    oid = 25
    array_oid = 1009


class Numbers(Column):
    """A column of type bigint."""

    __slots__ = ()
    oid = 20
    array_oid = 1016


class Instants(Column):
    """A column of type timestamptz."""

    __slots__ = ()
    oid = 1184
    array_oid = 1185


class Blobs(Column):
    """A column of type bytea."""

    __slots__ = ()
    oid = 17
    array_oid = 1001


def texts(values: Sequence[str | None]) -> Texts:
    """Return a column of texts; None is NULL, here as below."""
    return Texts(_array(Texts.oid, values, str.encode))


def numbers(values: Sequence[int | None]) -> Numbers:
    """Return a column of whole numbers of at most 64 bits."""
    return Numbers(_array(Numbers.oid, values, _NUMBER.pack))


def instants(values: Sequence[datetime | None]) -> Instants:
    """Return a column of aware instants."""
    return Instants(_array(Instants.oid, values, _instant))


def blobs(values: Sequence[bytes | None]) -> Blobs:
    """Return a column of bytes."""
    return Blobs(_array(Blobs.oid, values, bytes))


def _instant(instant: datetime) -> bytes:
    return _NUMBER.pack((instant - _EPOCH) // _MICROSECOND)


def _array(oid: int, values: Sequence[Any], encode: Callable[[Any], bytes]) -> bytes:
    """Return the array as ``array_recv`` of PostgreSQL's arrayfuncs.c reads it."""
    if not values:
        return _EMPTY.pack(0, 0, oid)
    head = _HEAD.pack(1, None in values, oid, len(values), 1)
    return head + b"".join(_members(values, encode))


def _members(values: Iterable[Any], encode: Callable[[Any], bytes]) -> Iterable[bytes]:
    for value in values:
        if value is None:
            yield _NULL
        else:
            encoded = encode(value)
            yield _LENGTH.pack(len(encoded))
            yield encoded
