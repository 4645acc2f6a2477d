"""All units of systemd that have failed, as one target: one ticket for all of them."""

from collections.abc import Iterator

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit

TARGET = "units"


def probe(targets: TargetFilter) -> Iterator[Measured]:
    """Yield how many units have failed; ``include`` and ``exclude`` are about units."""
    from agent.host import systemd  # noqa: PLC0415 - on Linux alone

    failed = [unit for unit in systemd.failed() if targets.wants(unit)]
    if targets.include or targets.wants(TARGET):
        yield Measured(TARGET, {"failed_count": len(failed)}, about=", ".join(failed))


CHECK = Check(
    name="systemd",
    meaning="all units of systemd that have failed",
    metrics=(Metric("failed_count", Unit.COUNT, "how many units have failed"),),
    probe=probe,
    platforms=("linux",),
)
