"""What drives say of their own health, by SMART."""

import sys
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
from agent.host.drive_growth import totals
from agent.host.smart import Drive
from agent.host.smart_report import SELF_TESTS, VERDICTS
from agent.targets import missing

if sys.platform == "win32":
    from agent.host import drive_health_windows as smart
else:
    from agent.host import smart

_WEEK_S = 7 * 24 * 3600


def probe(targets: TargetFilter, memory: dict[str, str]) -> Iterator[Measured | Unreadable]:
    """Yield what each drive tells of itself."""
    there = smart.SHARED.drives()
    for drive in there:
        removable = drive.removable and "removable" in targets.exclude
        if targets.wants(drive.target) and not removable:
            yield from _look(drive, targets, memory)
    for name in missing(targets, {drive.target for drive in there}):
        yield Unreadable(name, "there is no such drive, or it cannot be asked")


def _look(
    drive: Drive, targets: TargetFilter, memory: dict[str, str]
) -> Iterator[Measured | Unreadable]:
    """Yield what one drive tells; nothing for one that has no health to tell, unless named."""
    named = drive.target in targets.include
    try:
        report = smart.SHARED.report(drive)
    except UnsupportedCheckError as error:
        if named:
            yield Unreadable(drive.target, error.reason)
        return
    except CheckError as error:
        yield Unreadable(drive.target, error.reason)
        return
    if report.is_virtual and "virtual" in targets.exclude:
        return
    if report.told:
        identity = f"{report.model} {report.serial}"
        grown = totals(memory, drive.target, identity, report.told)
        serial = f"serial {report.serial}" if report.serial else ""
        about = ", ".join(filter(None, (report.model, serial)))
        yield Measured(drive.target, {**report.told, **grown}, about)
    elif named:
        yield Unreadable(drive.target, "the drive tells nothing of its health")


CHECK = Check(
    name="disk.health",
    meaning="what drives say of their own health (SMART)",
    metrics=(
        Metric("verdict", Unit.WORD, "the drive's own verdict", words=VERDICTS),
        Metric("critical_warning", Unit.COUNT, "warnings of an NVMe drive, a bit for each"),
        Metric("pending", Unit.COUNT, "sectors that cannot be read and wait to be replaced"),
        Metric("reallocated", Unit.COUNT, "sectors that were replaced"),
        Metric("uncorrectable", Unit.COUNT, "sectors or commands whose content was lost"),
        Metric("media_errors", Unit.COUNT, "times that an NVMe drive could not mend content"),
        Metric("nvme_wear_percent", Unit.SHARE, "share of its life that an NVMe drive has used"),
        Metric("nvme_spare_percent", Unit.SHARE, "share of an NVMe drive's spare that is left"),
        Metric("self_test", Unit.WORD, "how its last self-test ended", words=SELF_TESTS),
        Metric("pending_grown_total", Unit.COUNT, "growth of `pending` since the first look"),
        Metric("reallocated_grown_total", Unit.COUNT, "growth of `reallocated` since then"),
        Metric("media_errors_grown_total", Unit.COUNT, "growth of `media_errors` since then"),
        Metric(
            "pending_growth_7d",
            Unit.COUNT,
            "sectors that began to wait within 7 days",
            derived=Increase("pending_grown_total", _WEEK_S),
        ),
        Metric(
            "reallocated_growth_7d",
            Unit.COUNT,
            "sectors that were replaced within 7 days",
            derived=Increase("reallocated_grown_total", _WEEK_S),
        ),
        Metric(
            "media_errors_growth_7d",
            Unit.COUNT,
            "times within 7 days that an NVMe drive could not mend content",
            derived=Increase("media_errors_grown_total", _WEEK_S),
        ),
    ),
    probe=probe,
    aside=True,
    platforms=("linux", "darwin", "win32"),
    deadline_s=120.0,
    remembers=True,
)
