"""YAML text → a tree of nodes that know their places. The only user of the YAML library.

Only what a rules file needs is let in: mappings, lists and texts. Anchors, aliases, tags, merge
keys, duplicate keys, directives and further documents are problems. What a plain text means
(``no``, ``17:30``, ``1``) is not decided here but by whoever expects something of it.

The library is borrowed for one file. Its C parser is kept out, for once loaded it cannot be
dropped and keeps the whole library (1.0 MB instead of 0.3; measured). Without it a file of
10 KiB takes 15 ms more.
"""

import re
import sys
from typing import Any, Final

from agent.rules.borrow import borrowed
from agent.rules.nodes import Document, Mapping, Node, Refused, Scalar, Sequence
from agent.rules.problems import Problems
from agent.rules.suggest import quoted

DEEPEST: Final = 20
MOST_NODES: Final = 50_000
_ILLEGAL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""The few, not the many: to compile all that is legal takes 8 ms of every start (measured)."""
_ESCAPE: Final = re.compile(r"\\U(?!0000|000[1-9a-fA-F]|0010)[0-9a-fA-F]{8}")


def compose(text: str, problems: Problems) -> Document:
    """Return the tree in ``text``, whose lines end in LF; what is wrong goes to ``problems``.

    After an error in the YAML itself nothing more can be read; what was complete before it is
    returned all the same.
    """
    illegal = _ILLEGAL.search(text)
    if illegal:
        char = f"U+{ord(illegal[0]):04X}"
        problems.at(*_place(text, illegal.start()), f"the invisible character {char}; remove it")
        return Document(None, cut_short=True)
    if "yaml" in sys.modules:  # somebody else uses it, so there is nothing to be saved
        return _compose(text, problems)
    with borrowed("yaml"):
        sys.modules["yaml._yaml"] = None  # type: ignore[assignment] # an import of it fails
        return _compose(text, problems)


def _compose(text: str, problems: Problems) -> Document:
    import yaml  # noqa: PLC0415 - borrowed

    composer = _Composer(text, problems)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if not composer.take(event):
                return Document(composer.unfinished(), cut_short=True)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problems.at(*place, _explained(error))
    except (yaml.YAMLError, ValueError, OverflowError):  # from an escape such as \UFFFFFFFF
        wild = _ESCAPE.search(text, composer.read_to)
        message = "this is no character; Unicode ends at U+10FFFF"
        problems.at(*_place(text, wild.start() if wild else composer.read_to), message)
    else:
        return Document(composer.root)
    return Document(composer.unfinished(), cut_short=True)


def _place(text: str, index: int) -> tuple[int, int]:
    """Return line and column of a character, from 1."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


class _Open:
    """A mapping or list whose end has not come yet."""

    __slots__ = ("column", "entries", "is_mapping", "items", "key", "line")

    def __init__(self, line: int, column: int, *, is_mapping: bool) -> None:
        self.line = line
        self.column = column
        self.is_mapping = is_mapping
        self.items: list[Node] = []
        self.entries: dict[str, tuple[Scalar, Node]] = {}
        self.key: Node | None = None

    def node(self) -> Node:
        if self.is_mapping:
            return Mapping(self.line, self.column, tuple(self.entries.values()))
        return Sequence(self.line, self.column, tuple(self.items))


class _Composer:
    """Builds the tree event by event, without recursion."""

    def __init__(self, text: str, problems: Problems) -> None:
        self.root: Node | None = None
        self.read_to = 0
        self._text = text
        self._problems = problems
        self._open: list[_Open] = []
        self._nodes = 0

    def take(self, event: Any) -> bool:  # noqa: ANN401 - the library's classes are borrowed
        """Add one event; returns False when nothing after it is to be read."""
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        self.read_to = event.end_mark.index
        match type(event).__name__:
            case "DocumentStartEvent":
                return self._starts(event, line, column)
            case "AliasEvent":
                hint = 'a text that starts with * needs quotes: "*.service"'
                self._problems.at(line, column, f"aliases are refused; {hint}")
                self._add(Refused(line, column))
            case "ScalarEvent":
                self._refuse_decoration(event, line, column)
                span = event.start_mark.index, event.end_mark.index
                plain = event.style is None and event.implicit[0]
                self._add(Scalar(line, column, event.value, plain, self._text, *span))
            case "MappingStartEvent" | "SequenceStartEvent" as name:
                self._refuse_decoration(event, line, column)
                self._open.append(_Open(line, column, is_mapping=name == "MappingStartEvent"))
            case "MappingEndEvent" | "SequenceEndEvent":
                self._add(self._open.pop().node())
        return self._bounded(line, column)

    def unfinished(self) -> Node | None:
        """Return what is complete so far: the file's own members and their finished items."""
        while len(self._open) > 2:  # noqa: PLR2004 - below the file's mapping and its lists
            self._open.pop()
        while self._open:
            self._add(self._open.pop().node())
        return self.root

    def _starts(self, event: Any, line: int, column: int) -> bool:  # noqa: ANN401
        if self.root is not None:
            self._problems.at(line, column, "a file holds one document; remove this ---")
            return False
        if event.version or event.tags:
            self._problems.at(line, column, "directives are refused; remove the lines with %")
        return True

    def _bounded(self, line: int, column: int) -> bool:
        self._nodes += 1
        if len(self._open) > DEEPEST:
            self._problems.at(line, column, f"nested more than {DEEPEST} deep")
            return False
        if self._nodes > MOST_NODES:
            self._problems.at(line, column, f"more than {MOST_NODES} entries in one file")
            return False
        return True

    def _refuse_decoration(self, event: Any, line: int, column: int) -> None:  # noqa: ANN401
        for sign, what, name in (("&", "anchors", event.anchor), ("!", "tags", event.tag)):
            if name:
                hint = f"a text that starts with {sign} needs quotes"
                self._problems.at(line, column, f"{what} are refused; {hint}")

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if not parent.is_mapping:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            self._add_entry(parent, parent.key, node)
            parent.key = None

    def _add_entry(self, parent: _Open, key: Node, value: Node) -> None:
        if not isinstance(key, Scalar):
            if not isinstance(key, Refused):
                self._problems.of(key, "a name is expected here, not a list or a mapping")
            return
        if key.plain and key.text == "<<":
            self._problems.of(key, "merge keys (<<) are refused; write the members out")
        elif key.text in parent.entries:
            first = parent.entries[key.text][0].line
            self._problems.of(key, f"{quoted(key.text)} is given twice, first in line {first}")
        else:
            parent.entries[key.text] = key, value


_HINTS: Final = {
    "found character '\\t'": "indent with spaces; a tab is not allowed here",
    "cannot start any token": "a text that starts with this character needs quotes",
    "mapping values are not": "a text with “: ” in it needs quotes; or the indentation is wrong",
    "while scanning an alias": 'a text that starts with * needs quotes: "*.service"',
    "while scanning an anchor": "a text that starts with & needs quotes",
    "escape": r"in double quotes \ is special; use single quotes: 'C:\Users'",
    "scanning a quoted scalar": "the quotes opened in line {line} are not closed",
    "expected ',' or": "the bracket of line {line} is not closed, or a text in it needs quotes",
    "expected <block end>": "the indentation differs from line {line}, or a bracket is unpaired",
    "could not find expected ':'": "a member is written NAME: VALUE; the colon is missing",
    "but found ':'": "a text that starts with : needs quotes",
}
"""What most likely caused a complaint of the library, by a part of its text."""


def _explained(error: Any) -> str:  # noqa: ANN401 - the library's class is borrowed
    """Return the library's complaint and what is most likely meant by it."""
    complaint = str(error.problem or error.context or "this is no YAML")
    whole = f"{error.context} {complaint}"
    line = error.context_mark.line + 1 if error.context_mark else 1
    hint = next((hint for part, hint in _HINTS.items() if part in whole), "")
    told = f"{complaint}; {hint.format(line=line)}" if hint else complaint
    return f"{told} (what follows could not be read)"
