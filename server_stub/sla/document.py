"""A YAML file as a tree that knows its places; the only importer of ``yaml`` on the server.

Values are read as they are written, as text, and given a type by whoever asks: YAML's own
guesses (``17:30`` as 1050, ``NO`` as false) never happen. Problems are collected, so that a
person sees all of them at once.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import yaml

from server_stub.errors import ServerError

KEY = re.compile(r"[a-z][a-z0-9_-]{0,39}")
"""What a policy names things by, as tickets store it."""
LONGEST = 1024 * 1024
DEEPEST = 12
_DURATION = re.compile(r"(?:([0-9]{1,6})d)?\s*(?:([0-9]{1,6})h)?\s*(?:([0-9]{1,6})m)?")
_SWITCH = {"yes": True, "true": True, "no": False, "false": False}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Node = yaml.Node


class Problem(NamedTuple):
    """One mistake: where (from 1) and what to do about it."""

    line: int
    column: int
    message: str


class DocumentError(ServerError):
    """A file that people write has mistakes; all of them are told at once."""

    def __init__(self, path: Path | str, problems: Sequence[Problem]) -> None:
        """Take the file's name and its problems, kept in the order of their places."""
        self.path = path
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return each problem as ``file:line:column: message``."""
        return [f"{self.path}:{p.line}:{p.column}: {p.message}" for p in self.problems]


class Length(NamedTuple):
    """A duration as written: days are of the calendar's own length."""

    days: int
    rest: timedelta


class Document:
    """One YAML text: its ``root`` (None when unreadable) and the ``problems`` found so far."""

    def __init__(self, text: str) -> None:
        """Read the text; what is wrong with it becomes a problem."""
        self.problems: list[Problem] = []
        self.root: Node | None = None
        if len(text) > LONGEST:
            self.problems.append(Problem(1, 1, f"longer than {LONGEST} characters"))
            return
        try:
            self._refuse_tricks(text)
            if not self.problems:
                self.root = yaml.compose(text, yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            said = error.problem or error.context or "not YAML"
            place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            self.problems.append(Problem(*place, f"not YAML: {said}"))
        except yaml.reader.ReaderError as error:
            before = text[: error.position]
            place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
            self.problems.append(Problem(*place, f"not YAML: {error.reason}"))
        if self.root is None and not self.problems:
            self.problems.append(Problem(1, 1, "the file is empty"))

    def problem(self, node: Node, message: str) -> None:
        """Note a mistake at a node's place."""
        self.problems.append(Problem(*place(node), message))

    def members(
        self, node: Node, known: Sequence[str], required: Sequence[str] = ()
    ) -> dict[str, Node]:
        """Return the members of a mapping that are ``known``; note others and missing ones."""
        found = self.pairs(node)
        if found is None:
            return {}
        members = {}
        for name, (key, value) in found.items():
            if name in known:
                members[name] = value
            else:
                self.problem(key, f"{name!r} is not known here{_meant(name, known)}")
        for name in map(str, required):
            if name not in found:
                self.problem(node, f"{name!r} is missing")
        return members

    def pairs(self, node: Node) -> dict[str, tuple[Node, Node]] | None:
        """Return a mapping's keys with both nodes; None, with a problem, when it is none."""
        if not isinstance(node, yaml.MappingNode):
            self.problem(node, f"a mapping (name: value) belongs here, not {_kind(node)}")
            return None
        found: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            name = self.text(key)
            if name in found:
                self.problem(
                    key, f"{name!r} is given twice; first in line {place(found[name][0])[0]}"
                )
            elif name is not None:
                found[name] = (key, value)
        return found

    def items(self, node: Node) -> list[Node]:
        """Return a list's items; a single value counts as a list of one."""
        return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]

    def text(self, node: Node) -> str | None:
        """Return a value as written; None, with a problem, when it is none or empty."""
        if isinstance(node, yaml.ScalarNode):
            if node.value.strip():
                return str(node.value)
            self.problem(node, "a value is missing")
        else:
            self.problem(node, f"a value belongs here, not {_kind(node)}")
        return None

    def word(self, node: Node, known: Sequence[str]) -> str | None:
        """Return one of the ``known`` words; None, with a problem, for any other."""
        text = self.text(node)
        if text is None or text in known:
            return text
        self.problem(node, f"{text!r} is not one of {', '.join(known)}{_meant(text, known)}")
        return None

    def day(self, node: Node) -> date | None:
        """Return a date written ``2026-12-24``."""
        text = self.text(node)
        return None if text is None else self.day_of(node, text)

    def day_of(self, node: Node, text: str) -> date | None:
        """Return the date in a part of a node's text."""
        try:
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        self.problem(node, f"{text!r} is no date: write year-month-day, such as 2026-12-24")
        return None

    def length(self, node: Node) -> Length | None:
        """Return a duration written ``30m``, ``1h 30m`` or ``2d``; it must not be nothing."""
        text = self.text(node)
        if text is None:
            return None
        written = _DURATION.fullmatch(text)
        days, hours, minutes = (
            (int(part or 0) for part in written.groups()) if written else (0,) * 3
        )
        if not days and not hours and not minutes:
            self.problem(node, f"{text!r} is no duration: write 30m, 4h, 1h 30m or 2d")
        elif max(days, hours // 24, minutes // 1440) > 366:  # noqa: PLR2004 - a year
            self.problem(node, f"{text!r} is longer than a year")
        else:
            return Length(days, timedelta(hours=hours, minutes=minutes))
        return None

    def number(self, node: Node, least: int, most: int) -> int | None:
        """Return a whole number from ``least`` to ``most``; a ``%`` behind it is left out."""
        text = (self.text(node) or "").removesuffix("%").strip()
        if text.isascii() and text.isdecimal() and len(text) < 10:  # noqa: PLR2004 - no longer ones
            number = int(text)
            if least <= number <= most:
                return number
        self.problem(node, f"a whole number from {least} to {most} belongs here")
        return None

    def switch(self, node: Node | None, *, usual: bool = False) -> bool:
        """Return whether ``yes`` is written; ``usual`` when nothing is."""
        word = self.word(node, tuple(_SWITCH)) if node is not None else None
        return _SWITCH[word] if word else usual

    def words(self, node: Node | None) -> tuple[str, ...]:
        """Return the texts of a list; a single one counts as a list of one."""
        items = self.items(node) if node is not None else []
        return tuple(text for item in items if (text := self.text(item)))

    def named(self, node: Node | None) -> dict[str, tuple[Node, Node]]:
        """Return the members of a mapping whose keys are names of the file's own choice."""
        found = (self.pairs(node) if node is not None else None) or {}
        for name, (key, _) in found.items():
            if not KEY.fullmatch(name):
                told = "a small letter, then up to 39 small letters, digits, - and _"
                self.problem(key, f"{name!r} is no name: {told}")
        return {name: both for name, both in found.items() if KEY.fullmatch(name)}

    def _refuse_tricks(self, text: str) -> None:
        """Note anchors and tags, which read as something else than written, and deep nesting."""
        depth = 0
        for event in yaml.parse(text, yaml.SafeLoader):
            mark = event.start_mark
            where = Problem(mark.line + 1, mark.column + 1, "") if mark else Problem(1, 1, "")
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                told = "& and * stand for repetition in YAML and are not used here; quote the text"
                self.problems.append(where._replace(message=told))
            elif getattr(event, "tag", None):
                self.problems.append(
                    where._replace(message="! tags are not used here; quote the text")
                )
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > DEEPEST:
                    self.problems.append(where._replace(message=f"nested more than {DEEPEST} deep"))
                    return
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1


def is_mapping(node: Node) -> bool:
    """Tell whether a node is a mapping."""
    return isinstance(node, yaml.MappingNode)


def is_word(node: Node, word: str = "") -> bool:
    """Tell whether a node is a single value, and this one when ``word`` is given."""
    return isinstance(node, yaml.ScalarNode) and word in ("", node.value)


def place(node: Node) -> tuple[int, int]:
    """Return a node's line and column, from 1."""
    return node.start_mark.line + 1, node.start_mark.column + 1


def _kind(node: Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else f"the value {node.value[:40]!r}"


def _meant(text: str, known: Sequence[str]) -> str:
    near = get_close_matches(text, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
