"""Programs that the system killed because memory ran out."""

from collections.abc import Iterator

from agent.check_api import (
    Check,
    CheckError,
    Increase,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)
from agent.host import procfs

TARGET = "memory"


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield how many programs were killed since the system's start."""
    if not targets.wants(TARGET):
        return
    kills = procfs.out_of_memory_kills()
    if kills is None:
        raise UnsupportedCheckError("this kernel does not count what it kills")
    yield Measured(TARGET, {"kills_total": kills}, _last_killed() if kills else "")


def _last_killed() -> str:
    """Return the program that was killed last, as far as the kernel's log may be read."""
    from agent.host import kernel_log  # noqa: PLC0415 - where a program was killed

    try:
        name = kernel_log.killed(kernel_log.SHARED.latest("out-of-memory"))
    except CheckError:
        return ""
    return f"last killed: {name}" if name else ""


CHECK = Check(
    name="oom",
    meaning="programs killed because memory ran out",
    metrics=(
        Metric("kills_total", Unit.COUNT, "programs killed since the system's start"),
        Metric(
            "kills_24h",
            Unit.COUNT,
            "programs killed in the last 24 hours",
            derived=Increase("kills_total", 24 * 3600),
        ),
    ),
    probe=probe,
    platforms=("linux",),
)
