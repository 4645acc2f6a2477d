"""What was measured lately: a few points for each (rule, target, metric), for evidence and trends.

A point is kept every five minutes. A full series loses every second point of its older half, so
it stays small and reaches ever further back, coarser with age. Its clock is the time that the
computer was on, sleep included, added up over reboots: the wall clock jumps.
"""

import json
import math
from array import array
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agent.clock import Now

STEP_S = 300.0
"""Between two points of a series, and between two commits of the history."""
MOST_POINTS = 96
MOST_SERIES = 200

Key = tuple[str, str, str]
"""Rule, target, metric."""


class Point(NamedTuple):
    """One value; ``at_s`` is on the history's own clock."""

    at_s: float
    value: float


class _Series:
    __slots__ = ("numbers", "times")

    def __init__(self, times: Iterable[float] = (), numbers: Iterable[float] = ()) -> None:
        self.times = array("d", times)
        self.numbers = array("d", numbers)

    def last_s(self) -> float:
        return self.times[-1] if self.times else -math.inf

    def add(self, at_s: float, number: float) -> None:
        self.times.append(at_s)
        self.numbers.append(number)
        if len(self.times) > MOST_POINTS:
            middle = MOST_POINTS // 2
            for points in (self.times, self.numbers):
                points[:middle] = points[:middle:2]


class History:
    """The series of one device, in memory; ``text`` is what agent.db keeps of them."""

    def __init__(self, now: Now, boot_id: str, text: str | None = None) -> None:
        """Go on with a stored text; one that cannot be read is an empty history."""
        self._boot_id = boot_id
        self._offset_s = 0.0
        self._series: dict[Key, _Series] = {}
        self._saved_s = -math.inf
        self._is_new = False
        if text is not None:
            self._load(text, now)

    def note(
        self, rule: str, target: str, values: Mapping[str, float | int | str], now: Now
    ) -> None:
        """Take the numbers of one look, where five minutes have passed since the last point."""
        at_s = self._at_s(now)
        for metric, value in values.items():
            if isinstance(value, str) or not math.isfinite(value):
                continue
            series = self._series.get((rule, target, metric))
            if series is None:
                series = self._begin((rule, target, metric))
            if at_s - series.last_s() >= STEP_S:
                series.add(at_s, value)
                self._is_new = True

    def points(self, rule: str, target: str, metric: str) -> list[Point]:
        """Return a series, oldest first."""
        series = self._series.get((rule, target, metric), _Series())
        return list(map(Point, series.times, series.numbers))

    def is_due(self, now: Now) -> bool:
        """Tell whether there is something new and the last commit is long enough ago."""
        return self._is_new and self._at_s(now) - self._saved_s >= STEP_S

    def text(self, now: Now) -> str:
        """Return what is to be stored now."""
        self._saved_s = self._at_s(now)
        self._is_new = False
        tree = {
            "boot_id": self._boot_id,
            "offset_s": self._offset_s,
            "series": [
                [*key, [round(at) for at in one.times], [float(f"{n:.6g}") for n in one.numbers]]
                for key, one in self._series.items()
            ],
        }
        return json.dumps(tree, separators=(",", ":"))

    def _at_s(self, now: Now) -> float:
        return self._offset_s + now.boot_s

    def _begin(self, key: Key) -> _Series:
        if len(self._series) >= MOST_SERIES:  # the one that has been silent longest goes
            del self._series[min(self._series, key=lambda old: self._series[old].last_s())]
        self._series[key] = _Series()
        return self._series[key]

    def _load(self, text: str, now: Now) -> None:
        series: dict[Key, _Series] = {}
        try:
            tree = json.loads(text)
            for rule, target, metric, times, numbers in tree["series"]:
                series[str(rule), str(target), str(metric)] = _checked(times, numbers)
            offset_s = float(tree["offset_s"])
            same_boot = tree["boot_id"] == self._boot_id and math.isfinite(offset_s)
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
            return
        latest_s = max((one.last_s() for one in series.values()), default=0.0)
        if same_boot and offset_s + now.boot_s >= latest_s:
            self._offset_s = offset_s
        else:
            self._offset_s = latest_s - now.boot_s
        self._series = series


def _checked(times: list[float], numbers: list[float]) -> _Series:
    series = _Series(times[-MOST_POINTS:], numbers[-MOST_POINTS:])
    if len(series.times) != len(series.numbers) or not series.times:
        raise ValueError("not two lists of one length")
    if not all(map(math.isfinite, (*series.times, *series.numbers))):
        raise ValueError("not finite")
    return series
