"""What a device recorded of itself, as values over time: from samples back to looks. Pure.

Samples are sparse: what stays as it is gets one an hour. So a value holds until the next sample of
its series; where the next one is further away than two hours (or two and a half turns of a rule
that looks less often) nobody looked, and nothing is made up.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from agent.check_api import Check, Metric
from agent.clock import Now
from agent.history import OFTEN_S, SELDOM_S
from agent.protocol.words import Unit
from agent.store.history_file import SeriesKey

Value = float | str
_Sample = tuple[float, float]
_LONGEST_S = 2 * SELDOM_S
_TURNS = 2.5
_NEAR = 0.25
_UP_FOR_S = 30 * 86_400.0
"""The computer has been up for so long: start-ups are not in the history, so no grace either."""


class Past:
    """All samples of a device. Times are Unix seconds, as its wall clock had them."""

    def __init__(
        self, samples: Mapping[SeriesKey, Iterable[tuple[float, float]]], now_s: float
    ) -> None:
        """Take the samples by series; what a wrong clock put into the future is left out."""
        self._series = {
            key: sorted(one for one in given if one[0] <= now_s) for key, given in samples.items()
        }
        times = sorted({at_s for series in self._series.values() for at_s, _ in series})
        self.since_s = times[0] if times else now_s
        self.until_s = times[-1] if times else now_s
        self.count = sum(map(len, self._series.values()))
        self.gaps = [(a, b) for a, b in pairwise(times) if b - a > _LONGEST_S]
        """Spells without any sample: the agent or the computer was off or asleep."""
        self._gap_ends = [end for _, end in self.gaps]
        self._lost = [0.0]
        for begin, end in self.gaps:
            self._lost.append(self._lost[-1] + end - begin)

    def knows(self, source: str, metric: str) -> bool:
        """Tell whether any target has a sample of a metric; ``source`` as ``trends.source_of``."""
        return any((k.check, k.metric) == (source, metric) and s for k, s in self._series.items())

    def targets(self, source: str) -> list[str]:
        """Return the targets of which there are samples."""
        return sorted({key.target for key, series in self._series.items()
                       if key.check == source and series})  # fmt: skip

    def unseen_s(self, since_s: float) -> float:
        """Return for how long nobody looked since then."""
        return sum(end - max(begin, since_s) for begin, end in self.gaps if end > since_s)

    def now(self, at_s: float) -> Now:
        """Return a moment on all three clocks; the time that nobody looked was slept through."""
        boot_s = _UP_FOR_S + at_s - self.since_s
        slept_s = self._lost[bisect_right(self._gap_ends, at_s)]
        return Now(boot_s, boot_s - slept_s, datetime.fromtimestamp(at_s, UTC))

    def before(self, source: str, target: str, at_s: float) -> dict[SeriesKey, list[_Sample]]:
        """Return what was recorded of a target before a moment, by series."""
        return {
            key: [one for one in series if one[0] < at_s]
            for key, series in self._series.items()
            if (key.check, key.target) == (source, target)
        }

    def track(
        self, check: Check, source: str, target: str, metrics: Iterable[str], every_s: float
    ) -> "Track":
        """Return what a rule that looks ``every_s`` would have read of a target."""
        limit_s = max(_LONGEST_S, _TURNS * every_s)
        changes: list[_Change] = []
        for name in metrics:
            metric = check.metric(name)
            series = self._series.get(SeriesKey(source, target, name), [])
            if metric is not None:
                changes += _changes(metric, series, limit_s, self.until_s)
        return Track(sorted(changes, key=lambda change: change.at_s))


class _Change(NamedTuple):
    at_s: float
    metric: str
    value: Value | None


class Track:
    """The values of one target; asked from the past towards now."""

    def __init__(self, changes: Sequence[_Change]) -> None:
        """Take what changes when, in order; None: it is not known any longer."""
        self._changes = changes
        self._next = 0
        self._values: dict[str, Value] = {}

    def at(self, at_s: float) -> Mapping[str, Value]:
        """Return the values at a moment that is not before the last one asked for."""
        first = self._next
        while self._next < len(self._changes) and self._changes[self._next].at_s <= at_s:
            self._next += 1
        if self._next > first:
            self._values = dict(self._values)
            for _, name, value in self._changes[first : self._next]:
                if value is None:
                    self._values.pop(name, None)
                else:
                    self._values[name] = value
        return self._values

    def next_change(self) -> float | None:
        """Return when the next sample comes, or the end of one that is not known any longer."""
        return self._changes[self._next].at_s if self._next < len(self._changes) else None

    def next_look(self, at_s: float, every_s: float) -> float:
        """Return when a rule looks after a look at ``at_s``: at a sample, if one is near its turn.

        What is looked at seldom has a sample of each look.
        """
        due_s = at_s + every_s
        change_s = self.next_change()
        near = change_s is not None and abs(change_s - due_s) <= _NEAR * every_s
        return change_s if near and change_s is not None else due_s


def _changes(
    metric: Metric, series: Sequence[_Sample], limit_s: float, until_s: float
) -> list[_Change]:
    changes = []
    for number, (at_s, number_read) in enumerate(series):
        value = _read(metric, number_read)
        changes.append(_Change(at_s, metric.name, value))
        last = number + 1 == len(series)
        following = until_s if last else series[number + 1][0]
        if following - at_s > limit_s:
            changes.append(_Change(at_s + OFTEN_S, metric.name, None))
    return changes


def _read(metric: Metric, number: float) -> Value | None:
    """Return a sample as the check reads it: a word was kept by its place among the words."""
    if metric.unit is not Unit.WORD:
        return number
    place = int(number) if 0 <= number < len(metric.words) else -1
    return metric.words[place] if place >= 0 else None
