"""macOS: the daemons of launchd's system domain, by launchctl.

``launchctl list`` tells in one call what runs; one that still runs with the same process is not
asked about again for a quarter of an hour. Apple calls what ``print`` prints no interface, so a
line that is not there is left out rather than guessed.
"""

import os
import re
import sys
import time
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from agent.errors import CheckDeniedError, CheckError
from agent.host import program
from agent.host.services import Searches, Service

NAME = re.compile(r"[\w.@-]{1,200}", re.ASCII)
"""What can be a daemon's label."""

_LAUNCHCTL = "/bin/launchctl"
_DEADLINE_S = 10.0
_NOT_THERE = 113
_TRUST_S = 900.0
_COMING = frozenset(("spawn scheduled", "spawning", "xpcproxy"))
_ASKED_TO_END = frozenset(("1", "2", "9", "15"))
"""Signals by which a daemon is stopped on purpose: hang-up, interrupt, kill, terminate."""

_FIELD = re.compile(r"^(?:\t| {4})(\w[\w ]*?) = (.*)$", re.MULTILINE)
_DISABLED = re.compile(r'^\s*"([^"]+)" => (?:disabled|true)$', re.MULTILINE)


class Row(NamedTuple):
    """A line of ``launchctl list``: the process, None when none runs, and how the last ended."""

    pid: int | None
    status: str


class _Known(NamedTuple):
    row: Row
    asked_s: float
    service: Service


def rows(listed: str) -> dict[str, Row]:
    """Return what ``launchctl list`` tells, by label."""
    fields = (line.split("\t") for line in listed.splitlines())
    return {
        found[2]: Row(int(found[0]) if found[0].isdecimal() else None, found[1])
        for found in fields
        if len(found) == 3 and found[2] != "Label"  # noqa: PLR2004 - its columns
    }


def disabled(printed: str) -> list[str]:
    """Return the labels that ``launchctl print-disabled system`` tells as disabled."""
    return _DISABLED.findall(printed)


def service(printed: str) -> Service:
    """Return a daemon as ``launchctl print system/LABEL`` tells it; raises CheckError.

    Only one that is kept alive counts its restarts: others are started whenever they are needed.
    """
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(printed):
        fields.setdefault(name, value)
    if "state" not in fields:
        raise CheckError("launchctl prints no state; this macOS is not known")
    properties = {one.strip() for one in fields.get("properties", "").split("|")}
    kept = "keepalive" in properties
    automatic = kept or "runatload" in properties
    runs = fields.get("runs", "")
    return Service(
        _state(fields),
        max(0, int(runs) - 1) if kept and runs.isdecimal() else None,
        automatic=automatic,
        start="automatic" if automatic else "manual",
        triggered=not kept,
    )


def _state(fields: Mapping[str, str]) -> str:
    if fields["state"] == "running":
        return "running"
    if _failed(fields):  # also while its next start is waited for: it will most likely fail again
        return "failed"
    return "starting" if fields["state"] in _COMING else "stopped"


def _failed(fields: Mapping[str, str]) -> bool:
    """Tell whether it ended badly; the signal's line stands in place of the exit code's."""
    signal = fields.get("last terminating signal", "").rpartition(": ")[2]
    if signal:
        return signal not in _ASKED_TO_END
    code = fields.get("last exit code", "0").partition(":")[0]
    return code.lstrip("-").isdecimal() and int(code) != 0


class Units:
    """The daemons asked about so far."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[str, _Known] = {}
        self._searches = Searches()

    def states(self, names: Iterable[str], *, automatic: bool) -> dict[str, Service]:
        """Return each daemon by its label; raises CheckError."""
        del automatic  # asking is cheap here
        listed, now_s = _listed(), time.monotonic()
        return {name: self._state_of(name, listed.get(name), now_s) for name in names}

    def found(self, patterns: tuple[str, ...], *, automatic: bool) -> list[str]:
        """Return the labels that match, searched once an hour; raises CheckError.

        Without a pattern: all that are kept alive, but Apple's own.
        """
        return self._searches.names(
            (patterns, automatic), lambda: self._search(patterns, automatic=automatic)
        )

    def _search(self, patterns: tuple[str, ...], *, automatic: bool) -> list[str]:
        listed, now_s = _listed(), time.monotonic()
        names = []
        for name, row in listed.items():
            if patterns and not any(fnmatchcase(name, pattern) for pattern in patterns):
                continue
            if NAME.fullmatch(name) is None or (not patterns and name.startswith("com.apple.")):
                continue
            one = self._state_of(name, row, now_s)
            if one.automatic if patterns and automatic else patterns or not one.triggered:
                names.append(name)
        return sorted(names)

    def _state_of(self, name: str, row: Row | None, now_s: float) -> Service:
        if row is None:
            off = name in self._searches.names("disabled", _disabled)
            state = "stopped" if off else "missing"
            return Service(state, None, automatic=False, start="disabled" if off else "")
        known = self._known.get(name)
        if known and known.row == row and row.pid and now_s - known.asked_s < _TRUST_S:
            return known.service
        code, printed = _launchctl("print", f"system/{name}")
        if code == _NOT_THERE:  # it left meanwhile
            return Service("missing", None, automatic=False)
        found = service(printed)
        self._known[name] = _Known(row, now_s, found)
        return found


def _listed() -> dict[str, Row]:
    if sys.platform != "win32" and os.geteuid():  # else launchctl lists a user's own agents
        raise CheckDeniedError("only root sees the system's daemons")
    return rows(_launchctl("list")[1])


def _disabled() -> list[str]:
    return disabled(_launchctl("print-disabled", "system")[1])


def _launchctl(*arguments: str) -> tuple[int, str]:
    """Return the exit status, 0 or that of what is not there, and what was printed."""
    ended = program.run([_LAUNCHCTL, *arguments], _DEADLINE_S, longest=1024 * 1024)
    if ended.code not in {0, _NOT_THERE}:
        said = " ".join(ended.err.decode(errors="replace").split())[:200]
        raise CheckError(f"launchctl {arguments[0]} ended with {ended.code}: {said}")
    return ended.code, ended.out.decode(errors="replace")
