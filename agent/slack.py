"""How far each value of a target may go before a rule can judge it differently. Pure.

Nearly every look of nearly every rule finds all well and the values hardly changed. A value that
stays on its side of every number it is compared with leaves each comparison as it was, and so the
evaluation: to see that costs a fraction of judging anew.
"""

from collections.abc import Iterator, Mapping
from math import ceil, floor, inf, nextafter

from agent.protocol.strict import MAX_INTEGER
from agent.rules.model import Rule

Values = Mapping[str, float | int | str]
Bounds = tuple[type, float | int | str, float | int | str]
"""The kind of a value, and between which two it may lie, both included."""


def slack(rule: Rule, values: Values) -> dict[str, Bounds]:
    """Return the bounds of each value; ``values`` are true ones, judged by ``rule``."""
    against = [one for c in rule.conditions for one in c.when.root.comparisons()]
    return {
        name: _bounds(value, (one.value for one in against if one.metric == name))
        for name, value in values.items()
    }


def within(values: Values, bounds: Mapping[str, Bounds]) -> bool:
    """Tell whether these are the same metrics, each within its bounds. NaN is within none."""
    if len(values) != len(bounds):
        return False
    for name, value in values.items():
        known = bounds.get(name)
        if known is None or value.__class__ is not known[0] or not known[1] <= value <= known[2]:  # type: ignore[operator] # of one kind
            return False
    return True


def _bounds(value: float | str, literals: Iterator[float | int | str]) -> Bounds:
    """Return the bounds of a number among those it is compared with; a word is to stay as it is."""
    if isinstance(value, str):
        return str, value, value
    is_integer = isinstance(value, int)
    low: float = -MAX_INTEGER if is_integer else -inf
    high: float = MAX_INTEGER if is_integer else inf
    for literal in literals:
        if isinstance(literal, str):
            continue
        if literal == value:
            return value.__class__, value, value
        if literal < value:
            low = max(low, floor(literal) + 1 if is_integer else nextafter(literal, inf))
        else:
            high = min(high, ceil(literal) - 1 if is_integer else nextafter(literal, -inf))
    return value.__class__, low, high
