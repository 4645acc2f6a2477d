"""How hot the drives are: as the kernel tells it, else as the drives do (SMART)."""

import sys
from collections.abc import Iterator

from agent.check_api import (
    Check,
    CheckError,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
    UnsupportedCheckError,
)
from agent.host import hwmon
from agent.host.smart import Drive
from agent.targets import missing

if sys.platform == "win32":
    from agent.host import drive_health_windows as smart
else:
    from agent.host import smart

_OLDEST_S = 600.0
"""Drives warm up slowly, and asking one takes a program."""


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the temperature of each drive that tells one which can be true."""
    told = {one.target: one.value for one in hwmon.sensors() if one.is_drive}
    try:
        asked = [one for one in smart.SHARED.drives() if one.target not in told]
    except UnsupportedCheckError:
        if not told:
            raise
        asked = []
    for target, celsius in told.items():
        if targets.wants(target):
            yield Measured(target, {"temperature": celsius})
    for drive in asked:
        if targets.wants(drive.target):
            yield from _ask(drive, targets)
    for name in missing(targets, {*told, *(drive.target for drive in asked)}):
        yield Unreadable(name, "there is no such drive")


def _ask(drive: Drive, targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    try:
        celsius = smart.SHARED.report(drive, oldest_s=_OLDEST_S).celsius
    except UnsupportedCheckError:
        celsius = None
    except CheckError as error:
        yield Unreadable(drive.target, error.reason)
        return
    if celsius is not None:
        yield Measured(drive.target, {"temperature": celsius})
    elif drive.target in targets.include:
        yield Unreadable(drive.target, "the drive tells no temperature that can be true")


CHECK = Check(
    name="disk.temperature",
    meaning="how hot the drives are",
    metrics=(Metric("temperature", Unit.CELSIUS, "what the drive's sensor tells"),),
    probe=probe,
    aside=True,
    platforms=("linux", "darwin", "win32"),
    deadline_s=120.0,
)
