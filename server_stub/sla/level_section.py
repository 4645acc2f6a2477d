"""The sections ``types``, ``matrix``, ``levels`` and ``reasons`` of a policy file."""

from collections.abc import Mapping
from itertools import product

from agent.protocol.words import Priority
from server_stub.sla.document import Document, Node, is_word, place
from server_stub.sla.procedure import USUAL_TYPES, Level, Matrix, TypeTerms
from server_stub.sla.working_hours import ROUND_THE_CLOCK, WorkingHours

_AXES = ("urgency", "impact", "complexity")
CLIENT = "client"
"""Whom a level may accept tickets from beside other levels: direct contact."""
_MOST_LEVELS = 9
_MOST_WAITING = 10_000


def read_types(document: Document, node: Node | None) -> Mapping[str, TypeTerms]:
    """Return the types by name; the usual ones when the file names none."""
    if node is None:
        return USUAL_TYPES
    types = {}
    for name, (_, value) in document.named(node).items():
        if is_word(value):
            types[name] = TypeTerms(document.text(value) or name)
            continue
        parts = document.members(value, ("title", "chargeable", "approval"), ("title",))
        approver = document.text(parts["approval"]) if "approval" in parts else None
        types[name] = TypeTerms(
            (document.text(parts["title"]) or name) if "title" in parts else name,
            document.switch(parts.get("chargeable")),
            approver is not None,
            approver or "",
        )
    return types


def read_reasons(
    document: Document, node: Node | None, required: Node | None
) -> tuple[dict[str, dict[str, str]], frozenset[str]]:
    """Return the lists of reasons, and those of which a change needs one."""
    lists = {
        name: {key: document.text(text) or key for key, (_, text) in document.named(value).items()}
        for name, (_, value) in document.named(node).items()
    }
    items = document.items(required) if required is not None else []
    words = (document.word(item, tuple(lists)) for item in items)
    return lists, frozenset(word for word in words if word)


def read_matrix(document: Document, node: Node | None) -> Matrix:
    """Return the matrix of priorities: the first row that matches counts; each cell has one."""
    if node is None:
        return Matrix()
    parts = document.members(node, (*_AXES, "rows"), ("urgency", "impact", "rows"))
    axes = {axis: _titles(document, parts.get(axis)) for axis in _AXES}
    items = document.items(parts["rows"]) if "rows" in parts else []
    rows = [_row(document, item, axes) for item in items]
    cells: dict[tuple[str, str, str], Priority] = {}
    left = []
    first, second, third = (tuple(axes[axis]) or ("",) for axis in _AXES)
    for cell in product(first, second, third):
        told = dict(zip(_AXES, cell, strict=True))
        met = (p for when, p in rows if all(told[axis] in words for axis, words in when.items()))
        if priority := next(met, None):
            cells[cell] = priority
        else:
            left.append(", ".join(f"{axis} {word}" for axis, word in told.items() if word))
    if left and axes["urgency"] and axes["impact"]:
        more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
        document.problem(node, f"no row is for {left[0]}{more}: which priority?")
    return Matrix(axes["urgency"], axes["impact"], axes["complexity"], cells)


def _titles(document: Document, node: Node | None) -> dict[str, str]:
    return {word: document.text(text) or word for word, (_, text) in document.named(node).items()}


def _row(
    document: Document, node: Node, axes: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, tuple[str, ...]], Priority | None]:
    parts = document.members(node, ("when", "priority"), ("priority",))
    asked = document.members(parts["when"], _AXES) if "when" in parts else {}
    when = {}
    for axis, value in asked.items():
        words = (document.word(item, tuple(axes[axis])) for item in document.items(value))
        when[axis] = tuple(word for word in words if word)
    word = document.word(parts["priority"], tuple(Priority)) if "priority" in parts else None
    return when, Priority(word) if word else None


class LevelTable:
    """Reads the levels; ``takes`` waits until what a row may ask is known."""

    def __init__(self, document: Document, node: Node | None) -> None:
        """Take the section; None when the file has none."""
        self.document = document
        self.parts: dict[str, dict[str, Node]] = {}
        self.numbers: dict[str, str] = {}
        self.places: dict[str, tuple[int, int]] = {}
        known = ("number", "title", "calendar", "accepts_from", "takes", "overflow", "reasons",
                 "share")  # fmt: skip
        for word, (key, value) in document.named(node).items():
            parts = document.members(value, known, ("number", "title"))
            if "number" not in parts:
                continue
            number = document.number(parts["number"], 1, _MOST_LEVELS)
            if number is None:
                continue
            if str(number) in self.numbers.values():
                document.problem(key, f"there is a level {number} already, above")
            self.parts[word] = parts
            self.places[word] = place(key)
            self.numbers[word] = str(number)

    def read(
        self,
        calendars: Mapping[str, WorkingHours],
        lists: Mapping[str, Mapping[str, str]],
        takes: Mapping[str, Mapping[str, tuple[str, ...]]],
    ) -> dict[str, Level]:
        """Return the levels by the text of their number; ``takes`` are the conditions by word."""
        levels = {}
        for word, number in self.numbers.items():
            parts = self.parts[word]
            levels[number] = Level(
                int(number),
                (self.document.text(parts["title"]) or word) if "title" in parts else word,
                self._word(parts.get("calendar"), (*calendars, ROUND_THE_CLOCK.name)),
                self._origins(parts.get("accepts_from")),
                takes.get(word, {}),
                self._number(parts.get("overflow"), _MOST_WAITING),
                self._word(parts.get("reasons"), tuple(lists)) or "escalation",
                self._number(parts.get("share"), 100),
                word,
                *self.places[word],
            )
        return dict(sorted(levels.items()))

    def _word(self, node: Node | None, known: tuple[str, ...]) -> str:
        return "" if node is None else self.document.word(node, known) or ""

    def _number(self, node: Node | None, most: int) -> int:
        return 0 if node is None else self.document.number(node, 1, most) or 0

    def _origins(self, node: Node | None) -> tuple[str, ...]:
        items = self.document.items(node) if node is not None else []
        words = (self.document.word(item, (*self.numbers, CLIENT)) for item in items)
        return tuple(self.numbers.get(word, word) for word in words if word)
