"""The checks that exist, as rules see them: declared metrics and nothing behind them.

Rules are tested without measuring anything; a test elsewhere holds the shipped rules against
the real checks.
"""

from collections.abc import Iterator

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, Unreadable


def no_probe(_targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Measure nothing."""
    return iter(())


def _check(name: str, *metrics: Metric, needs_targets: bool = False, **options: str) -> Check:
    return Check(
        name=name,
        meaning=name,
        metrics=metrics,
        probe=no_probe,
        needs_targets=needs_targets,
        options={option: tuple(words.split()) for option, words in options.items()},
    )


def _words(name: str, words: str) -> Metric:
    return Metric(name, Unit.WORD, name, tuple(words.split()))


DISK_SPACE = _check(
    "disk.space",
    Metric("free_percent", Unit.SHARE, "free"),
    Metric("free_bytes", Unit.BYTES, "free"),
    Metric("used_percent", Unit.SHARE, "used"),
    Metric("total_bytes", Unit.BYTES, "size"),
    Metric("full_in", Unit.SECONDS, "when"),
)
MEMORY = _check(
    "memory",
    Metric("used_percent", Unit.SHARE, "used"),
    Metric("available_bytes", Unit.BYTES, "available"),
    Metric("commit_percent", Unit.SHARE, "committed"),
    Metric("stall_percent", Unit.SHARE, "time somebody waited for memory"),
    Metric("swap_used_percent", Unit.SHARE, "swap"),
)
CPU = _check(
    "cpu",
    Metric("busy_percent", Unit.SHARE, "busy"),
    Metric("load_per_cpu", Unit.COUNT, "load"),
)
SERVICE = _check(
    "service",
    _words("state", "running stopped failed starting missing"),
    Metric("restarts", Unit.COUNT, "restarts"),
    start="automatic manual disabled",
)
PROCESS = _check(
    "process",
    Metric("count", Unit.COUNT, "how many"),
    _words("state", "running missing"),
    needs_targets=True,
)
TCP = _check(
    "tcp",
    _words("state", "open refused timeout unreachable"),
    Metric("connect_s", Unit.SECONDS, "time to connect"),
    needs_targets=True,
)
TEMPERATURE = _check(
    "disk.temperature",
    Metric("temperature", Unit.CELSIUS, "as the disk says"),
)

CHECKS = {
    check.name: check for check in (DISK_SPACE, MEMORY, CPU, SERVICE, PROCESS, TCP, TEMPERATURE)
}
