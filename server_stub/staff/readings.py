"""Readings in words: a number with its unit as a person says it.

What comes here was measured by a device and is text like any other: it is never trusted to
have the shape it should have, and the templates escape it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from agent.protocol.human import human
from agent.protocol.words import Unit

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
        words, exact = found.setdefault(without_unit(metric), ([], []))
        words.append(in_words(value, unit))
        exact.append(f"{metric} {value}")
    return [ReadingLine(n, " · ".join(w), ", ".join(e)) for n, (w, e) in found.items()]


def in_words(value: object, unit: object) -> str:
    """Return a value in its unit: ``12 %``, ``3.2 GiB``, ``2 d 4 h``, ``85 °C``, ``1204``.

    What is no number, or in a unit this version does not know, is shown as it came.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        return str(value)
    known = Unit(str(unit)) if unit in tuple(Unit) else Unit.COUNT
    return human(value, known)


def without_unit(metric: str) -> str:
    """Return a metric's name as words, without the unit it ends in."""
    for suffix in _SUFFIXES:
        if metric.endswith(suffix) and len(metric) > len(suffix):
            return metric.removesuffix(suffix).replace("_", " ")
    return metric.replace("_", " ")
