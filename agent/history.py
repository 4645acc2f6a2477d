"""What was measured over days: which of it is worth keeping, and what follows from it. Pure.

Times are Unix seconds, as the computer's clock had them; samples come in the order in which they
were measured. Where a time is earlier than the one before it, the clock was set back there.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agent.protocol.words import Unit

DAY_S = 86_400.0
SELDOM_S = 3600.0
"""What stays as it is gets a sample this often."""
OFTEN_S = 300.0
"""What changes gets a sample no more often than this."""
FORECAST_S = 14 * DAY_S
_BUCKET_S = DAY_S / 4
_LEAST_S = 3 * DAY_S
_LEAST_BUCKETS = 9
_JUMP = 0.02
_FALL = 0.01
_FARTHEST_S = 365 * DAY_S
_STEP = {Unit.SHARE: 1.0, Unit.CELSIUS: 2.0}
_RELATIVE_STEP = 0.01


class Sample(NamedTuple):
    """A value and when it was measured."""

    at_s: float
    value: float


class Forecast(NamedTuple):
    """In how many seconds something will be used up; the earliest and the latest as well.

    Half of all pairs of looks lie between the two. ``NEVER`` when it does not fall, clearly and
    for days.
    """

    in_s: float
    earliest_s: float
    latest_s: float


NEVER = Forecast(float("inf"), float("inf"), float("inf"))


def is_news(last: Sample | None, value: float, unit: Unit, now_s: float) -> bool:
    """Tell whether a sample is worth keeping after the ``last`` one that was kept."""
    if last is None or not 0 <= now_s - last.at_s < SELDOM_S:
        return True
    if unit is Unit.WORD:
        return value != last.value
    if now_s - last.at_s < OFTEN_S:
        return False
    if unit is Unit.COUNT:
        return value != last.value
    step = _STEP.get(unit, abs(last.value) * _RELATIVE_STEP)
    return abs(value - last.value) >= step and value != last.value


def increase(samples: Iterable[Sample], over_s: float, now_s: float) -> float:
    """Return by how much a counter rose in the last ``over_s`` seconds.

    A value lower than the one before is that of a counter which began again at 0. The first
    sample is what it is measured from: what had been counted before is not known to be new.
    Where the clock was set back, what was measured before is set back with it: how long ago it
    was is as true as before.
    """
    risen = 0.0
    later_s, shift_s = now_s, 0.0
    after: float | None = None
    for at_s, value in reversed(tuple(samples)):
        if after is not None:
            if later_s <= now_s - over_s:
                break
            risen += after - value if after >= value else after
        shift_s = max(shift_s, at_s - later_s)
        later_s, after = at_s - shift_s, value
    return risen


def forecast(samples: Sequence[Sample], size: float, now_s: float) -> Forecast:
    """Return when what falls reaches 0, from the looks of the last two weeks.

    ``size`` is the whole of which ``samples`` tell what is left. The pace is the median of all
    pairs of looks at least a day apart (Theil and Sen), so a big file that is written once, or
    comes and goes every night, makes none. A rise of 2 % of the size is a clean-up, and a clock
    that was set back makes days too short: only what follows counts. It takes three days of looks.
    """
    looks = _since_clean_up(_thinned(_since_set_back(samples, now_s), now_s), size)
    if len(looks) < _LEAST_BUCKETS or looks[-1].at_s - looks[0].at_s < _LEAST_S:
        return NEVER
    paces = sorted(
        (later.value - earlier.value) / (later.at_s - earlier.at_s)
        for number, earlier in enumerate(looks)
        for later in looks[number + 1 :]
        if later.at_s - earlier.at_s >= DAY_S
    )
    # By hand: the statistics module would cost a resident agent 1.5 MB.
    steep, middle, flat = (paces[len(paces) * quarter // 4] for quarter in (1, 2, 3))
    span_s = looks[-1].at_s - looks[0].at_s
    if flat >= 0 or -middle * span_s < _FALL * size:
        return NEVER
    left = looks[-1].value
    if left / -middle > _FARTHEST_S:
        return NEVER
    return Forecast(left / -middle, left / -steep, left / -flat)


def _thinned(samples: Iterable[Sample], now_s: float) -> list[Sample]:
    """Return the last look of each quarter of a day."""
    last: dict[int, Sample] = {}
    for sample in samples:
        if now_s - FORECAST_S <= sample.at_s <= now_s:
            last[int(sample.at_s // _BUCKET_S)] = sample
    return [last[bucket] for bucket in sorted(last)]


def _since_set_back(samples: Iterable[Sample], now_s: float) -> list[Sample]:
    """Return the samples since the clock was set back; one that was ahead is left out as well."""
    kept: list[Sample] = []
    for sample in samples:
        if sample.at_s > now_s:
            continue
        if kept and kept[-1].at_s - sample.at_s > _BUCKET_S:
            kept = []
        kept.append(sample)
    return kept


def _since_clean_up(looks: list[Sample], size: float) -> list[Sample]:
    for number in range(len(looks) - 1, 0, -1):
        if looks[number].value - looks[number - 1].value >= _JUMP * size:
            return looks[number:]
    return looks
