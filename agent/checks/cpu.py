"""The processors: how busy they are and how much work waits for them."""

from collections.abc import Iterator

from agent.check_api import Check, CheckError, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host import processors
from agent.host.processors import ProcessorTime

TARGET = "cpu"
SHORTEST_S = 1.0
"""Below it a share of time says more about the look than about the computer."""


class Busy:
    """The busy share between looks; the first one covers the time since boot.

    Several rules may look at once: within ``SHORTEST_S`` all get the same value.
    """

    def __init__(self) -> None:
        """Begin at boot, when all times were zero."""
        self._before = ProcessorTime(0.0, 0.0)
        self._percent: float | None = None

    def percent(self, spent: ProcessorTime, processor_count: int) -> float:
        """Return the share of time (percent) that the processors worked since the last look."""
        total_s = spent.total_s - self._before.total_s
        if self._percent is None or not 0 <= total_s < SHORTEST_S * processor_count:
            idle_s = spent.idle_s - self._before.idle_s  # may step back by a tick on some kernels
            share = 1 - idle_s / total_s if total_s > 0 else 0.0
            self._percent = 100.0 * min(1.0, max(0.0, share))
            self._before = spent
        return self._percent


_BUSY = Busy()


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the processors' state; a load average is left out where the system keeps none."""
    if not targets.wants(TARGET):
        return
    try:
        spent = processors.spent()
    except OSError as error:
        raise CheckError(f"processor times cannot be read: {error.strerror}") from error
    count = processors.count()
    values: dict[str, float | int | str] = {"busy_percent": _BUSY.percent(spent, count)}
    load = processors.load()
    if load is not None:
        values["load_per_cpu"] = load / count
    yield Measured(TARGET, values)


CHECK = Check(
    name="cpu",
    meaning="work done and waiting at the processors",
    metrics=(
        Metric("busy_percent", Unit.SHARE, "share of time they worked since the last look"),
        Metric("load_per_cpu", Unit.COUNT, "processes wanting to run, 5-minute average, for each"),
    ),
    probe=probe,
)
