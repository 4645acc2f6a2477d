"""Windows: the drives of this computer and their health, asked of their drivers.

Stands in for ``smart``, which asks through smartctl: the same values, no tool. NVMe drives are
asked for their health log by a storage query, ATA drives for their SMART tables, all others
whether they predict their failure.
"""

import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from agent.errors import CheckError, UnsupportedCheckError
from agent.host import smart_bytes
from agent.host.smart import Drive
from agent.host.smart_report import DriveReport
from agent.host.storage_windows import Drive as Described

_QUERY_PROPERTY, _PREDICT_FAILURE = 0x002D_1400, 0x002D_1100
_SMART_SEND, _SMART_RECEIVE = 0x0007_C084, 0x0007_C088
_NVME_PROTOCOL, _LOG_PAGE, _HEALTH, _LOG_BYTES = 3, 2, 2, 512
_PROTOCOL_OF_DEVICE = 50
_SPECIFIC = struct.Struct("<10I")  # STORAGE_PROTOCOL_SPECIFIC_DATA
_READ_DATA, _READ_THRESHOLDS, _RETURN_STATUS, _SMART = 0xD0, 0xD1, 0xDA, 0xB0
_SENT = struct.Struct("<I8BB3x4I")  # SENDCMDINPARAMS without its buffer
_ANSWER_AT, _TABLE = 16, 512  # SENDCMDOUTPARAMS before its buffer
_ATA = frozenset(("ata", "sata", "atapi", "raid"))
_NAME = "PhysicalDrive"

Ask = Callable[[int, bytes, int], bytes]
"""Puts a control code with its content to a driver and returns at most so many bytes."""


def look(described: Described, ask: Ask) -> DriveReport:
    """Return what a drive tells.

    Raises UnsupportedCheckError for one that tells nothing, CheckError when it cannot be asked.
    """
    told: smart_bytes.Values = {}
    celsius = None
    with suppress(UnsupportedCheckError, ValueError):
        if described.bus == "nvme":
            told, celsius = smart_bytes.nvme(_health_log(ask))
        elif described.bus in _ATA:
            told, celsius = _tables(ask)
    if "verdict" not in told and described.bus != "nvme":
        with suppress(UnsupportedCheckError, struct.error):
            (fails,) = struct.unpack_from("<I", ask(_PREDICT_FAILURE, b"", 516))
            told["verdict"] = "failing" if fails else "passed"
    if not told:
        raise UnsupportedCheckError("the drive tells nothing of its health")
    return DriveReport(described.model, described.serial, told, celsius)


def _health_log(ask: Ask) -> bytes:
    """Return the health log; raises ValueError when the answer holds none."""
    specific = _SPECIFIC.pack(
        _NVME_PROTOCOL, _LOG_PAGE, _HEALTH, 0, _SPECIFIC.size, _LOG_BYTES, 0, 0, 0, 0
    )
    question = struct.pack("<II", _PROTOCOL_OF_DEVICE, 0) + specific + bytes(_LOG_BYTES)
    answer = ask(_QUERY_PROPERTY, question, len(question))
    if len(answer) < 8 + _SPECIFIC.size:
        raise ValueError("the answer is cut off")
    told = _SPECIFIC.unpack_from(answer, 8)
    at, size = told[4], told[5]
    return answer[8 + at : 8 + at + size]


def _tables(ask: Ask) -> tuple[smart_bytes.Values, float | None]:
    """Return what the tables of an ATA drive tell; a threshold at its limit goes first."""
    data = ask(_SMART_RECEIVE, command(_READ_DATA), _ANSWER_AT + _TABLE)[_ANSWER_AT:]
    thresholds = b""
    with suppress(UnsupportedCheckError):
        asked = command(_READ_THRESHOLDS)
        thresholds = ask(_SMART_RECEIVE, asked, _ANSWER_AT + _TABLE)[_ANSWER_AT:]
    told, celsius = smart_bytes.ata(data, thresholds)
    with suppress(UnsupportedCheckError, IndexError):
        registers = ask(_SMART_SEND, command(_RETURN_STATUS), _ANSWER_AT + 8)[_ANSWER_AT:]
        verdict = smart_bytes.ata_verdict(registers[3], registers[4])
        if verdict:
            told.setdefault("verdict", verdict)
    return told, celsius


def command(feature: int) -> bytes:
    """Return a SMART command (SENDCMDINPARAMS), with the signature that it wants."""
    size = 0 if feature == _RETURN_STATUS else _TABLE
    registers = (feature, 1, 1, 0x4F, 0xC2, 0xA0, _SMART, 0)
    return _SENT.pack(size, *registers, 0, 0, 0, 0, 0) + b"\0"


class Storage(Protocol):
    """What is needed of ``storage_windows``."""

    def numbers(self) -> list[int]:
        """Return the numbers of the drives there are."""

    def drive(self, number: int) -> Described:
        """Return who a drive is."""

    def sleeps(self, number: int) -> bool:
        """Tell whether a drive stands still."""

    def asked(self, number: int, look: Callable[[Ask], DriveReport]) -> DriveReport:
        """Return what ``look`` finds out, asking the drive."""


class Drives:
    """Asks drives, and remembers the last report of each: a sleeping one is not woken for it."""

    def __init__(self, storage: Storage) -> None:
        """Take what opens and asks them."""
        self._storage = storage
        self._last: dict[Drive, tuple[float, DriveReport]] = {}

    def drives(self) -> list[Drive]:
        """Return the drives of this computer but what is not of its own hardware."""
        found = []
        for number in self._storage.numbers():
            try:
                one = self._storage.drive(number)
            except (CheckError, OSError, ValueError):
                found.append(Drive(f"{_NAME}{number}"))  # told of when it is asked
                continue
            if not one.virtual:
                found.append(Drive(f"{_NAME}{number}", removable=one.removable))
        return found

    def report(self, drive: Drive, *, oldest_s: float = 0.0) -> DriveReport:
        """Return what a drive tells, or what it told no longer than ``oldest_s`` ago.

        Raises CheckError, UnsupportedCheckError for a drive that never told anything.
        """
        told_s, last = self._last.get(drive, (0.0, None))
        if last is not None and time.monotonic() - told_s < oldest_s:
            return last
        number = int(drive.path.removeprefix(_NAME))
        try:
            if last is not None and self._storage.sleeps(number):
                return last
            described = self._storage.drive(number)
            found = self._storage.asked(number, lambda ask: look(described, ask))
        except UnsupportedCheckError as error:
            if last is None:
                raise
            raise CheckError("the drive no longer answers") from error
        except (OSError, ValueError) as error:
            raise CheckError(f"the drive cannot be asked: {error}") from error
        self._last[drive] = time.monotonic(), found
        return found


if sys.platform == "win32":
    from agent.host import storage_windows

    SHARED = Drives(storage_windows)
    """The one that checks share, so that a drive is asked once for all of them."""
