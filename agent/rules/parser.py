"""Text → expression, judged against the metrics of its check.

Grammar, loosest first: ``or``, ``and``, ``not``, comparison or parentheses. A comparison is
``METRIC OPERATOR LITERAL``; a literal is a number with a unit, or one of the metric's words.
"""

import itertools
from typing import Final

from agent.check_api import Check
from agent.rules.comparisons import Literal, Mistake, comparison, literal_sample, sample
from agent.rules.expression import All, AnyOf, Comparison, Expression, Node, Not
from agent.rules.suggest import quoted
from agent.rules.tokens import KEYWORDS, Token, tokens

LONGEST: Final = 1_000
DEEPEST: Final = 20
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class ExpressionError(ValueError):
    """The text is no expression over this check's metrics; ``mistakes`` are all that is wrong."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        """Take the mistakes, at least one."""
        super().__init__("; ".join(mistake.message for mistake in mistakes))
        self.mistakes = mistakes


class _SyntaxError(ValueError):
    """The grammar is broken at ``offset``; nothing after it can be read."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


def parse(text: str, check: Check) -> Expression:
    """Return the expression that ``text`` means; raises ExpressionError with every mistake.

    Wrong names, units and words are collected; wrong grammar ends the reading.
    """
    if len(text) > LONGEST:
        raise ExpressionError([Mistake(0, f"an expression has at most {LONGEST} characters")])
    mistakes: list[Mistake] = []
    try:
        root = _Parser(tokens(text), check, mistakes).whole()
    except _SyntaxError as error:
        raise ExpressionError([*mistakes, Mistake(error.offset, str(error))]) from error
    if mistakes:
        raise ExpressionError(mistakes)
    return Expression(" ".join(text.split()), root)


class _Parser:
    """Recursive descent over the words of one expression."""

    def __init__(self, words: list[Token], check: Check, mistakes: list[Mistake]) -> None:
        self._mistakes = mistakes
        self._words = words
        self._position = 0
        self._check = check
        self._depth = 0
        self._sample = sample(check.metrics[0])

    def whole(self) -> Node:
        if self._comes("end"):
            raise _SyntaxError(0, f"empty; write one such as {self._sample}")
        node = self._any_of()
        if not self._comes("end"):
            raise _stray(self._peek())
        return node

    def _any_of(self) -> Node:
        parts = [self._all()]
        while self._keyword("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Node:
        parts = [self._negation()]
        while self._keyword("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _negation(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _SyntaxError(self._peek().offset, f"nested more than {DEEPEST} deep")
        node = Not(self._negation()) if self._keyword("not") else self._operand()
        self._depth -= 1
        return node

    def _operand(self) -> Node:
        if not self._comes("("):
            return self._comparison()
        opened = self._take()
        node = self._any_of()
        if self._comes("end"):
            raise _SyntaxError(opened.offset, "this ( is never closed")
        if not self._comes(")"):
            raise _stray(self._peek())
        self._take()
        return node

    def _comparison(self) -> Comparison:
        name, operator = self._take(), self._peek()
        if name.kind in ("number", "-"):
            raise self._literal_first(name)
        if name.kind != "name" or name.text in KEYWORDS:
            raise _SyntaxError(
                name.offset, f"a comparison is missing; write one such as {self._sample}"
            )
        if operator.kind != "operator":
            raise self._not_compared(name, operator)
        self._take()
        judged, mistakes = comparison(self._check, name, operator, self._literal(name, operator))
        self._mistakes += mistakes
        return judged

    def _literal(self, name: Token, operator: Token) -> Literal:
        first = self._take()
        if first.kind == "name" and first.text not in KEYWORDS:
            return Literal(first, word=first.text)
        number = self._take() if first.kind == "-" else first
        if number.kind != "number":
            example = literal_sample(self._check.metric(name.text))
            raise _SyntaxError(
                number.offset, f"{operator.text} needs a literal after it, such as {example}"
            )
        sign = "-" if first.kind == "-" else ""
        if self._is_unit(self._peek()):
            return Literal(first, number=sign + number.text, unit=self._take())
        return Literal(first, number=sign + number.text)

    def _is_unit(self, token: Token) -> bool:
        if token.kind != "name":
            return token.kind == "unit"
        return token.text.casefold() not in KEYWORDS and self._check.metric(token.text) is None

    def _peek(self) -> Token:
        token = self._words[self._position]
        if token.kind == "wrong":
            raise _SyntaxError(token.offset, token.text)
        return token

    def _comes(self, kind: str) -> bool:
        return self._peek().kind == kind

    def _take(self) -> Token:
        token = self._peek()
        if token.kind != "end":
            self._position += 1
        return token

    def _keyword(self, word: str) -> bool:
        token = self._peek()
        if token.kind != "name" or token.text != word:
            return False
        self._take()
        return True

    def _literal_first(self, number: Token) -> _SyntaxError:
        rest = self._words[self._position - 1 :]
        literal = " ".join(t.text for t in itertools.takewhile(_of_literal, rest))
        operator = next((t.text for t in rest if t.kind == "operator"), "<")
        names = (t.text for t in rest if self._check.metric(t.text))
        metric = next(names, self._check.metrics[0].name)
        turned = f"{metric} {_MIRRORED.get(operator, operator)} {literal}"
        return _SyntaxError(number.offset, f"the metric comes first; write {turned}")

    def _not_compared(self, name: Token, after: Token) -> _SyntaxError:
        if after.kind == "name" and name.text.casefold() in KEYWORDS:
            return _capital(name)
        metric = self._check.metric(name.text)
        example = sample(metric) if metric else self._sample
        return _SyntaxError(
            name.offset, f"{quoted(name.text)} is compared with nothing; write {example}"
        )


def _of_literal(token: Token) -> bool:
    return token.kind not in ("operator", "(", ")", "end") and token.text not in KEYWORDS


def _stray(token: Token) -> _SyntaxError:
    if token.kind == ")":
        return _SyntaxError(token.offset, "this ) closes nothing")
    if token.text.casefold() in KEYWORDS and token.text not in KEYWORDS:
        return _capital(token)
    if token.kind == "operator":
        message = "two comparisons in one; join them with and, each with its metric"
    else:
        message = f"{quoted(token.text)} does not follow; join comparisons with and or or"
    return _SyntaxError(token.offset, message)


def _capital(token: Token) -> _SyntaxError:
    return _SyntaxError(token.offset, f"write {token.text.casefold()} in small letters")
