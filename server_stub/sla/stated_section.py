"""The sections ``stated`` and ``goals``: what the text says elsewhere than in its table."""

from server_stub.sla.document import Document, Node, place
from server_stub.sla.procedure import ClockName
from server_stub.sla.target_section import TargetTable
from server_stub.sla.targets import Goal, Statement

_STATED = ("statement", "says", "when", "clock", "calendar", "target", "gap")


def read_stated(document: Document, node: Node | None, table: TargetTable) -> tuple[Statement, ...]:
    """Return what the text says elsewhere than in its table."""
    items = document.items(node) if node is not None else []
    return tuple(found for item in items if (found := _statement(document, item, table)))


def _statement(document: Document, node: Node, table: TargetTable) -> Statement | None:
    parts = document.members(node, _STATED, ("statement", "says"))
    if "statement" not in parts or "says" not in parts:
        return None
    clock = _clock(document, parts.get("clock"))
    target = None
    if "target" in parts:
        calendar = table.calendar(parts.get("calendar"))
        target = table.target(clock or ClockName.RESPONSE, parts["target"], calendar)
        if clock is None:
            document.problem(parts["target"], "a target of which clock? write clock: NAME")
    return Statement(
        document.text(parts["statement"]) or "",
        document.text(parts["says"]) or "",
        clock or "",
        table.when(parts["when"]) if "when" in parts else {},
        target,
        (document.text(parts["gap"]) or "") if "gap" in parts else "",
        *place(node),
    )


def read_goals(document: Document, node: Node | None, table: TargetTable) -> tuple[Goal, ...]:
    """Return the shares that the procedure aims at."""
    items = document.items(node) if node is not None else []
    return tuple(found for item in items if (found := _goal(document, item, table)))


def _goal(document: Document, node: Node, table: TargetTable) -> Goal | None:
    known = ("title", "clock", "share", "when", "calendar", "target")
    parts = document.members(node, known, ("title", "clock", "share", "target"))
    clock = _clock(document, parts.get("clock"))
    share = document.number(parts["share"], 1, 100) if "share" in parts else None
    if clock is None or share is None or "target" not in parts or "title" not in parts:
        return None
    calendar = table.calendar(parts.get("calendar"))
    target = table.target(clock, parts["target"], calendar)
    when = table.when(parts["when"]) if "when" in parts else {}
    if target is None:
        return None
    return Goal(document.text(parts["title"]) or "", clock, share, target, when)


def _clock(document: Document, node: Node | None) -> ClockName | None:
    word = document.word(node, tuple(ClockName)) if node is not None else None
    return ClockName(word) if word else None
