"""Identifiers: UUIDv7 (RFC 9562)."""

import os
import re
import time

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def uuid7(unix_ms: int | None = None) -> str:
    """Return a new UUIDv7 in its canonical text form.

    The first 48 bits are ``unix_ms`` (now, when None), the rest is random: ids sort by time
    to the millisecond and stay unique when a clock jumps back.
    """
    stamp = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    value = (stamp & ((1 << 48) - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_uuid7(text: str) -> bool:
    """Tell whether ``text`` is a UUIDv7 in canonical lower-case form."""
    return _UUID7.fullmatch(text) is not None
