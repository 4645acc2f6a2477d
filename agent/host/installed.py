"""What was installed or updated lately, by the package system's own log. No program is run."""

import re
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

LATELY_S = 3 * 86_400.0
"""What changed longer ago explains little."""

_NEWEST = 1 << 18  # bytes of a log that are read, from its end


class Installed(NamedTuple):
    """One package and when it came (Unix seconds)."""

    name: str
    at_s: float


_DPKG = re.compile(r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:install|upgrade) (?P<name>[^\s:]+)")
_DNF = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[+-]\d\d:?\d\d|Z)?) \S+ "
    r"(?:Installed|Upgrade): (?P<name>\S+)"
)
_LOGS = (
    ("/var/log/dpkg.log.1", _DPKG),
    ("/var/log/dpkg.log", _DPKG),
    ("/var/log/dnf.rpm.log", _DNF),
)


def installed(lines: Iterable[str], form: re.Pattern[str]) -> Iterator[Installed]:
    """Yield what a log's lines tell; a time without a zone is the computer's own."""
    for line in lines:
        found = form.match(line)
        if found:
            try:
                at = datetime.fromisoformat(found["at"])
            except ValueError:
                continue
            yield Installed(found["name"], at.timestamp())


def since(at_s: float, root: Path = Path("/")) -> list[Installed]:
    """Return what was installed or updated since a moment, the latest first."""
    told: list[Installed] = []
    if sys.platform == "win32":
        from agent.host import updates_windows  # noqa: PLC0415 - of this system alone

        told += [Installed(name, at.timestamp()) for name, at in updates_windows.installed()]
    else:
        for path, form in _LOGS:
            told += installed(_tail(root / path.lstrip("/")), form)
    latest = {one.name: one for one in sorted(told, key=lambda one: one.at_s)}
    return sorted((one for one in latest.values() if one.at_s >= at_s), key=lambda one: -one.at_s)


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _NEWEST))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
