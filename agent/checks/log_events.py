"""What the system's own log tells of trouble: a closed list of kinds, each event counted once."""

import sys
from collections.abc import Iterator

from agent.check_api import (
    Check,
    Increase,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)

if sys.platform == "win32":
    from agent.host.event_log import KINDS
    from agent.host.event_log_windows import counts

    def latest(_kind: str) -> str:
        """Return the last event of a kind in words: here its numbers say all."""
        return ""

else:
    from agent.host.boot import boot_id
    from agent.host.kernel_log import KINDS, SHARED

    latest = SHARED.latest

    def counts(memory: dict[str, str]) -> dict[str, int]:
        """Return how many events of each kind there were since the first look."""
        return SHARED.counts(memory, boot_id())


_WILD = frozenset("*?")


def probe(targets: TargetFilter, memory: dict[str, str]) -> Iterator[Measured | Unreadable]:
    """Yield how many events of each kind there were since the first look."""
    if sys.platform not in CHECK.platforms:
        raise UnsupportedCheckError("this system's log is not read")
    if not targets.absent_ignored:
        for name in filter(targets.named, targets.include):
            if name not in KINDS and _WILD.isdisjoint(name):
                yield Unreadable(name, f"the log has no such kind; it has {', '.join(KINDS)}")
    chosen = [kind for kind in KINDS if targets.wants(kind)]
    if chosen:
        found = counts(memory)
        for kind in chosen:
            about = latest(kind) if found[kind] else ""
            yield Measured(kind, {"count_total": found[kind]}, about)


CHECK = Check(
    name="log.events",
    meaning="what the system's own log tells of trouble",
    metrics=(
        Metric("count_total", Unit.COUNT, "events since the first look"),
        Metric(
            "count_24h",
            Unit.COUNT,
            "events of a day",
            derived=Increase("count_total", 24 * 3600),
        ),
        Metric(
            "count_7d",
            Unit.COUNT,
            "events of a week",
            derived=Increase("count_total", 7 * 24 * 3600),
        ),
    ),
    probe=probe,
    platforms=("linux", "win32"),
    remembers=True,
)
