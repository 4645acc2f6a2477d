"""How much work waits for the processors, disks and memory: what users feel as slow."""

from collections.abc import Iterator

from agent.check_api import (
    Check,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)
from agent.host import procfs

TARGET = "pressure"
RESOURCES = ("cpu", "io", "memory")


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the share of the last minute in which work waited for each resource."""
    if not targets.wants(TARGET):
        return
    told = {resource: procfs.pressure(resource) for resource in RESOURCES}
    values: dict[str, float | int | str] = {
        f"{resource}_stall_percent": share for resource, share in told.items() if share is not None
    }
    if not values:
        raise UnsupportedCheckError("this kernel keeps no account of waiting work (PSI)")
    yield Measured(TARGET, values)


CHECK = Check(
    name="pressure",
    meaning="how much work waits for processors, disks and memory",
    metrics=(
        Metric("cpu_stall_percent", Unit.SHARE, "share of the last minute waiting for processors"),
        Metric("io_stall_percent", Unit.SHARE, "share of the last minute waiting for disks"),
        Metric("memory_stall_percent", Unit.SHARE, "share of the last minute waiting for memory"),
    ),
    probe=probe,
    platforms=("linux",),
)
