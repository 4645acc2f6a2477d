"""Restarts: whether one is due, how long ago the last was, and whether it was meant."""

import sys
from collections.abc import Iterator

from agent import clock
from agent.check_api import Check, Increase, Measured, Metric, TargetFilter, Unit, Unreadable

TARGET = "system"
PENDING = ("yes", "no")


def probe(targets: TargetFilter, memory: dict[str, str]) -> Iterator[Measured | Unreadable]:
    """Yield what is known of the system's restarts."""
    if targets.wants(TARGET):
        uptime: dict[str, float | int | str] = {"uptime_s": clock.now().boot_s}
        told, about = _restarts(memory)
        yield Measured(TARGET, uptime | told, about)


if sys.platform == "linux":
    from agent.host import restarts
    from agent.host.boot import boot_id

    def _restarts(memory: dict[str, str]) -> tuple[dict[str, float | int | str], str]:
        told: dict[str, float | int | str] = {}
        asked_for = restarts.read_asked_for()
        if asked_for is not None:
            told["pending"] = PENDING[not asked_for]
        total = restarts.count(memory, boot_id(), restarts.read_meant)
        if total is not None:
            told["unexpected_total"] = total
        return told, restarts.read_asked_by() if asked_for else ""

elif sys.platform == "win32":
    from contextlib import suppress

    from agent.check_api import UnsupportedCheckError
    from agent.host import reboot_windows

    def _restarts(memory: dict[str, str]) -> tuple[dict[str, float | int | str], str]:
        told: dict[str, float | int | str] = {"pending": PENDING[not reboot_windows.read().waits]}
        with suppress(UnsupportedCheckError):
            told["unexpected_total"] = reboot_windows.unexpected(memory)
        return told, ""

else:

    def _restarts(_memory: dict[str, str]) -> tuple[dict[str, float | int | str], str]:
        return {}, ""


CHECK = Check(
    name="reboot",
    meaning="restarts: due, meant or not",
    metrics=(
        Metric("pending", Unit.WORD, "whether a restart is due", words=PENDING),
        Metric("uptime_s", Unit.SECONDS, "time since the last start"),
        Metric("unexpected_total", Unit.COUNT, "restarts without a shutdown since the first look"),
        Metric(
            "unexpected_24h",
            Unit.COUNT,
            "restarts without a shutdown in the last 24 hours",
            derived=Increase("unexpected_total", 24 * 3600),
        ),
    ),
    probe=probe,
    platforms=("linux", "darwin", "win32"),
    remembers=True,
)
