"""Expressions: what ``when`` and ``clear`` become, a small tree that judges values.

A comparison of a metric that was not measured is false, and so is one of a value that is not a
number at all. That is decided at the comparison and nowhere else: ``not stall_percent >= 10`` is
true on a device without that metric. So an expression is always true or false, and what is wrong
with a metric that a device has is found no matter which ones it lacks.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Values = Mapping[str, float | int | str]

OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A metric against a literal. ``value`` is in the metric's own unit, ``written`` as typed."""

    metric: str
    operator: str
    value: float | int | str
    written: str
    _compare: Callable[[Any, Any], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look the operator up once."""
        object.__setattr__(self, "_compare", OPERATORS[self.operator])

    def holds(self, values: Values) -> bool:
        """Tell whether the metric was measured and compares so."""
        value = values.get(self.metric)
        if value is None or value != value:  # noqa: PLR0124 - NaN
            return False
        return self._compare(value, self.value)

    def comparisons(self) -> "Iterator[Comparison]":
        """Yield itself."""
        yield self

    def __str__(self) -> str:
        return f"{self.metric} {self.operator} {self.written}"


@dataclass(frozen=True, slots=True)
class Not:
    """True when its part is false."""

    part: "Node"

    def holds(self, values: Values) -> bool:
        """Tell whether the part does not hold."""
        return not self.part.holds(values)

    def comparisons(self) -> Iterator[Comparison]:
        """Yield every comparison within."""
        return self.part.comparisons()

    def __str__(self) -> str:
        return f"not {_bracketed(self.part, All | AnyOf)}"


@dataclass(frozen=True, slots=True)
class All:
    """Parts joined by ``and``."""

    parts: "tuple[Node, ...]"

    def holds(self, values: Values) -> bool:
        """Tell whether every part holds."""
        for part in self.parts:  # noqa: SIM110 - half the time of all(): no generator
            if not part.holds(values):
                return False
        return True

    def comparisons(self) -> Iterator[Comparison]:
        """Yield every comparison within."""
        for part in self.parts:
            yield from part.comparisons()

    def __str__(self) -> str:
        return " and ".join(_bracketed(part, All | AnyOf) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Parts joined by ``or``."""

    parts: "tuple[Node, ...]"

    def holds(self, values: Values) -> bool:
        """Tell whether a part holds."""
        for part in self.parts:  # noqa: SIM110 - half the time of any(): no generator
            if part.holds(values):
                return True
        return False

    def comparisons(self) -> Iterator[Comparison]:
        """Yield every comparison within."""
        for part in self.parts:
            yield from part.comparisons()

    def __str__(self) -> str:
        return " or ".join(_bracketed(part, AnyOf) for part in self.parts)


Node = Comparison | Not | All | AnyOf


@dataclass(frozen=True, slots=True)
class Expression:
    """A whole ``when`` or ``clear``: ``text`` as it was written, ``root`` what it means."""

    text: str
    root: Node

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics it compares, each once, in the order of their appearance."""
        return tuple(dict.fromkeys(c.metric for c in self.root.comparisons()))

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for what was measured of one target."""
        return self.root.holds(values)


def _bracketed(part: Node, kinds: Any) -> str:  # noqa: ANN401 - a class or a union of them
    return f"({part})" if isinstance(part, kinds) else str(part)
