"""Reading a mapping member by member: every wrong value becomes a problem, never an exception.

A member that is wrong reads as its default, so that the rest can be judged too.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from agent.check_api import Check
from agent.rules.expression import Expression
from agent.rules.nodes import Mapping, Node, Refused, Scalar, read_as
from agent.rules.nodes import Sequence as ListNode
from agent.rules.parser import ExpressionError, parse
from agent.rules.problems import Problems
from agent.rules.suggest import did_you_mean, listed, quoted, shown
from agent.rules.units import seconds

_SURROGATE_OR_NUL: Final = re.compile(r"[\x00\ud800-\udfff]")


class Members:
    """The members of one mapping. ``what`` names it in messages: "a rule"."""

    def __init__(
        self, node: Node, what: str, allowed: Sequence[str] | None, problems: Problems
    ) -> None:
        """Take the mapping; members that are not ``allowed`` (None: any may be) are problems."""
        self.node = node
        self._what = what
        self._problems = problems
        self._entries: dict[str, tuple[Scalar, Node]] = {}
        if isinstance(node, Mapping):
            self._entries = {key.text: (key, value) for key, value in node.entries}
            for key, _ in node.entries:
                if allowed is not None and key.text not in allowed:
                    hint = did_you_mean(key.text, allowed)
                    problems.of(key, f"{what} has no {quoted(key.text)}; {hint}")
        elif not isinstance(node, Refused):
            problems.of(node, f"{what} is written as members, NAME: VALUE, not as {_form(node)}")

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def names(self) -> list[str]:
        """Return the names of all members that are there."""
        return list(self._entries)

    def get(self, name: str) -> Node | None:
        """Return a member's value as it stands."""
        entry = self._entries.get(name)
        return entry[1] if entry else None

    def need(self, name: str) -> bool:
        """Tell whether the member is there, which is a problem when it is not."""
        if name not in self._entries and isinstance(self.node, Mapping):
            self._problems.of(self.node, f"{self._what} needs {name}:")
        return name in self._entries

    def need_any(self, *names: str) -> None:
        """Note a problem when none of the members is there."""
        if isinstance(self.node, Mapping) and not any(name in self for name in names):
            either = listed((f"{name}:" for name in names), "or")
            self._problems.of(self.node, f"{self._what} needs {either}")

    def problem(self, name: str, message: str, offset: int | None = None) -> None:
        """Note a problem of a member's value, or of the mapping when there is no such member.

        ``offset`` tells at which character of the value, from 0.
        """
        node = self.get(name) or self.node
        if isinstance(node, Scalar) and offset is not None:
            self._problems.at(*node.place(offset), message)
        else:
            self._problems.of(node, message)

    def text(self, name: str, longest: int, default: str = "") -> str:
        """Return a member that is a text of 1 to ``longest`` characters."""
        node = self.get(name)
        return default if node is None else self._text(node, name, longest) or default

    def texts(self, name: str, longest: int = 200) -> tuple[str, ...]:
        """Return a member that is a list of texts."""
        return tuple(text for _, text in self._texts(name, longest))

    def word(self, name: str, words: Sequence[str], default: str) -> str:
        """Return a member that is one of ``words``."""
        node = self.get(name)
        if node is None:
            return default
        if not isinstance(node, Scalar):
            self._not_one_of(node, name, words)
            return default
        return self._one_of(node, node.text, name, words) or default

    def words(self, name: str, words: Sequence[str]) -> tuple[str, ...]:
        """Return a member that is a list of some of ``words``; any text when there are none."""
        return tuple(
            text
            for node, text in self._texts(name, 200)
            if not words or self._one_of(node, text, name, words)
        )

    def duration(self, name: str, least: float, most: float, default: float) -> float:
        """Return a member that is a duration, in seconds from ``least`` to ``most``."""
        node = self.get(name)
        if node is None or isinstance(node, Refused):
            return default
        if not isinstance(node, Scalar):
            self._problems.of(node, f"{name} is a duration such as 5m, not {_form(node)}")
            return default
        try:
            value = seconds(node.text)
        except ValueError as error:
            trap = f" ({quoted(node.text)} is {read_as(node)} to YAML)" if ":" in node.text else ""
            self._problems.of(node, f"{name}: {error}{trap}")
            return default
        if not least <= value <= most:
            bounds = f"{name} is at least {_span(least)} and at most {_span(most)}"
            self._problems.of(node, f"{bounds}, not {quoted(node.text)}")
            return default
        return value

    def count(self, name: str, least: int, most: int, default: int) -> int:
        """Return a member that is a whole number from ``least`` to ``most``."""
        node = self.get(name)
        if node is None or isinstance(node, Refused):
            return default
        text = node.text if isinstance(node, Scalar) else ""
        if not (text.isascii() and text.isdigit()) or not least <= int(text[:10]) <= most:
            bounds = f"{name} is a whole number from {least} to {most}"
            self._problems.of(node, f"{bounds}, not {_form(node)}")
            return default
        return int(text)

    def expression(self, name: str, check: Check | None) -> Expression | None:
        """Return a member that is an expression over the check's metrics."""
        node = self.get(name)
        if not isinstance(node, Scalar):
            if node is not None and not isinstance(node, Refused):
                self._problems.of(node, f"{name} is an expression, not {_form(node)}")
            return None
        if check is None:
            return None
        try:
            return parse(node.text, check)
        except ExpressionError as error:
            for mistake in error.mistakes:
                self.problem(name, f"{name}: {mistake.message}", mistake.offset)
            return None

    def section(self, name: str, what: str, allowed: Sequence[str] | None) -> "Members | None":
        """Return a member that is a mapping of its own."""
        node = self.get(name)
        return None if node is None else Members(node, what, allowed, self._problems)

    def sections(self, name: str, what: str, allowed: Sequence[str] | None) -> "Iterator[Members]":
        """Yield the items of a member that is a list of mappings."""
        node = self.get(name)
        if isinstance(node, ListNode):
            for item in node.items:
                if not isinstance(item, Refused):
                    yield Members(item, what, allowed, self._problems)
        elif node is not None and not isinstance(node, Refused):
            self._problems.of(
                node, f"{name} is a list, each item starting with -, not {_form(node)}"
            )

    def _texts(self, name: str, longest: int) -> Iterator[tuple[Node, str]]:
        node = self.get(name)
        if isinstance(node, ListNode):
            for item in node.items:
                text = self._text(item, name, longest)
                if text:
                    yield item, text
        elif isinstance(node, Scalar):
            self._problems.of(node, f"{name} is a list; write [{shown(node.text)}]")
        elif isinstance(node, Mapping):
            self._problems.of(node, f"{name} is a list, not members; {_colon_hint(node)}")

    def _text(self, node: Node, name: str, longest: int) -> str:
        """Return a text, or nothing after noting why it is none."""
        if isinstance(node, Refused):
            return ""
        if not isinstance(node, Scalar):
            hint = _colon_hint(node) if isinstance(node, Mapping) else ""
            self._problems.of(
                node, f"{name}: a text is expected, not {_form(node)}; {hint}".rstrip("; ")
            )
            return ""
        meaning = read_as(node)
        if meaning == "nothing" or not node.text.strip():
            self._problems.of(node, f"{name} is empty")
        elif meaning:
            message = f"{name}: {quoted(node.text)} without quotes is read as {meaning} by YAML"
            self._problems.of(node, f'{message}; write "{shown(node.text)}"')
        elif len(node.text) > longest:
            self._problems.of(
                node, f"{name} has at most {longest} characters, not {len(node.text)}"
            )
        elif bad := _SURROGATE_OR_NUL.search(node.text):
            self._problems.of(node, f"{name} holds U+{ord(bad[0]):04X}, which cannot be stored")
        else:
            return node.text
        return ""

    def _one_of(self, node: Node, text: str, name: str, words: Sequence[str]) -> str:
        if text in words:
            return text
        self._problems.of(node, f"{name} cannot be {quoted(text)}; {did_you_mean(text, words)}")
        return ""

    def _not_one_of(self, node: Node, name: str, words: Sequence[str]) -> None:
        if not isinstance(node, Refused):
            hint = did_you_mean("", words)
            self._problems.of(node, f"{name} is one word, not {_form(node)}; {hint}")


def _form(node: Node) -> str:
    if isinstance(node, Scalar):
        return quoted(node.text) if node.text else "nothing"
    return "a list" if isinstance(node, ListNode) else "members"


def _colon_hint(node: Mapping) -> str:
    """Explain how ``C:`` became a mapping."""
    key = shown(node.entries[0][0].text) if node.entries else "C"
    return f'a text with a colon at its end or “: ” within needs quotes: "{key}:"'


def _span(value: float) -> str:
    for name, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if value >= size and value % size == 0:
            return f"{value / size:.0f}{name}"
    return f"{value:.0f}s"
