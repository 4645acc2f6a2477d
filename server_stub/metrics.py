"""Figures of this process in Prometheus' text format.

Counters and histograms are fed where things happen; gauges are asked when somebody scrapes. No
library: what we need of one is these hundred lines, and the usual one brings a registry for
several processes that one worker does not have.
"""

import bisect
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[str, ...]
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_COUNTS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


class Counter:
    """Counts what happened, by the values of its labels."""

    kind = "counter"

    def __init__(self, name: str, says: str, labels: Sequence[str] = ()) -> None:
        """Take its name, what it counts, and its labels' names."""
        self.name = name
        self.says = says
        self._labels = tuple(labels)
        self._counts: dict[Labels, float] = {} if labels else {(): 0.0}
        self._lock = threading.Lock()

    def add(self, *values: str, by: float = 1) -> None:
        """Count one more, or ``by``."""
        with self._lock:
            self._counts[values] = self._counts.get(values, 0) + by

    def samples(self) -> Iterator[str]:
        """Yield its lines."""
        with self._lock:
            counts = sorted(self._counts.items())
        for values, count in counts:
            yield _sample(self.name, dict(zip(self._labels, values, strict=True)), count)


class Histogram:
    """How often something was at most so large; ``labels`` as a counter's."""

    kind = "histogram"

    def __init__(
        self, name: str, says: str, bounds: Sequence[float], labels: Sequence[str] = ()
    ) -> None:
        """Take its name, what it measures, and the upper bounds of its buckets, rising."""
        self.name = name
        self.says = says
        self._bounds = tuple(bounds)
        self._labels = tuple(labels)
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}
        self._lock = threading.Lock()

    def observe(self, value: float, *values: str) -> None:
        """Count one measured value."""
        place = bisect.bisect_left(self._bounds, value)
        with self._lock:
            counts = self._counts.get(values)
            if counts is None:
                counts = self._counts[values] = [0] * (len(self._bounds) + 1)
            counts[place] += 1
            self._sums[values] = self._sums.get(values, 0.0) + value

    def samples(self) -> Iterator[str]:
        """Yield its lines."""
        with self._lock:
            kept = [(v, list(c), self._sums[v]) for v, c in sorted(self._counts.items())]
        for values, counts, total in kept:
            labels = dict(zip(self._labels, values, strict=True))
            reached = 0
            for bound, count in zip((*self._bounds, math.inf), counts, strict=True):
                reached += count
                yield _sample(f"{self.name}_bucket", labels | {"le": _number(bound)}, reached)
            yield _sample(f"{self.name}_sum", labels, total)
            yield _sample(f"{self.name}_count", labels, reached)


class Gauge:
    """What is so at this moment; asked when somebody scrapes."""

    kind = "gauge"

    def __init__(self, name: str, says: str, labels: Sequence[str] = ()) -> None:
        """Take its name, what it tells, and its labels' names."""
        self.name = name
        self.says = says
        self._labels = tuple(labels)
        self.ask: Callable[[], Mapping[Labels, float]] = dict

    def samples(self) -> Iterator[str]:
        """Yield its lines."""
        for values, value in sorted(self.ask().items()):
            yield _sample(self.name, dict(zip(self._labels, values, strict=True)), value)


REQUESTS = Counter(
    "watchdesk_requests_total", "Requests answered, by kind of route.", ["route", "status"]
)
REQUEST_S = Histogram(
    "watchdesk_request_seconds", "From a request's head to its answer.", _SECONDS, ["route"]
)
GROUP = Histogram("watchdesk_intake_group_envelopes", "Envelopes of one transaction.", _COUNTS)
COMMIT_S = Histogram(
    "watchdesk_intake_commit_seconds", "One transaction of envelopes, with its commit.", _SECONDS
)
HEARTBEATS = Counter("watchdesk_heartbeats_total", "Heartbeats taken.")
WAITING = Gauge("watchdesk_intake_waiting", "Requests that wait for the writer.")
DUE_WORK = Counter(
    "watchdesk_due_work_total",
    "Due work by kind and outcome: done, put_off (failed, tried again), lost (another's).",
    ["kind", "outcome"],
)
TICKETS = Gauge("watchdesk_tickets_unresolved", "Unresolved tickets.", ["priority"])
DEVICES = Gauge("watchdesk_devices", "Devices known, and heard of within 15 minutes.", ["state"])
SWEPT = Gauge("watchdesk_fleet_swept_timestamp_seconds", "When silence was looked for last.")
STARTED = Gauge("process_start_time_seconds", "When this process started.")
VERSION = Gauge("watchdesk_build", "1, labelled with the version.", ["version"])

ALL: Sequence[Counter | Histogram | Gauge] = (
    *(REQUESTS, REQUEST_S, GROUP, COMMIT_S, HEARTBEATS, WAITING, DUE_WORK, TICKETS),
    *(DEVICES, SWEPT, STARTED, VERSION),
)


def exposition() -> str:
    """Return all figures as they are now."""
    lines = []
    for one in ALL:
        lines += [f"# HELP {one.name} {one.says}", f"# TYPE {one.name} {one.kind}"]
        lines += one.samples()
    return "\n".join(lines) + "\n"


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if value == math.inf:
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
