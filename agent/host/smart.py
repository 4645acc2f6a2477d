"""The drives of this computer and their health, asked through smartctl (smartmontools 7.0+)."""

import os
import re
import time
from pathlib import Path
from typing import NamedTuple

from agent.errors import CheckError, UnsupportedCheckError
from agent.host import program, smart_report
from agent.host.smart_report import Asleep, DriveReport

DEADLINE_S = 20.0
"""Time a drive has to answer; a busy or failing one takes seconds."""

LISTED_S = 3600.0
"""How long the list of drives holds, unless the kernel tells of others: to ask takes a program."""

_LONGEST_REPORT = 262_144
_PLAIN = re.compile(r"[\w+,./:-]+")


class Drive(NamedTuple):
    """A drive as smartctl lists it: ``/dev/sda``; ``kind`` is given where one path is many.

    ``target`` names it in rules: disks behind a RAID controller share a path and are told apart
    by their kind (``/dev/bus/0:megaraid,4``).
    """

    path: str
    kind: str = ""
    removable: bool = False

    @property
    def target(self) -> str:
        """Its name in rules and tickets."""
        return f"{self.path}:{self.kind}" if self.kind else self.path


class Smartctl:
    """Asks drives, and remembers the last report of each: a sleeping one is not woken for it."""

    def __init__(self, tool: Path | None = None, sys_folder: str = "/sys") -> None:
        """Take where smartctl is (None: looked for) and where the kernel tells of drives."""
        self._tool = tool
        self._sys = sys_folder
        self._last: dict[Drive, tuple[float, DriveReport]] = {}
        self._listed: tuple[float, frozenset[str], list[Drive]] | None = None

    def drives(self) -> list[Drive]:
        """Return the drives of this computer.

        They are listed anew when the kernel has other disks, and each hour: those behind some RAID
        controllers are no disks of the kernel's. Raises UnsupportedCheckError without a smartctl
        that can be read, CheckError.
        """
        now_s, disks = time.monotonic(), self._disks()
        listed_s, known, drives = self._listed or (0.0, None, [])
        if known is None or known != disks or now_s - listed_s >= LISTED_S:
            drives = self._list()
            self._listed = now_s, disks, drives
        return drives

    def _disks(self) -> frozenset[str]:
        """Return the disks that the kernel knows, empty where it does not tell."""
        try:
            return frozenset(os.listdir(f"{self._sys}/block"))  # noqa: PTH208 - names are enough
        except OSError:
            return frozenset()

    def _list(self) -> list[Drive]:
        listed = self._asked("--scan")
        found = []
        for entry in listed.get("devices") or ():
            name, kind = str(entry.get("name")), str(entry.get("type"))
            if name.startswith("/dev/") and _PLAIN.fullmatch(name) and _PLAIN.fullmatch(kind):
                # A plain drive's kind is a guess by its name; smartctl finds out better itself.
                found.append(Drive(name, kind if "," in kind else "", self._removable(name)))
        return sorted(set(found))

    def report(self, drive: Drive, *, oldest_s: float = 0.0) -> DriveReport:
        """Return what a drive tells, or what it told no longer than ``oldest_s`` ago.

        One that sleeps is as it was when it last told; one never asked is woken. Raises CheckError,
        UnsupportedCheckError for a drive that never told anything.
        """
        told_s, last = self._last.get(drive, (0.0, None))
        if last is not None and time.monotonic() - told_s < oldest_s:
            return last
        careful = ("-n", "standby") if last is not None else ()
        kind = ("-d", drive.kind) if drive.kind else ()
        try:
            found = smart_report.read(self._asked("-a", *careful, *kind, drive.path))
        except UnsupportedCheckError as error:
            if last is None:
                raise
            raise CheckError("the drive no longer answers") from error
        if isinstance(found, Asleep):
            if last is None:
                raise CheckError("the drive sleeps")
            return last
        self._last[drive] = time.monotonic(), found
        return found

    def _asked(self, *arguments: str) -> "dict[str, list[dict[str, object]]]":
        import json  # noqa: PLC0415 - only where smartctl is installed

        ended = program.run(
            [str(self._found()), "-j", *arguments], DEADLINE_S, longest=_LONGEST_REPORT
        )
        try:
            document = json.loads(ended.out)
        except ValueError as error:
            if b"UNRECOGNIZED OPTION" in ended.out + ended.err:
                raise UnsupportedCheckError("smartctl is older than 7.0") from error
            raise CheckError(f"smartctl gave no report (status {ended.code})") from error
        if not isinstance(document, dict):
            raise CheckError(f"smartctl gave no report (status {ended.code})")
        return document

    def _found(self) -> Path:
        self._tool = self._tool or program.find("smartctl")
        if self._tool is None:
            raise UnsupportedCheckError("smartctl (smartmontools) is not installed")
        return self._tool

    def _removable(self, path: str) -> bool:
        """Tell whether it is a stick, a card or on USB."""
        block = Path(self._sys, "block", path.removeprefix("/dev/"))
        try:
            on_usb = "/usb" in str(block.resolve(strict=True))
            return on_usb or (block / "removable").read_text(encoding="ascii").strip() == "1"
        except OSError:
            return False


SHARED = Smartctl()
"""The one that checks share, so that a drive is asked once for all of them."""
