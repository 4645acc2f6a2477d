"""Pending updates, and how long it is that updating went well."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent import clock
from agent.check_api import Check, Measured, Metric, TargetFilter, Unit

if TYPE_CHECKING:
    from agent.host.packages import Updates

TARGET = "system"


def probe(targets: TargetFilter) -> Iterator[Measured]:
    """Yield what waits to be installed, by the package system's own lists."""
    if not targets.wants(TARGET):
        return
    if sys.platform == "win32":
        from agent.host import reboot_windows, updates_windows  # noqa: PLC0415 - of this system alone

        last, waits = updates_windows.read(), reboot_windows.read()
        yield Measured(TARGET, updates_windows.values(last, waits, clock.now().wall))
        return
    from agent.host import packages  # noqa: PLC0415 - once in hours, and not on every system

    updates = packages.read()
    yield Measured(TARGET, values(updates, clock.now().wall.timestamp()), in_words(updates))


def values(updates: "Updates", now: float) -> dict[str, float | int | str]:
    """Return the metrics. With nothing pending, the fetching of the lists was the last success."""
    found: dict[str, float | int | str] = {
        "pending_count": updates.pending.all,
        "security_count": updates.pending.security,
        "reboot_pending_age": 0.0,
    }
    if updates.reboot_since is not None:
        found["reboot_pending_age"] = max(0.0, now - updates.reboot_since)
    successes = [updates.installed_at, None if updates.pending.all else updates.lists_at]
    known = [at for at in successes if at is not None]
    if known:
        found["last_success_age"] = max(0.0, now - max(known))
    if updates.lists_at is not None:
        found["lists_age"] = max(0.0, now - updates.lists_at)
    return found


def in_words(updates: "Updates") -> str:
    """Return the first names of what waits, those for security first, and how many more."""
    names = updates.pending.names
    more = updates.pending.all - len(names)
    return ", ".join(names) + (f" and {more} more" if names and more > 0 else "")


CHECK = Check(
    name="updates",
    meaning="pending updates and how long it is that updating went well",
    metrics=(
        Metric("pending_count", Unit.COUNT, "packages that wait to be upgraded"),
        Metric("security_count", Unit.COUNT, "those of them that are for security"),
        Metric("last_success_age", Unit.SECONDS, "time since updating last went well"),
        Metric("lists_age", Unit.SECONDS, "time since the lists of packages were last fetched"),
        Metric("reboot_pending_age", Unit.SECONDS, "how long a restart has been pending"),
    ),
    probe=probe,
    aside=True,
    platforms=("linux", "win32"),
    deadline_s=130.0,
)
