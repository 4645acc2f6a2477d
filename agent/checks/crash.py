"""Crashes of the system itself: blue screens, kernel panics."""

import sys
from collections.abc import Iterator

from agent import clock
from agent.check_api import Check, Increase, Measured, Metric, TargetFilter, Unit, Unreadable

_TARGET = "system"
_DAY_S = 24 * 3600


def probe(targets: TargetFilter, memory: dict[str, str]) -> Iterator[Measured | Unreadable]:
    """Yield how many crashes there were since the first look."""
    if targets.wants(_TARGET):
        total, about = _counted(memory)
        yield Measured(_TARGET, {"crashes_total": total}, about)


if sys.platform == "win32":
    from agent.host import event_log, event_log_windows

    def _counted(memory: dict[str, str]) -> tuple[int, str]:
        return event_log_windows.counts(memory)["blue-screen"], event_log.last_crash(memory)

else:
    from agent.host import crash_traces

    def _counted(memory: dict[str, str]) -> tuple[int, str]:
        traces = crash_traces.read()
        now_s = clock.now().wall.timestamp()
        total = crash_traces.fold(memory, (one.at_s for one in traces), now_s)
        return total, crash_traces.in_words(memory, traces)


CHECK = Check(
    name="crash",
    meaning="crashes of the system itself",
    metrics=(
        Metric("crashes_total", Unit.COUNT, "crashes since the first look"),
        Metric(
            "crashes_24h", Unit.COUNT, "crashes of a day", derived=Increase("crashes_total", _DAY_S)
        ),
        Metric(
            "crashes_14d",
            Unit.COUNT,
            "crashes of two weeks",
            derived=Increase("crashes_total", 14 * _DAY_S),
        ),
    ),
    probe=probe,
    remembers=True,
)
