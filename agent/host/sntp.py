"""Asking a time server how far this computer's clock is off (RFC 5905, its simple form)."""

import os
import socket
import struct
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from agent.errors import CheckError, CheckTimeoutError
from agent.host import abandonable

PORT = 123
ANSWER_S = 2.0
"""The time a server has for its answer; then it is asked once more."""

_PACKET = struct.Struct("!BBbb3I4Q")  # four timestamps: reference, originate, receive, transmit
_ASK = 0x23  # version 4, client
_MODE, _SERVER = 0x07, 4
_LEAP, _NOT_SYNCHRONISED = 0xC0, 0xC0
_STRATA = range(1, 16)
_SINCE_1900_S = 2_208_988_800
_FRACTION = 1 << 32
_TIMESTAMPS = 1 << 64
_TRIES = 2
_RESOLVE_S = 3.0


class Offset(NamedTuple):
    """How far a server's clock is ahead of ours, in seconds; negative when it is behind."""

    ahead_s: float


def offset(host: str, now: Callable[[], datetime]) -> Offset:
    """Ask a server by name or address; ``now`` reads this computer's wall clock.

    Raises CheckError when there is no answer, or none that can be used.
    """
    [(_, found)] = abandonable.ask("addresses", [host], _RESOLVE_S)
    if isinstance(found, CheckError) or not found:
        raise CheckError("its name cannot be looked up")
    address = found.split()[0]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((address, PORT))
            for _ in range(_TRIES):
                answer = _asked(asking, now)
                if answer:
                    return answer
    except OSError as error:
        raise CheckError(f"it cannot be asked: {error.strerror or error}") from error
    raise CheckTimeoutError(f"it did not answer within {_TRIES * ANSWER_S:g} s")


def _asked(asking: socket.socket, now: Callable[[], datetime]) -> Offset | None:
    """Ask once; None without an answer in time. Raises OSError, CheckError."""
    cookie = int.from_bytes(os.urandom(8), "big")  # not our time: it is nobody's business
    begun_s, sent_at = time.monotonic(), timestamp(now())
    asking.send(_PACKET.pack(_ASK, 0, 0, 0, 0, 0, 0, 0, 0, 0, cookie))
    while (left_s := begun_s + ANSWER_S - time.monotonic()) > 0:
        asking.settimeout(left_s)
        try:
            packet = asking.recv(1024)
        except TimeoutError:
            return None
        taken_s = time.monotonic() - begun_s
        found = read(packet, cookie, sent_at, sent_at + int(taken_s * _FRACTION))
        if found is not None:
            return found
    return None


def read(packet: bytes, cookie: int, sent_at: int, come_at: int) -> Offset | None:
    """Return the offset in an answer; None for a packet that is no answer to us.

    ``sent_at`` and ``come_at`` are NTP timestamps. Raises CheckError for an answer without a time.
    """
    if len(packet) < _PACKET.size:
        return None
    flags, stratum, _, _, _, _, _, _, originate, received, transmitted = _PACKET.unpack_from(packet)
    if originate != cookie or flags & _MODE != _SERVER:
        return None
    if stratum not in _STRATA or flags & _LEAP == _NOT_SYNCHRONISED or not transmitted:
        raise CheckError("it answers that it does not know the time itself")
    there, back = _signed(received - sent_at), _signed(transmitted - come_at)
    return Offset((there + back) / 2 / _FRACTION)


def timestamp(instant: datetime) -> int:
    """Return an instant in NTP's form: seconds since 1900 in 32 bits, and 32 bits of fraction."""
    return round((instant.timestamp() + _SINCE_1900_S) * _FRACTION) % _TIMESTAMPS


def _signed(difference: int) -> int:
    """Return a difference of two timestamps across the end of an era (2036): the shorter way."""
    half = _TIMESTAMPS // 2
    return (difference + half) % _TIMESTAMPS - half
