"""How measured values and their tickets read: human units, titles, texts that can be stored."""

import math
import re
from collections.abc import Iterable

from agent.protocol.events import MAX_NAME, MAX_TITLE, Reading
from agent.protocol.words import Unit

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SIZES = ("KiB", "MiB", "GiB", "TiB", "PiB")
_KIB = 1024
_TENTHS_BELOW = 9.95
"""Numbers below it keep one decimal; it is where one decimal would round to 10."""
_DURATIONS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


def human(value: float | str, unit: Unit) -> str:
    """Return a value as people read it: ``3.2 GiB``, ``12 %``, ``2 d 4 h``, ``85 °C``.

    An infinite duration reads ``never`` (a forecast that is flat).
    """
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "never" if value > 0 and unit is Unit.SECONDS else "unknown"
    if value < 0:
        return f"-{human(-value, unit)}"
    if unit is Unit.BYTES:
        return _size(value)
    if unit is Unit.SECONDS:
        return _duration(value)
    suffix = {Unit.SHARE: " %", Unit.CELSIUS: " °C"}.get(unit, "")
    return f"{_number(value)}{suffix}"


def title(template: str, target: str, readings: Iterable[Reading]) -> str:
    """Return a rule's title with ``{target}`` and each ``{metric}`` filled in.

    A metric that was not read says ``unknown``; the title is cut to what the contract takes.
    """
    words = {reading.metric: human(reading.value, reading.unit) for reading in readings}
    words["target"] = target
    filled = _PLACEHOLDER.sub(lambda match: words.get(match[1], "unknown"), template)
    return storable(filled, MAX_TITLE) or storable(target, MAX_TITLE)


def summary(readings: Iterable[Reading]) -> str:
    """Return all readings in one line: ``free_percent 12 %, free_bytes 30 GiB``."""
    return ", ".join(f"{r.metric} {human(r.value, r.unit)}" for r in readings)


def storable(text: str, longest: int = MAX_NAME) -> str:
    """Return ``text`` without what the wire refuses: NUL, half surrogate pairs, over-length.

    File names may hold any byte; Python carries those as half pairs.
    """
    clean = text.replace("\0", "\ufffd").encode(errors="backslashreplace").decode()
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"


def _number(value: float) -> str:
    if value >= _TENTHS_BELOW:
        return str(round(value))
    return f"{value:.1f}".removesuffix(".0")


def _size(value: float) -> str:
    if value < _KIB:
        return f"{round(value)} bytes"
    for name in _SIZES:
        value /= _KIB
        if value < _KIB - 0.5 or name == _SIZES[-1]:
            break
    return f"{_number(value)} {name}"


def _duration(value: float) -> str:
    seconds = round(value)
    for size, name, part, part_name in _DURATIONS:
        if seconds >= size:
            parts = seconds % size // part
            return f"{seconds // size} {name}" + (f" {parts} {part_name}" if parts else "")
    return f"{_number(value)} s"
