"""Readings in words: a number with its unit as a person says it.

What comes here was measured by a device and is text like any other: it is never trusted to
have the shape it should have, and the templates escape it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite

from agent.protocol.words import Unit
from server_stub.staff.times import span

_STEPS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_KIB = 1024
_TENTHS_BELOW = 9.95
"""Numbers below it keep one decimal; it is where one decimal would round to 10."""
_MINUTE = 60
_SUFFIXES = ("_percent", "_bytes", "_s", "_seconds", "_celsius", "_count")


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """One line of the readings table: a name, its values in words, and the exact ones."""

    name: str
    words: str
    exact: str


def lines(readings: object) -> list[ReadingLine]:
    """Return the table of an event's readings (a list of metric, value, unit), in their order.

    One quantity told in two units (``free_percent`` and ``free_bytes``) is one line.
    """
    found: dict[str, tuple[list[str], list[str]]] = {}
    for item in readings if isinstance(readings, list) else ():
        if not isinstance(item, Mapping) or "metric" not in item:
            continue
        metric, unit, value = str(item["metric"]), item.get("unit"), item.get("value")
        words, exact = found.setdefault(_stem(metric), ([], []))
        words.append(in_words(value, unit))
        exact.append(f"{metric} {value}")
    return [ReadingLine(n, " · ".join(w), ", ".join(e)) for n, (w, e) in found.items()]


def in_words(value: object, unit: object) -> str:
    """Return a value in its unit: ``12 %``, ``3.2 GiB``, ``2 d 4 h``, ``85 °C``, ``1204``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        return str(value)
    if unit == Unit.SHARE:
        return f"{_number(value)} %"
    if unit == Unit.BYTES:
        return size(value)
    if unit == Unit.SECONDS:
        return _duration(value)
    if unit == Unit.CELSIUS:
        return f"{_number(value)} °C"
    return _number(value)


def size(count: float) -> str:
    """Return a number of bytes in the largest binary unit that leaves it above one."""
    step = 0
    while abs(count) >= _KIB - 0.5 and step < len(_STEPS) - 1:
        count, step = count / _KIB, step + 1
    return f"{_number(count)} {_STEPS[step]}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if abs(value) < _TENTHS_BELOW else str(round(value))


def _duration(seconds: float) -> str:
    if abs(seconds) < _MINUTE:
        return f"{_number(seconds)} s"
    try:
        return f"{'-' if seconds < 0 else ''}{span(timedelta(seconds=seconds))}"
    except OverflowError:
        return f"{seconds:.3g} s"


def _stem(metric: str) -> str:
    for suffix in _SUFFIXES:
        if metric.endswith(suffix) and len(metric) > len(suffix):
            return metric.removesuffix(suffix).replace("_", " ")
    return metric.replace("_", " ")
