"""The words of an expression, each with its place."""

import re
from typing import Final, Literal, NamedTuple

Kind = Literal["number", "name", "operator", "(", ")", "unit", "-", "end", "wrong"]
KEYWORDS: Final = ("and", "or", "not")

_TOKEN: Final = re.compile(
    r"\s*(?:"
    r"(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<name>[^\W\d][\w-]*)"
    r"|(?P<operator><=|>=|==|!=|<(?![<>])|>(?!>))"
    r"|(?P<bracket>[()])"
    r"|(?P<unit>%|°\s?[^\W\d_]?)"
    r"|(?P<minus>-(?=\s*[0-9]))"
    r")"
)
_HINTS: Final = {
    "=": "write == to compare",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != to compare",
    "<>": "write !=",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "'": "words stand without quotes",
    '"': "words stand without quotes",
    ",": "write numbers with a point and without commas (0.5, 1000)",
    "[": "only ( ) make groups; join comparisons with or",
    "{": "only ( ) make groups",
    "+": "there is no arithmetic; a metric is compared with a literal",
    "-": "there is no arithmetic; a metric is compared with a literal",
    "*": "there is no arithmetic; a metric is compared with a literal",
    "/": "there is no arithmetic; a metric is compared with a literal",
}


class Token(NamedTuple):
    """One word: its kind, its text and where it starts, from 0."""

    kind: Kind
    text: str
    offset: int


def tokens(text: str) -> list[Token]:
    """Return the words of ``text`` and then an ``end``.

    At a character without meaning it ends with ``wrong``, whose text says what to write instead.
    """
    found: list[Token] = []
    position = 0
    while rest := text[position:].lstrip():
        match = _TOKEN.match(text, position)
        if match is None:
            position = len(text) - len(rest)
            return [*found, Token("wrong", _unexpected(text, position), position)]
        kind = match.lastgroup or ""
        found.append(_token(kind, match[kind], match.start(kind)))
        position = match.end()
    return [*found, Token("end", "", len(text.rstrip()))]


def _token(kind: str, text: str, offset: int) -> Token:
    if kind == "bracket":
        return Token("(" if text == "(" else ")", text, offset)
    if kind == "minus":
        return Token("-", text, offset)
    if kind == "unit":
        return Token("unit", text.replace(" ", ""), offset)
    if kind == "number":
        return Token("number", text, offset)
    return Token("name" if kind == "name" else "operator", text, offset)


def _unexpected(text: str, position: int) -> str:
    char = text[position]
    hint = _HINTS.get(text[position : position + 2]) or _HINTS.get(char)
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return f"{shown} has no meaning here" + (f"; {hint}" if hint else "")
