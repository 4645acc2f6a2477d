"""Linux and macOS: what a crash of the system leaves behind, by the times of its files.

Linux keeps a dying kernel's last words in the firmware (pstore), which systemd moves to a folder of
its own at the next boot, or a dump (kdump); macOS writes a report. One crash leaves many files.
"""

import re
import sys
from collections.abc import Iterable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from agent.errors import CheckDeniedError, UnsupportedCheckError

ONE_CRASH_S = 900.0
"""The firmware's copy is as old as the crash, systemd's as the boot after it: one crash."""

_TRACES = {
    "linux": (
        ("/sys/fs/pstore", "dmesg-*"),
        ("/var/lib/systemd/pstore", "**/dmesg*"),
        ("/var/crash", "*/vmcore*"),
        ("/var/crash", "*/dump.*"),
    ),
    "darwin": (
        ("/Library/Logs/DiagnosticReports", "*.panic"),
        ("/Library/Logs/DiagnosticReports", "panic-full-*.ips"),
    ),
}


_LAST_WORDS = re.compile(rb"(?:Kernel panic - not syncing: |BUG: |Oops: |panic\()[^\r\n]{1,200}")
_READ = 1 << 18
"""Bytes of a file that are looked through for the reason."""


class Trace(NamedTuple):
    """A file that a crash left, and its time (Unix seconds)."""

    at_s: float
    path: Path


def fold(memory: MutableMapping[str, str], times_s: Iterable[float], now_s: float) -> int:
    """Return how many crashes there were since the first look, by ``memory``.

    ``times_s`` are the files' times, ``now_s`` is now (Unix seconds). A file from the future waits:
    the clock was wrong, and what is taken for the latest would hide what comes.
    """
    latest_s = float(memory.get("latest", now_s))
    total = int(memory.get("crashes", "0"))
    for at_s in sorted(times_s):
        known = at_s <= latest_s or (total and at_s < latest_s + ONE_CRASH_S)
        if not known and at_s <= now_s:
            total, latest_s = total + 1, at_s
    memory["latest"], memory["crashes"] = f"{latest_s:.3f}", str(total)
    return total


def in_words(memory: MutableMapping[str, str], traces: Iterable[Trace]) -> str:
    """Return when the latest crash that was counted was, and of what, as far as its files tell."""
    if not int(memory.get("crashes", "0")):
        return ""
    latest_s = float(memory["latest"])
    when = datetime.fromtimestamp(latest_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    of_it = [one for one in traces if abs(one.at_s - latest_s) < ONE_CRASH_S]
    said = next(filter(None, map(_last_words, sorted(of_it))), "")
    return f"the last one on {when}: {said}" if said else f"the last one on {when}"


def _last_words(trace: Trace) -> str:
    try:
        with trace.path.open("rb") as file:
            found = _LAST_WORDS.search(file.read(_READ))
    except OSError:
        return ""
    return found[0].decode(errors="replace").strip() if found else ""


def read(roots: Iterable[tuple[str, str]] | None = None) -> list[Trace]:
    """Return the files that crashes left.

    Raises UnsupportedCheckError where the system keeps none, CheckDeniedError.
    """
    found: list[Trace] = []
    kept = False
    for folder, pattern in _TRACES.get(sys.platform, ()) if roots is None else roots:
        place = Path(folder)
        if not place.is_dir():
            continue
        kept = True
        try:
            files = (path for path in place.glob(pattern) if path.is_file())
            found += [Trace(path.stat().st_mtime, path) for path in files]
            next(place.iterdir(), None)  # glob keeps silent about what it may not read
        except FileNotFoundError:
            continue  # moved away at this moment: seen at the next look where it is then
        except PermissionError as error:
            raise CheckDeniedError(f"{folder} may not be read") from error
    if not kept:
        raise UnsupportedCheckError("this system keeps nothing of its crashes")
    return found
