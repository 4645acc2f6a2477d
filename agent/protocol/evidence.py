"""What an alert event brings beside its readings, so that a technician need not look first.

What was tried against it, how its readings went in the last hours, and what explains it. All of
it is optional. Imported by who writes or reads such members, not with every event: most of the
time a resident agent has none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from agent.protocol.events import MAX_NAME, word_of
from agent.protocol.strict import ProtocolError, check_text, need
from agent.protocol.words import Outcome, Unit

MAX_TRIED = 10
MAX_ACTION = 100
MAX_DETAIL = 500
MAX_SERIES = 3
MAX_POINTS = 60
MAX_EVIDENCE = 6
MAX_EVIDENCE_TITLE = 100
MAX_LINES = 15
MAX_LINE = 200
_LONGEST_AT = 40

Point = tuple[int, float]
"""Whole seconds before the event (0 or more), and the value then."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt of the agent to heal: what it did, when by the device's clock, how it ended.

    ``detail`` says in words how things stood before and after.
    """

    action: str
    at: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """How one metric went before the event, the oldest point first."""

    metric: str
    unit: Unit
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that explains the alert: a title and lines of plain text."""

    title: str
    lines: tuple[str, ...]


def parse_members(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``tried``, ``series`` and ``evidence`` of an event's tree, those that are there.

    Raises ProtocolError naming the field.
    """
    return {
        name: _items(tree[name], name, most, read)
        for name, (most, read) in _MEMBERS.items()
        if name in tree
    }


def _try(tree: Mapping[str, Any]) -> Try:
    return Try(
        action=_stated(tree, "action", MAX_ACTION),
        at=_stated(tree, "at", _LONGEST_AT),
        outcome=word_of(tree, "outcome", Outcome),
        detail=need(tree, "detail", str, MAX_DETAIL) if "detail" in tree else "",
    )


def _series(tree: Mapping[str, Any]) -> Series:
    unit = word_of(tree, "unit", Unit)
    if unit is Unit.WORD:
        raise ProtocolError("unit", "a series is of numbers")
    points = _list(need(tree, "points", list), "points", MAX_POINTS)
    return Series(
        metric=_stated(tree, "metric", MAX_NAME),
        unit=unit,
        points=tuple(_point(point, f"points[{n}]") for n, point in enumerate(points)),
    )


def _point(item: object, field: str) -> Point:
    if isinstance(item, list) and len(item) == 2:  # noqa: PLR2004 - a pair
        before_s, value = item
        if type(before_s) is int and before_s >= 0 and type(value) in {int, float}:
            return before_s, value
    raise ProtocolError(field, "a point is [whole seconds before the event, number]")


def _evidence(tree: Mapping[str, Any]) -> Evidence:
    lines = _list(need(tree, "lines", list), "lines", MAX_LINES)
    for n, line in enumerate(lines):
        if not isinstance(line, str):
            raise ProtocolError(f"lines[{n}]", f"{type(line).__name__} where str belongs")
        check_text(line, f"lines[{n}]", MAX_LINE)
    return Evidence(_stated(tree, "title", MAX_EVIDENCE_TITLE), tuple(lines))


def _stated(tree: Mapping[str, Any], field: str, longest: int) -> str:
    value: str = need(tree, field, str, longest)
    if not value.strip():
        raise ProtocolError(field, "empty")
    return value


def _items(
    items: object, field: str, most: int, read: Callable[[Mapping[str, Any]], _Item]
) -> tuple[_Item, ...]:
    found = []
    for n, item in enumerate(_list(items, field, most)):
        place = f"{field}[{n}]"
        if not isinstance(item, dict):
            raise ProtocolError(place, "a JSON object belongs here")
        try:
            found.append(read(item))
        except ProtocolError as error:
            raise ProtocolError(f"{place}.{error.field}", error.reason) from error
    return tuple(found)


def _list(items: object, field: str, most: int) -> list[Any]:
    if not isinstance(items, list):
        raise ProtocolError(field, "not a list")
    if len(items) > most:
        raise ProtocolError(field, f"more than {most}")
    return items


_MEMBERS: Mapping[str, tuple[int, Callable[[Mapping[str, Any]], Any]]] = {
    "tried": (MAX_TRIED, _try),
    "series": (MAX_SERIES, _series),
    "evidence": (MAX_EVIDENCE, _evidence),
}
