"""The section ``monitors`` of a policy file: silence, outages of sites, priorities of alerts."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from agent.protocol.words import DeviceKind, Evaluation, Priority
from server_stub.sla.document import Document, Node, is_word
from server_stub.sla.monitor_terms import Monitors, OutageTerms, PriorityRow
from server_stub.sla.procedure import TypeTerms

_Word = TypeVar("_Word", bound=StrEnum)
_Value = TypeVar("_Value")

_SHORTEST = timedelta(minutes=5)
"""Devices send a heartbeat as often: sooner, every device would be silent."""
_MOST = 10_000


def read_monitors(
    document: Document, node: Node | None, types: Mapping[str, TypeTerms]
) -> Monitors:
    """Return what the section says; what it leaves out is as without one."""
    if node is None:
        return Monitors()
    known = ("silent_after", "silent_priority", "outage", "priorities", "reopen_within", "type")
    parts = document.members(node, known)
    usual = Monitors()
    rows = document.items(parts["priorities"]) if "priorities" in parts else []
    return Monitors(
        silent_after=_by_kind(document, parts.get("silent_after"), usual.silent_after, _silence),
        silent_priority=_by_kind(
            document, parts.get("silent_priority"), usual.silent_priority, _priority
        ),
        outage=_outage(document, parts.get("outage")),
        priorities=tuple(row for item in rows if (row := _row(document, item))),
        reopen_within=_time(document, parts.get("reopen_within")) or usual.reopen_within,
        type=_type(document, parts.get("type"), types),
    )


def _type(document: Document, node: Node | None, types: Mapping[str, TypeTerms]) -> str:
    word = document.word(node, tuple(types)) if node is not None else None
    if node is not None and word and (types[word].approval or types[word].chargeable):
        document.problem(node, "nobody asks for an alert: not what is charged or needs approval")
    return word or ""


def _by_kind(
    document: Document,
    node: Node | None,
    usual: Mapping[DeviceKind, _Value],
    read: Callable[[Document, Node, _Value], _Value],
) -> Mapping[DeviceKind, _Value]:
    found = dict(usual)
    if node is not None:
        for name, value in document.members(node, tuple(DeviceKind)).items():
            found[DeviceKind(name)] = read(document, value, usual[DeviceKind(name)])
    return found


def _silence(document: Document, node: Node, usual: timedelta | None) -> timedelta | None:
    return None if is_word(node, "never") else _time(document, node, _SHORTEST) or usual


def _priority(document: Document, node: Node, usual: Priority) -> Priority:
    word = document.word(node, tuple(Priority))
    return Priority(word) if word else usual


def _outage(document: Document, node: Node | None) -> OutageTerms | None:
    usual = OutageTerms()
    if node is None:
        return usual
    if is_word(node, "never"):
        return None
    parts = document.members(node, OutageTerms._fields)
    share, least = parts.get("share_percent"), parts.get("at_least")
    return OutageTerms(
        _number(document, share, 1, 100) or usual.share_percent,
        _number(document, least, 2, _MOST) or usual.at_least,
        _time(document, parts.get("within")) or usual.within,
        _time(document, parts.get("missed_after"), _SHORTEST) or usual.missed_after,
        _priority(document, parts["priority"], usual.priority)
        if "priority" in parts
        else usual.priority,
        _words(document, parts.get("kinds"), DeviceKind) or usual.kinds,
    )


def _row(document: Document, node: Node) -> PriorityRow | None:
    parts = document.members(node, ("when", "priority"), ("priority",))
    if "priority" not in parts:
        return None
    when = (
        document.members(parts["when"], ("kind", "evaluation", "priority"))
        if "when" in parts
        else {}
    )
    return PriorityRow(
        _words(document, when.get("kind"), DeviceKind),
        _words(document, when.get("evaluation"), Evaluation),
        _words(document, when.get("priority"), Priority),
        _priority(document, parts["priority"], Priority.NORMAL),
    )


def _words(document: Document, node: Node | None, words: type[_Word]) -> frozenset[_Word]:
    items = document.items(node) if node is not None else []
    found = [document.word(item, tuple(words)) for item in items]
    return frozenset(words(word) for word in found if word)


def _time(
    document: Document, node: Node | None, shortest: timedelta = timedelta(minutes=1)
) -> timedelta | None:
    """Return plain time: a day has 24 hours."""
    length = document.length(node) if node is not None else None
    if node is None or length is None:
        return None
    found = length.rest + timedelta(days=length.days)
    if found < shortest:
        minutes = shortest // timedelta(minutes=1)
        document.problem(node, f"less than {minutes}m: devices are heard every 5 minutes")
        return None
    return found


def _number(document: Document, node: Node | None, least: int, most: int) -> int | None:
    if node is None:
        return None
    text = (document.text(node) or "").removesuffix("%")
    if text.isascii() and text.isdecimal() and len(text) < len(str(_MOST)) + 1:
        number = int(text)
        if least <= number <= most:
            return number
    document.problem(node, f"a whole number from {least} to {most} belongs here")
    return None
