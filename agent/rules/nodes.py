"""A file's tree: texts, lists and mappings that know where they are written."""

import re
from typing import Final, NamedTuple

_READ_AS: Final = (
    ("nothing", re.compile(r"~|null|Null|NULL|")),
    ("true", re.compile(r"yes|Yes|YES|true|True|TRUE|on|On|ON")),
    ("false", re.compile(r"no|No|NO|false|False|FALSE|off|Off|OFF")),
    ("a number", re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|0x[0-9a-fA-F_]+")),
    ("a number", re.compile(r"[-+]?\.([0-9][0-9_]*([eE][-+][0-9]+)?|inf|Inf|INF|nan|NaN|NAN)")),
    ("a number", re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")),
    ("a sign of its own", re.compile(r"<<|=")),
    ("a date", re.compile(r"\d{4}-\d\d?-\d\d?([Tt ].*)?")),
)


class Scalar(NamedTuple):
    """A single text. ``plain``: written without quotes, so that YAML may read it otherwise.

    ``source`` is the whole file; the text is written in it from ``start`` to ``end``.
    """

    line: int
    column: int
    text: str
    plain: bool
    source: str
    start: int = 0
    end: int = 0

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column where character ``offset`` of the text is written.

        Folding and quoting change only white space and escapes, so the text is found again
        character by character; where that fails, the place is the start of the text.
        """
        position = self.start
        if self.source[position : position + 1] in ("|", ">"):
            position = self.source.find("\n", position)
        for char in self.text[: offset + 1].strip():
            if char.isspace():
                continue
            found = self.source.find(char, position, self.end)
            if found < 0:
                return self.line, self.column
            position = found + 1
        if offset < len(self.text.rstrip()):
            position = max(position - 1, self.start)
        before = self.source[self.start : position]
        newlines = before.count("\n")
        column = len(before) - before.rfind("\n") if newlines else self.column + len(before)
        return self.line + newlines, column


class Sequence(NamedTuple):
    """A list."""

    line: int
    column: int
    items: "tuple[Node, ...]"


class Mapping(NamedTuple):
    """Names with their values, in the order of the file, each name once."""

    line: int
    column: int
    entries: "tuple[tuple[Scalar, Node], ...]"


class Refused(NamedTuple):
    """Something whose problem has been told; nobody need complain again."""

    line: int
    column: int


Node = Scalar | Sequence | Mapping | Refused


class Document(NamedTuple):
    """A file's tree. ``cut_short``: it could not be read to its end, so much may be missing."""

    root: Node | None
    cut_short: bool = False


def read_as(scalar: Scalar) -> str:
    """Return what YAML 1.1 makes of a text without quotes, if not that text; else nothing.

    We read every text as it is written, but editors and other readers of the same file do not.
    """
    if not scalar.plain:
        return ""
    meaning = next((what for what, form in _READ_AS if form.fullmatch(scalar.text)), "")
    if meaning == "a number" and ":" in scalar.text:
        return f"the number {_sexagesimal(scalar.text)}"
    return meaning


def _sexagesimal(text: str) -> str:
    number = 0.0
    for part in text.lstrip("+-").replace("_", "").split(":")[:10]:
        number = number * 60 + float(part[:15] or 0)
    return f"{number:.0f}"
