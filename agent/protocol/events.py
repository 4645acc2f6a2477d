"""Alert events, as they travel.

An event tells the **whole** state of its alert, never a difference: the latest one by
``sequence`` is enough to know how things stand. Its ``id`` is the Idempotency-Key for life.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from agent.protocol.ids import is_uuid7
from agent.protocol.strict import ProtocolError, check_text, check_value, need, text_of
from agent.protocol.words import Change, Evaluation, Priority, Unit

if TYPE_CHECKING:
    from agent.protocol.evidence import Evidence, Series, Try

_Word = TypeVar("_Word", bound=StrEnum)

MAX_READINGS = 64
MAX_TITLE = 200
MAX_NAME = 200
"""Longest rule, check, target or metric name."""
MAX_NOTE = 4_000
"""Longest advice, reason or condition."""
MAX_ABOUT = 300


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value: ``value`` is a number in ``unit``, or a word when unit is WORD."""

    metric: str
    value: float | int | str
    unit: Unit


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One change of one alert, with the alert's whole state after it.

    ``fingerprint`` is the alert's identity on its device, from rule and target; ``alert_id``
    (UUIDv7) one opening of it; ``sequence`` counts the events of that opening from 1. ``at``
    and ``opened_at`` are the device's wall clock, RFC 3339 in UTC, a label only. ``condition``
    is the rule's expression that held, ``reason`` says why an evaluation is unknown,
    ``occurrences`` how often the alert went up and down within this opening.

    ``about`` are a few words on the target beside its metrics (a drive's model and serial).
    ``tried``, ``series`` and ``evidence`` (see ``protocol.evidence``) are of this event alone:
    a later one may come without them. These four travel only when they hold something.
    """

    id: str
    alert_id: str
    sequence: int
    change: Change
    fingerprint: str
    rule: str
    check: str
    target: str
    evaluation: Evaluation
    priority: Priority
    title: str
    at: str
    opened_at: str
    condition: str = ""
    advice: str = ""
    reason: str = ""
    occurrences: int = 1
    facts_hash: str = ""
    readings: tuple[Reading, ...] = ()
    about: str = ""
    tried: "tuple[Try, ...]" = ()
    series: "tuple[Series, ...]" = ()
    evidence: "tuple[Evidence, ...]" = ()

    def to_text(self) -> str:
        """Return the event as the JSON text that is stored and sent."""
        tree: dict[str, Any] = {name: getattr(self, name) for name in _NAMES}
        tree["readings"] = [
            {"metric": r.metric, "value": r.value, "unit": r.unit} for r in self.readings
        ]
        if self.about:
            tree["about"] = self.about
        return text_of(tree | self.beside())

    def beside(self, *names: str) -> dict[str, list[dict[str, Any]]]:
        """Return ``tried``, ``series`` and ``evidence`` (or those named) as trees, if not empty."""
        found = {name: getattr(self, name) for name in names or _BESIDE}
        return {name: [asdict(one) for one in items] for name, items in found.items() if items}


_BESIDE = ("tried", "series", "evidence")
_NAMES = tuple(field.name for field in fields(AlertEvent) if field.name not in {"about", *_BESIDE})
_LONGEST = {
    "fingerprint": MAX_NAME,
    "rule": MAX_NAME,
    "check": MAX_NAME,
    "target": MAX_NAME,
    "title": MAX_TITLE,
    "at": 40,
    "opened_at": 40,
    "condition": MAX_NOTE,
    "advice": MAX_NOTE,
    "reason": MAX_NOTE,
    "facts_hash": 64,
    "about": MAX_ABOUT,
}
_REQUIRED = ("fingerprint", "rule", "check", "target", "title", "at", "opened_at")
_OPTIONAL = ("condition", "advice", "reason", "facts_hash", "about")


def parse_event(tree: object) -> AlertEvent:
    """Return the event in one item of a request's ``events``.

    Members this version does not know are checked and ignored: a newer agent may send them.
    Raises ProtocolError naming the field.
    """
    if not isinstance(tree, dict):
        raise ProtocolError("", "an event is a JSON object")
    check_value(tree)
    texts: dict[str, Any] = {name: _text(tree, name) for name in _REQUIRED}
    texts |= {name: _text(tree, name) for name in _OPTIONAL if name in tree}
    return AlertEvent(
        id=_id(tree, "id"),
        alert_id=_id(tree, "alert_id"),
        sequence=_count(tree, "sequence"),
        change=word_of(tree, "change", Change),
        evaluation=word_of(tree, "evaluation", Evaluation),
        priority=word_of(tree, "priority", Priority),
        occurrences=_count(tree, "occurrences") if "occurrences" in tree else 1,
        readings=_readings(tree.get("readings", [])),
        **_beside(tree),
        **texts,
    )


def _beside(tree: Mapping[str, Any]) -> dict[str, Any]:
    if not any(name in tree for name in _BESIDE):
        return {}
    from agent.protocol.evidence import parse_members  # noqa: PLC0415 - rare: see there

    return parse_members(tree)


def _text(tree: Mapping[str, Any], field: str) -> str:
    value: str = need(tree, field, str, _LONGEST[field])
    if not value.strip() and field in _REQUIRED:
        raise ProtocolError(field, "empty")
    return value


def _id(tree: Mapping[str, Any], field: str) -> str:
    value: str = need(tree, field, str)
    if not is_uuid7(value):
        raise ProtocolError(field, "not a UUIDv7 in lower case")
    return value


def _count(tree: Mapping[str, Any], field: str) -> int:
    value: int = need(tree, field, int)
    if value < 1:
        raise ProtocolError(field, "less than 1")
    return value


def word_of(tree: Mapping[str, Any], field: str, words: type[_Word]) -> _Word:
    """Return the required member ``field``, one of a closed list; raises ProtocolError."""
    value: str = need(tree, field, str)
    try:
        return words(value)
    except ValueError as error:
        known = ", ".join(words)
        raise ProtocolError(field, f"not one of {known}") from error


def _readings(items: object) -> tuple[Reading, ...]:
    if not isinstance(items, list):
        raise ProtocolError("readings", "not a list")
    if len(items) > MAX_READINGS:
        raise ProtocolError("readings", f"more than {MAX_READINGS}")
    return tuple(_reading(item, f"readings[{n}]") for n, item in enumerate(items))


def _reading(item: object, field: str) -> Reading:
    if not isinstance(item, dict):
        raise ProtocolError(field, "a reading is a JSON object")
    try:
        unit = word_of(item, "unit", Unit)
        return Reading(need(item, "metric", str, MAX_NAME), _value(item, unit), unit)
    except ProtocolError as error:
        raise ProtocolError(f"{field}.{error.field}", error.reason) from error


def _value(item: Mapping[str, Any], unit: Unit) -> float | int | str:
    value: object = item.get("value")
    if unit is Unit.WORD and isinstance(value, str):
        check_text(value, "value", MAX_NAME)
        return value
    if unit is not Unit.WORD and isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise ProtocolError("value", f"a {'word' if unit is Unit.WORD else 'number'} belongs here")
