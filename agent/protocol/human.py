"""How a measured value reads: the same words in the agent's titles and on the server's pages."""

import math

from agent.protocol.words import Unit

_SIZES = ("KiB", "MiB", "GiB", "TiB", "PiB")
_KIB = 1024
_TENTHS_BELOW = 9.95
"""Numbers below it keep one decimal; it is where one decimal would round to 10."""
_BEYOND_BELIEF_S = 1e12
"""30,000 years: nobody wants its days."""
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
    if value > _BEYOND_BELIEF_S:
        return f"{value:.3g} s"
    if 0 < value < 1:
        return f"{max(1, round(value * 1000))} ms"
    seconds = round(value)
    for size, name, part, part_name in _DURATIONS:
        if seconds >= size:
            parts = seconds % size // part
            return f"{seconds // size} {name}" + (f" {parts} {part_name}" if parts else "")
    return f"{_number(value)} s"
