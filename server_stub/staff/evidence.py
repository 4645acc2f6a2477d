"""What an alert brought beside its readings, for the ticket page: charts, lists, what was tried.

As everywhere here it was told by a device and is never trusted to have the shape it should have:
what has another one is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import isfinite
from statistics import median
from typing import Any

from agent.protocol.evidence import MAX_EVIDENCE, MAX_LINES, MAX_POINTS, MAX_SERIES, MAX_TRIED
from agent.protocol.human import human
from agent.protocol.words import Outcome, Unit
from server_stub.intake.tried import OUTCOMES
from server_stub.staff.readings import in_words, without_unit
from server_stub.staff.times import from_label, span

WIDTH, HEIGHT = 480, 64
"""The chart's own coordinates; the page scales it."""
_EDGE = 4
_GAP, _GAP_S = 3, 5400
"""Points further apart than this many times the usual are not joined: nothing was measured.

What stays as it is comes once an hour, so never if they are closer than ``_GAP_S``.
"""

_MARKS: Mapping[str, str] = {
    Outcome.HEALED: "ok",
    Outcome.NOT_HEALED: "critical",
    Outcome.FAILED: "warning",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """One series as a small line: ``lines`` are the ``points`` of polylines, one for each stretch.

    ``words`` say what the line shows to who does not see it; ``rows`` are all values, with how
    long before the event they were measured, the latest first.
    """

    name: str
    words: str
    oldest: str
    least: str
    most: str
    lines: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Lines of text under a title."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TryLine:
    """One attempt to heal; ``at`` is an instant, or the device's own words when it is none.

    ``mark`` is the class that colours the outcome, which says in words what it is.
    """

    action: str
    at: datetime | str
    outcome: str
    mark: str
    detail: str


def charts(tree: Mapping[str, Any]) -> tuple[Chart, ...]:
    """Return the charts of an entry's ``series``; one without two points has none."""
    found = (_chart(item) for item in _mappings(tree.get("series"), MAX_SERIES))
    return tuple(chart for chart in found if chart)


def explanations(tree: Mapping[str, Any]) -> tuple[Explanation, ...]:
    """Return the lists of an entry's ``evidence``, those that have lines."""
    found = (
        Explanation(
            str(item.get("title", "")), tuple(map(str, _list(item.get("lines"))[:MAX_LINES]))
        )
        for item in _mappings(tree.get("evidence"), MAX_EVIDENCE)
    )
    return tuple(one for one in found if one.lines)


def tries(tree: Mapping[str, Any]) -> tuple[TryLine, ...]:
    """Return what an entry says was tried, in order."""
    return tuple(_try(item) for item in _mappings(tree.get("tried"), MAX_TRIED))


def _try(item: Mapping[str, Any]) -> TryLine:
    word = str(item.get("outcome", ""))
    return TryLine(
        action=str(item.get("action", "")),
        at=from_label(item.get("at")) or str(item.get("at", "")),
        outcome=OUTCOMES.get(word, word),
        mark=_MARKS.get(word, ""),
        detail=str(item.get("detail", "")),
    )


def _chart(item: Mapping[str, Any]) -> Chart | None:
    points = sorted(_points(item.get("points")), reverse=True)
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    unit = item.get("unit")
    metric = str(item.get("metric", ""))
    values = [value for _, value in points]
    least, most = in_words(min(values), unit), in_words(max(values), unit)
    name, oldest = without_unit(metric), span(timedelta(seconds=points[0][0]))
    return Chart(
        name=name,
        words=(
            f"{name}: {in_words(values[0], unit)} {oldest} before, "
            f"{in_words(values[-1], unit)} at last; least {least}, most {most}"
        ),
        oldest=oldest,
        least=least,
        most=most,
        lines=tuple(_polylines(points, _scale(values, unit))),
        rows=tuple((human(s, Unit.SECONDS), in_words(value, unit)) for s, value in points[::-1]),
    )


def _points(items: object) -> Iterator[tuple[int, float]]:
    for item in _list(items)[:MAX_POINTS]:
        match item:
            case [int(before_s), int() | float() as value] if isfinite(value):
                if 0 <= before_s < timedelta.max.total_seconds():
                    yield before_s, value


def _scale(values: Sequence[float], unit: object) -> tuple[float, float]:
    """Return the values of the chart's lower and upper edge; a share has its own."""
    least, most = min(values), max(values)
    if unit == Unit.SHARE and least >= 0 and most <= 100:  # noqa: PLR2004 - percent
        return 0.0, 100.0
    return least, most


def _polylines(points: Sequence[tuple[int, float]], scale: tuple[float, float]) -> Iterator[str]:
    """Yield each stretch that was measured without a gap; one point alone is a dot."""
    usual = median(older - later for (older, _), (later, _) in pairwise(points))
    length = points[0][0] or 1
    stretch: list[str] = []
    before = points[0][0]
    for at, value in points:
        if before - at > max(_GAP * usual, _GAP_S):
            yield _line(stretch)
            stretch = []
        stretch.append(f"{_across(1 - at / length)},{_down(value, scale)}")
        before = at
    yield _line(stretch)


def _line(places: Sequence[str]) -> str:
    return " ".join(places if len(places) > 1 else [*places, *places])


def _across(share: float) -> str:
    return f"{_EDGE + share * (WIDTH - 2 * _EDGE):.1f}"


def _down(value: float, scale: tuple[float, float]) -> str:
    """Return how far down a value is; in the middle where all are the same."""
    least, most = (end / 2 for end in scale)  # their whole difference may be no number
    share = (value / 2 - least) / (most - least) if most > least else 0.5
    return f"{_EDGE + (1 - share) * (HEIGHT - 2 * _EDGE):.1f}"


def _mappings(items: object, most: int) -> list[Mapping[str, Any]]:
    return [item for item in _list(items) if isinstance(item, Mapping)][:most]


def _list(items: object) -> list[Any]:
    return items if isinstance(items, list) else []
