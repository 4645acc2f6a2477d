"""Software RAID: whether every array has its members and what they have met."""

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
)
from agent.host import arrays
from agent.host.arrays import STATES, Array
from agent.targets import missing


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the state of each array."""
    there = set()
    for found in _arrays():
        if isinstance(found, Array):
            there.add(found.target)
            if targets.wants(found.target):
                about = "" if found.state == "healthy" else _members(found.target)
                yield Measured(found.target, values(found), about)
        elif targets.wants(found[0]):
            yield Unreadable(found[0], found[1].reason)
    for name in missing(targets, there):
        yield Unreadable(name, "this computer runs no such array")


if sys.platform == "win32":

    def _arrays() -> Iterator[Array | tuple[str, CheckError]]:
        from agent.host import storage_spaces  # noqa: PLC0415 - of one system

        yield from storage_spaces.read()

    def _members(_target: str) -> str:
        return ""

else:

    def _arrays() -> Iterator[Array | tuple[str, CheckError]]:
        yield from arrays.read()

    def _members(target: str) -> str:
        return arrays.members(target)


def values(array: Array) -> dict[str, float | int | str]:
    """Return what is told of an array."""
    told: dict[str, float | int | str] = {"array_state": array.state}
    if array.missing is not None:
        told["missing_count"] = array.missing
    if array.errors is not None:
        told["errors_total"] = array.errors
    return told


CHECK = Check(
    name="raid",
    meaning="software RAID: md, btrfs of several devices, ZFS, Storage Spaces",
    metrics=(
        Metric("array_state", Unit.WORD, "how the array stands", words=STATES),
        Metric("missing_count", Unit.COUNT, "members it lacks"),
        Metric("errors_total", Unit.COUNT, "errors its members have met so far"),
        Metric(
            "errors_24h",
            Unit.COUNT,
            "errors its members met in the last 24 hours",
            derived=Increase("errors_total", 24 * 3600),
        ),
    ),
    probe=probe,
    platforms=("linux", "win32"),
    aside=sys.platform == "win32",
    deadline_s=20.0,
)
