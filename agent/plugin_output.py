"""What a monitoring plugin prints, read by the rules of the Monitoring Plugins. Pure.

The first line is a summary, what follows is details. After a ``|`` on the first line stands
performance data, and after the first ``|`` on a later line nothing but performance data:
``'label'=value[unit];[warn];[crit];[min];[max]``. What it says decides nothing: a plugin's verdict
is its exit status. Items that are not of this form are left out.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from agent.protocol.words import Unit

PREFIX = "perf_"
MOST_ITEMS = 100
"""Performance data that is kept; no plugin of a single thing has so much."""

_UNITS = {
    "": (Unit.COUNT, 1.0),
    "c": (Unit.COUNT, 1.0),  # a counter that only rises
    "%": (Unit.SHARE, 1.0),
    "ns": (Unit.SECONDS, 1e-9),
    "us": (Unit.SECONDS, 1e-6),
    "µs": (Unit.SECONDS, 1e-6),
    "ms": (Unit.SECONDS, 1e-3),
    "s": (Unit.SECONDS, 1.0),
    "B": (Unit.BYTES, 1.0),
    **{f"{k}B": (Unit.BYTES, 1000.0**n) for n, k in enumerate("KMGTP", start=1)},
    **{f"{k}iB": (Unit.BYTES, 1024.0**n) for n, k in enumerate("KMGTP", start=1)},
    "kB": (Unit.BYTES, 1000.0),
    "C": (Unit.CELSIUS, 1.0),
    "°C": (Unit.CELSIUS, 1.0),
}
_NUMBER = r"[-+]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
_ITEM = re.compile(r"(?<!\S)(?P<label>'(?:[^']|'')+'|[^\s='|;]+)=(?P<fields>[^\s']*)")
_VALUE = re.compile(rf"(?P<number>{_NUMBER})(?P<unit>\D*)")
_RANGE = re.compile(rf"(?P<inside>@?)(?:(?P<low>~|{_NUMBER})?:)?(?P<high>{_NUMBER})?")
_LONGEST_NUMBER = 40
_LONGEST_NAME = 100


class Range(NamedTuple):
    """A threshold: it alarms outside ``low`` to ``high``, or within when ``inside``."""

    low: float
    high: float
    inside: bool = False

    def alarms(self, value: float) -> bool:
        """Tell whether a value alarms; the ends belong to the range."""
        return (self.low <= value <= self.high) is self.inside


class PerfValue(NamedTuple):
    """One item of performance data; all numbers are in ``unit``'s base (bytes, seconds, …)."""

    label: str
    value: float
    unit: Unit
    warn: Range | None = None
    crit: Range | None = None
    least: float | None = None
    most: float | None = None

    @property
    def metric(self) -> str:
        """The name that rules use: ``perf_`` and the label in small letters, digits and ``_``."""
        return (PREFIX + re.sub(r"[^a-z0-9]", "_", self.label.lower()))[:_LONGEST_NAME]


class PluginOutput(NamedTuple):
    """What a plugin printed: its ``summary`` of one line, ``details``, performance data."""

    summary: str
    details: str
    perf: tuple[PerfValue, ...]

    def values(self) -> dict[str, float]:
        """Return the performance data by metric; of two with one name the first."""
        found: dict[str, float] = {}
        for item in self.perf:
            found.setdefault(item.metric, item.value)
        return found


def parse(printed: bytes) -> PluginOutput:
    """Return what a plugin's standard output says; bytes that are no UTF-8 are replaced."""
    text = printed.decode(errors="replace")
    first, _, rest = text.lstrip("\r\n").partition("\n")
    summary, _, data = first.partition("|")
    details, _, more = rest.partition("|")
    # \v and \f end no line of a plugin, but split() parts items at them: no harm in data
    perf = tuple(_items(f"{data} {more}"))
    return PluginOutput(summary.strip(), details.strip(), perf)


def threshold(written: str) -> Range | None:
    """Return the range that ``10``, ``10:``, ``~:10``, ``10:20`` or ``@10:20`` stands for.

    None for nothing, and for what is none: no low bound is 0, ``~`` minus infinity, no high
    bound infinity.
    """
    match = _RANGE.fullmatch(written)
    if match is None or not written or len(written) > _LONGEST_NUMBER:
        return None
    low = -math.inf if match["low"] == "~" else _number(match["low"] or "0")
    high = _number(match["high"]) if match["high"] else math.inf
    return Range(low, high, bool(match["inside"])) if low <= high else None


def _items(data: str) -> Iterator[PerfValue]:
    for count, match in enumerate(_ITEM.finditer(data)):
        if count == MOST_ITEMS:
            return
        label = match["label"]
        if label.startswith("'"):
            label = label[1:-1].replace("''", "'")
        item = _item(label, match["fields"].split(";"))
        if item:
            yield item


def _item(label: str, fields: list[str]) -> PerfValue | None:
    match = _VALUE.fullmatch(fields[0])
    if match is None or len(fields[0]) > _LONGEST_NUMBER:
        return None  # U stands for a value that could not be told
    unit, size = _UNITS.get(match["unit"], (Unit.COUNT, 1.0))
    value = _number(match["number"]) * size
    if not math.isfinite(value):
        return None
    warn, crit, least, most = (*fields[1:5], "", "", "", "")[:4]
    return PerfValue(
        label,
        value,
        unit,
        _scaled(threshold(warn), size),
        _scaled(threshold(crit), size),
        _bound(least, size),
        _bound(most, size),
    )


def _scaled(limit: Range | None, size: float) -> Range | None:
    return limit and Range(limit.low * size, limit.high * size, limit.inside)


def _bound(written: str, size: float) -> float | None:
    match = re.fullmatch(_NUMBER, written) if len(written) <= _LONGEST_NUMBER else None
    return _number(written) * size if match else None


def _number(written: str) -> float:
    """Return a number; some plugins print it as their locale has it, with a comma."""
    return float(written.replace(",", "."))
