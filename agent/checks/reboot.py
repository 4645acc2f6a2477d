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
    from contextlib import suppress

    from agent.check_api import CheckError
    from agent.host import restarts
    from agent.host.boot import boot_id

    def _restarts(memory: dict[str, str]) -> tuple[dict[str, float | int | str], str]:
        told: dict[str, float | int | str] = {}
        asked_for = restarts.read_asked_for()
        if asked_for is not None:
            told["pending"] = PENDING[not asked_for]
        total = restarts.count(memory, boot_id(), lambda: _meant(memory))
        if total is not None:
            told["unexpected_total"] = total
        return told, restarts.read_asked_by() if asked_for else ""

    def _meant(memory: dict[str, str]) -> bool | None:
        """Tell whether the last restart was meant; the journal is asked once in a boot."""
        meant = restarts.read_meant()
        if meant is None and memory.get("asked") != boot_id():
            from agent.host import past_boots  # noqa: PLC0415 - once in a boot

            with suppress(CheckError):
                meant = past_boots.read_meant(boot_id())
                memory["asked"] = boot_id()
        return meant

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
    aside=True,
    deadline_s=40.0,
)
