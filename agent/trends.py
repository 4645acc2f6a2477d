"""What follows from what was measured before: the metrics that no probe yields.

It keeps the samples that are worth keeping and derives increases and forecasts from them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple, Protocol

from agent.check_api import Check, Increase, Measured, Metric, Unreadable, UsedUpIn
from agent.clock import Now
from agent.history import FORECAST_S, NEVER, OFTEN_S, Forecast, Sample, forecast, increase, is_news
from agent.protocol.words import Unit
from agent.store.history_file import Row, SeriesKey

Values = Mapping[str, float | int | str]

WRITE_EVERY_S = 300.0
FORECAST_EVERY_S = 3600.0
RETRY_S = 10.0
"""What could not be written is tried again this often."""
JUMP_S = 60.0
"""A wall clock that moved so much against the time since boot was set."""


class History(Protocol):
    """Where samples are kept (``store.history_file``)."""

    def append(self, rows: list[Row]) -> bool:
        """Keep these; tell whether that could be done: if not, ask again with none or more."""

    def samples(self, key: SeriesKey, since_s: float) -> list[tuple[float, float]]:
        """Return those of a series since a moment, and the last one before it."""


class _Told(NamedTuple):
    at_boot_s: float
    forecast: Forecast


class _Followed:
    """What of a check's readings is kept for rules that judge the same metrics, and seen last."""

    def __init__(self, check: Check, judged: Collection[str], source: str) -> None:
        made_of = (part for m in check.metrics if m.derived for part in derived_from(m.derived))
        wanted = {*made_of, *judged}
        opened = (check.metric(name) for name in sorted(judged) if check.is_open(name))
        metrics = (*check.metrics, *filter(None, opened))
        self.kept = tuple(metric for metric in metrics if metric.name in wanted)
        self.words = tuple(metric.name for metric in self.kept if metric.unit is Unit.WORD)
        self.derives = any(metric.derived for metric in check.metrics)
        self.source = source
        self.seen: dict[str, _Seen] = {}


class _Seen(NamedTuple):
    """What was measured of a target, and until when nothing of it is news but a word."""

    values: Values
    at_s: float
    until_s: float


class Trends:
    """Derives metrics, look by look. One thread uses it at a time."""

    def __init__(self, history: History) -> None:
        """Take where samples are kept."""
        self._history = history
        self._waiting: list[Row] = []
        self._write_at_s = 0.0
        self._unwritten_waits = False
        self._offset_s: float | None = None
        self._last: dict[SeriesKey, Sample] = {}
        self._counted: dict[SeriesKey, list[Sample]] = {}
        self._forecasts: dict[SeriesKey, _Told] = {}
        self._followed: dict[tuple[str, frozenset[str]], _Followed] = {}
        self._now: Now | None = None
        self._at_s = 0.0

    def complete(
        self,
        check: Check,
        measured: Measured,
        judged: frozenset[str],
        now: Now,
        source: str | None = None,
    ) -> Measured:
        """Return the readings with those that follow from earlier ones.

        Samples of what is derived from, and of the metrics that rules judge (``judged``), are kept
        under the name ``source`` (see ``source_of``), usually the check's.
        """
        followed = self._follow(check, judged, now, source or check.name)
        self._keep_news(followed, check, measured)
        return self._derive(followed, check, measured, now) if followed.derives else measured

    def complete_all(
        self,
        check: Check,
        found: Sequence[Measured | Unreadable],
        judged: frozenset[str],
        now: Now,
        source: str | None = None,
    ) -> Sequence[Measured | Unreadable]:
        """Return all that one look found so; what could not be read stays as it is."""
        followed = self._follow(check, judged, now, source or check.name)
        for one in found:
            if isinstance(one, Measured):
                self._keep_news(followed, check, one)
        if not followed.derives:
            return found
        return [
            self._derive(followed, check, one, now) if isinstance(one, Measured) else one
            for one in found
        ]

    def _follow(self, check: Check, judged: frozenset[str], now: Now, source: str) -> _Followed:
        if now is not self._now:  # one turn looks at many rules
            self._now, self._at_s = now, now.wall.timestamp()
            self._notice_jump(self._at_s - now.boot_s)
        followed = self._followed.get((source, judged))
        if followed is None:
            followed = self._followed[source, judged] = _Followed(check, judged, source)
        return followed

    def _keep_news(self, followed: _Followed, check: Check, measured: Measured) -> None:
        """Keep what is news of a target: some minutes after it was kept last, or another word."""
        seen, at_s = followed.seen.get(measured.target), self._at_s
        until_s = at_s + OFTEN_S
        if seen is not None and seen.at_s <= at_s < seen.until_s:
            if not (followed.words and _differ(followed.words, measured.values, seen.values)):
                return
            until_s = seen.until_s
        for metric in followed.kept:
            self._keep(followed.source, check, measured, metric, at_s)
        followed.seen[measured.target] = _Seen(measured.values, at_s, until_s)

    def _derive(self, followed: _Followed, check: Check, measured: Measured, now: Now) -> Measured:
        derived = dict(self._derived(followed.source, check, measured, now))
        return replace(measured, values={**measured.values, **derived})

    def forecast_of(self, check: str, target: str, metric: str) -> Forecast:
        """Return the last forecast that was made of a metric, with its error band."""
        told = self._forecasts.get(SeriesKey(check, target, metric))
        return told.forecast if told else NEVER

    def samples(
        self, check: str, rule: str, target: str, metric: str, *, over_s: float, now: Now
    ) -> list[Sample]:
        """Return a rule's samples of a metric in the last ``over_s``, and the last one before."""
        for source in (_own(check, rule), check):
            key = SeriesKey(source, target, metric)
            known = self._history.samples(key, now.wall.timestamp() - over_s)
            found = [*(Sample(*one) for one in known), *self._unwritten(key)]
            if found:
                return found
        return []

    def write(self, now: Now, *, at_once: bool = False) -> None:
        """Write the samples that wait, no more often than every five minutes."""
        waits = self._waiting or self._unwritten_waits
        if waits and (at_once or now.boot_s >= self._write_at_s):
            written = self._history.append(self._waiting)
            self._waiting = []
            self._unwritten_waits = not written
            self._write_at_s = now.boot_s + (WRITE_EVERY_S if written else RETRY_S)

    def _notice_jump(self, offset_s: float) -> None:
        """Set the times of counters' samples with the clock: how long ago it was stays true.

        ``offset_s`` is what the wall clock is ahead of the time since boot.
        """
        before_s, self._offset_s = self._offset_s, offset_s
        if before_s is None or abs(offset_s - before_s) < JUMP_S:
            return
        by_s = offset_s - before_s
        for key, counted in self._counted.items():
            self._counted[key] = [Sample(at_s + by_s, value) for at_s, value in counted]

    def _keep(
        self, source: str, check: Check, measured: Measured, metric: Metric, at_s: float
    ) -> None:
        """Keep a sample if it is news."""
        value = _number(metric, measured.values)
        if value is None:
            return
        key = SeriesKey(source, measured.target, metric.name)
        last = self._last.get(key)
        if last is not None and not is_news(last, value, metric.unit, at_s):
            return
        self._last[key] = sample = Sample(at_s, value)
        self._waiting.append((key, at_s, value))
        if (counted := self._counted.get(key)) is not None:
            counted.append(sample)
            while len(counted) > 1 and counted[1].at_s < at_s - _longest_s(check, metric.name):
                del counted[0]

    def _derived(
        self, source: str, check: Check, measured: Measured, now: Now
    ) -> Iterator[tuple[str, float]]:
        for metric in check.metrics:
            value = metric.derived and measured.values.get(metric.derived.of)
            if metric.derived is None or not isinstance(value, (int, float)):
                continue
            key = SeriesKey(source, measured.target, metric.derived.of)
            if isinstance(metric.derived, Increase):
                samples = self._samples(key, _longest_s(check, key.metric), now)
                yield (
                    metric.name,
                    increase(
                        chain(samples, [Sample(now.wall.timestamp(), float(value))]),
                        metric.derived.over_s,
                        now.wall.timestamp(),
                    ),
                )
            else:
                size = measured.values.get(metric.derived.size)
                if isinstance(size, (int, float)):
                    yield metric.name, self._used_up_in(key, float(size), now)

    def _samples(self, key: SeriesKey, over_s: float, now: Now) -> list[Sample]:
        """Return a counter's samples; read from the file the first time."""
        if key not in self._counted:
            known = self._history.samples(key, now.wall.timestamp() - over_s)
            self._counted[key] = [*(Sample(*one) for one in known), *self._unwritten(key)]
        return self._counted[key]

    def _used_up_in(self, key: SeriesKey, size: float, now: Now) -> float:
        told = self._forecasts.get(key)
        if told is None or not 0 <= now.boot_s - told.at_boot_s < FORECAST_EVERY_S:
            now_s = now.wall.timestamp()
            known = [Sample(*one) for one in self._history.samples(key, now_s - FORECAST_S)]
            looks = [*known, *self._unwritten(key)]
            told = self._forecasts[key] = _Told(now.boot_s, forecast(looks, size, now_s))
        return told.forecast.in_s

    def _unwritten(self, key: SeriesKey) -> list[Sample]:
        return [Sample(at_s, value) for one, at_s, value in self._waiting if one == key]


def source_of(check: Check, rule: str) -> str:
    """Return the name under which samples of a check are kept for a rule.

    What a check remembers is a rule's own, and so is what it counts: two rules read one log for
    different words.
    """
    return _own(check.name, rule) if check.remembers else check.name


def _own(check: str, rule: str) -> str:
    return f"{check} of {rule}"


def derived_from(derived: Increase | UsedUpIn) -> tuple[str, ...]:
    """Return the metrics whose samples it takes to tell it."""
    return (derived.of, derived.size) if isinstance(derived, UsedUpIn) else (derived.of,)


def _differ(words: tuple[str, ...], values: Values, seen: Values) -> bool:
    return any(values.get(word) != seen.get(word) for word in words)


def _longest_s(check: Check, counter: str) -> float:
    """Return the longest time over which an increase of this counter is asked for."""
    asked = (m.derived for m in check.metrics if isinstance(m.derived, Increase))
    return max((one.over_s for one in asked if one.of == counter), default=0.0)


def _number(metric: Metric, values: Mapping[str, float | int | str]) -> float | None:
    """Return a value as a number: of a word, its place among the metric's words."""
    value = values.get(metric.name)
    if metric.unit is Unit.WORD:
        return float(metric.words.index(value)) if value in metric.words else None
    return float(value) if isinstance(value, (int, float)) else None
