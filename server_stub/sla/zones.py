"""Time zones by name, the same on every computer."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})")
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
_NOT_ZONES = ("localtime", "posixrules", "Factory", "posix", "right")


class ZoneError(ValueError):
    """A time zone that does not exist; the text says how to write one."""


@lru_cache(maxsize=1024)
def zone_of(text: str) -> tzinfo:
    """Return the zone of an IANA name (``Europe/London``) or a fixed offset (``+01:00``).

    Raises ZoneError. ``localtime`` and its like are refused: they mean another zone on another
    computer.
    """
    if offset := _OFFSET.fullmatch(text):
        hours, minutes = int(offset[2]), int(offset[3])
        if hours * 60 + minutes <= 14 * 60 and minutes < 60:  # noqa: PLR2004 - the widest in use
            ahead = timedelta(hours=hours, minutes=minutes)
            return timezone(ahead if offset[1] == "+" else -ahead)
    elif text == "UTC":
        return UTC
    elif _ZONE_NAME.fullmatch(text) and text.split("/", maxsplit=1)[0] not in _NOT_ZONES:
        try:
            return ZoneInfo(text)
        except (KeyError, ValueError, OSError):
            pass
    raise ZoneError(
        f"{text!r} is no time zone: write an IANA name such as Europe/London, "
        "or a fixed offset such as +01:00"
    )
