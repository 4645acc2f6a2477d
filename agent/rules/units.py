"""Quantities as people write them: ``15%``, ``20 GiB``, ``24h``, ``85 °C``."""

import re
from typing import Final

from agent.protocol.words import Unit

SECONDS: Final[dict[str, float]] = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 604_800,
}
BYTES: Final[dict[str, float]] = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
UNITS: Final[dict[str, tuple[Unit, float]]] = {
    "%": (Unit.SHARE, 1),
    "°C": (Unit.CELSIUS, 1),
    **{name: (Unit.BYTES, size) for name, size in BYTES.items()},
    **{name: (Unit.SECONDS, size) for name, size in SECONDS.items()},
}
"""Every unit a literal may carry: what it measures, and its size in bytes, seconds, … ."""

KIND: Final = {
    Unit.SHARE: "a share",
    Unit.BYTES: "a size",
    Unit.SECONDS: "a duration",
    Unit.CELSIUS: "a temperature",
    Unit.COUNT: "a bare number",
    Unit.WORD: "a word",
}
EXAMPLE: Final = {
    Unit.SHARE: "15%",
    Unit.BYTES: "20 GiB",
    Unit.SECONDS: "24h",
    Unit.CELSIUS: "85 °C",
    Unit.COUNT: "3",
}
LARGEST: Final = 2**53 - 1
"""Beyond it, floating-point numbers are no longer exact."""

_ALIASES: Final = {
    "msec": "ms",
    "millisecond": "ms",
    "sec": "s",
    "second": "s",
    "min": "m",
    "minute": "m",
    "hr": "h",
    "hour": "h",
    "day": "d",
    "week": "w",
    "byte": "B",
    "k": "KiB",
    "g": "GiB",
    "t": "TiB",
    "percent": "%",
    "pct": "%",
    "c": "°C",
    "°": "°C",
    "celsius": "°C",
}
_DURATION = re.compile(r"(-?[0-9]{1,20}(?:\.[0-9]{1,20})?)\s*([^\W\d_]{0,20})")


def unit_meant(written: str) -> str | None:
    """Return the unit that someone who wrote ``written`` most likely meant: ``min`` → ``m``."""
    folded = written.casefold()
    same = next((name for name in UNITS if name.casefold() == folded), None)
    return same or _ALIASES.get(folded) or _ALIASES.get(folded.removesuffix("s"))


def whole(number: float) -> float:
    """Return an integral number as an int, which compares and prints exactly."""
    return int(number) if number == int(number) else number


def seconds(written: str) -> float:
    """Return the seconds in a duration such as ``90s``, ``5m``, ``24h``, ``7d``, ``2w``.

    Raises ValueError, its text saying what to write instead.
    """
    match = _DURATION.fullmatch(written.strip())
    if match is None:
        raise ValueError("a duration is a number and one of s, m, h, d, w, such as 5m")
    number, unit = match.groups()
    if not unit:
        raise ValueError(f"{number} of what? a duration has a unit, such as {number}s or {number}m")
    if unit not in SECONDS:
        meant = unit_meant(unit)
        hint = f"did you mean {number}{meant}?" if meant in SECONDS else "use s, m, h, d or w"
        raise ValueError(f"{unit} is no unit of time; {hint}")
    return whole(float(number) * SECONDS[unit])
