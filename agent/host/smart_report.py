"""What a drive says of itself, read from ``smartctl -j -a``: pure, one document at a time.

What cannot be true is left out: a temperature of 0 or 255 °C, a count of sectors that is
several numbers packed into one.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from agent.errors import CheckDeniedError, CheckError, UnsupportedCheckError

VERDICTS = ("passed", "failing")
SELF_TESTS = ("passed", "failed", "running")

NOT_ASKED = 0b11
"""Bits of smartctl's exit status: its command line was wrong, the drive could not be opened.

The others are no errors of the question: 4 some command failed, 8 the drive is failing, 16 and 32
attributes are or were low, 64 and 128 its logs hold errors, however old.
"""

COLDEST, HOTTEST = 1, 110
"""What a drive's temperature can be, °C: without a sensor it tells 0, -1, 127 or 255."""

MOST_SECTORS = 0xFF_FFFF  # spares are some thousands; beyond it, several numbers are packed
_MOST_EXACT = 2**53 - 1
_ASLEEP = re.compile(r"Device is in (?:\w+ )?(?:STANDBY|SLEEP|IDLE)", re.IGNORECASE)
_VIRTUAL = re.compile(
    r"QEMU|VMware|VBOX|VirtualBox|Virtual[ _]disk|VirtIO|Xen\b|Elastic Block Store|PersistentDisk",
    re.IGNORECASE,
)
_ATTRIBUTES = {
    5: ("reallocated", re.compile(r"Reallocat|Retired_")),
    197: ("pending", re.compile(r"Pending")),
    198: ("uncorrectable", re.compile(r"Unc")),
}
"""Some makers use these numbers for something else, and then another name is told."""


class DriveReport(NamedTuple):
    """One drive: what it is, and what it tells by the metrics of ``disk.health``.

    ``told`` is empty for a drive without any health to tell (virtual disks, sticks).
    """

    model: str
    serial: str
    told: Mapping[str, float | int | str]
    celsius: float | None = None

    @property
    def is_virtual(self) -> bool:
        """Whether a hypervisor made it up."""
        return bool(_VIRTUAL.search(self.model))


class Asleep(NamedTuple):
    """The drive sleeps and was left to."""


def read(document: object) -> DriveReport | Asleep:
    """Return what a document of smartctl says.

    Raises CheckError: CheckDeniedError without the right to ask, UnsupportedCheckError for a drive
    that smartctl does not know how to ask.
    """
    asked = _at(document, "smartctl")
    if not isinstance(asked, dict):
        raise CheckError("smartctl gave no report")
    status = int(_number(asked, "exit_status") or 0)
    said = " ".join(str(_at(message, "string")) for message in _list(asked, "messages") if message)
    if _ASLEEP.search(said):
        return Asleep()
    if status & NOT_ASKED:
        raise _refusal(said)
    model = next(
        (
            text.strip()
            for name in ("model_name", "scsi_model_name", "device_model", "scsi_product")
            if isinstance(text := _at(document, name), str)
        ),
        "",
    )
    serial = _at(document, "serial_number")
    told: dict[str, float | int | str] = {}
    for part in (_verdict, _ata, _nvme, _scsi, _self_test):
        told.update({name: value for name, value in part(document).items() if value is not None})
    celsius = _number(document, "temperature", "current")
    return DriveReport(
        model=model,
        serial=serial.strip() if isinstance(serial, str) else "",
        told=told,
        celsius=celsius if celsius is not None and COLDEST <= celsius <= HOTTEST else None,
    )


def _refusal(said: str) -> CheckError:
    if "Permission denied" in said or "Operation not permitted" in said:
        return CheckDeniedError("this service may not ask the drive")
    if re.search(r"Unknown USB bridge|specify device type|Unable to detect device type", said):
        return UnsupportedCheckError("smartctl does not know how to ask this drive")
    return CheckError(f"the drive does not answer: {said[:200] or 'it cannot be opened'}")


Values = dict[str, float | int | str | None]


def _verdict(document: object) -> Values:
    """Return the drive's own verdict; a pre-failure attribute at its threshold is one, too."""
    passed = _at(document, "smart_status", "passed")
    failing = passed is False or any(
        attribute.get("when_failed") in {"now", "FAILING_NOW"}
        and _at(attribute, "flags", "prefailure") is True
        and _number(attribute, "thresh")
        for attribute in _attributes(document)
    )
    if failing:
        return {"verdict": "failing"}
    return {"verdict": "passed" if passed is True else None}


def _ata(document: object) -> Values:
    values: Values = {}
    for attribute in _attributes(document):
        number = attribute.get("id")
        metric, named = _ATTRIBUTES.get(number if isinstance(number, int) else 0, ("", None))
        if named and named.search(str(attribute.get("name"))):
            values[metric] = _sectors(attribute)
    return values


def _sectors(attribute: object) -> int | None:
    """Return the count as smartctl shows it by what it knows of the model; else the bare value."""
    shown = re.match(r"\d+", str(_at(attribute, "raw", "string")))
    count = int(shown[0]) if shown else _number(attribute, "raw", "value")
    return int(count) if count is not None and 0 <= count <= MOST_SECTORS else None


_UNDEFINED = 0x40  # bits of the critical warning from here on mean nothing


def _nvme(document: object) -> Values:
    log = _at(document, "nvme_smart_health_information_log")
    wear, spare = _number(log, "percentage_used"), _number(log, "available_spare")
    warning = _number(log, "critical_warning")
    return {
        "critical_warning": warning if warning is not None and warning < _UNDEFINED else None,
        "media_errors": _number(log, "media_errors"),
        "nvme_wear_percent": None if wear is None else min(wear, 100),
        "nvme_spare_percent": spare if spare is not None and spare <= 100 else None,  # noqa: PLR2004 - percent
    }


def _scsi(document: object) -> Values:
    counters = _at(document, "scsi_error_counter_log")
    kinds = [_number(counters, kind, "total_uncorrected_errors") for kind in _SCSI_KINDS]
    counted = [kind for kind in kinds if kind is not None]
    values: Values = {
        "reallocated": _number(document, "scsi_grown_defect_list"),
        "pending": _number(document, "scsi_pending_defects", "count"),
        "uncorrectable": sum(counted) if counted else None,
    }
    return {name: value for name, value in values.items() if value is not None}


_SCSI_KINDS = ("read", "write", "verify")


def _self_test(document: object) -> Values:
    """Return the running test, or how the last one ended that was not broken off."""
    now = _at(document, "ata_smart_data", "self_test", "status")
    if _number(now, "remaining_percent") or _number(
        document, "nvme_self_test_log", "current_self_test_operation", "value"
    ):
        return {"self_test": "running"}
    for outcome in _outcomes(document):
        if outcome is not None:
            return {"self_test": outcome}
    return {}


def _outcomes(document: object) -> list[str | None]:
    """Return how the logged self-tests ended, newest first; None for one broken off."""
    ata = _list(document, "ata_smart_self_test_log", "extended", "table") or _list(
        document, "ata_smart_self_test_log", "standard", "table"
    )
    nvme = _list(document, "nvme_self_test_log", "table")
    scsi = [_at(document, f"scsi_self_test_{number}") for number in range(20)]
    return [
        *(_OUTCOMES.get(_at(entry, "status", "passed")) for entry in ata),
        *(_by_code(_number(entry, "self_test_result", "value"), _NVME_FAILED) for entry in nvme),
        *(_by_code(_number(entry, "result", "value"), _SCSI_FAILED) for entry in scsi if entry),
    ]


_OUTCOMES: Mapping[object, str] = {True: "passed", False: "failed"}
_NVME_FAILED = range(5, 8)
_SCSI_FAILED = range(3, 8)
_SCSI_RUNNING = 15


def _by_code(code: float | None, failed: range) -> str | None:
    if code is None:
        return None
    if code == _SCSI_RUNNING and failed is _SCSI_FAILED:
        return "running"
    return "passed" if code == 0 else "failed" if code in failed else None


def _attributes(document: object) -> list[dict[str, object]]:
    table = _list(document, "ata_smart_attributes", "table")
    return [attribute for attribute in table if isinstance(attribute, dict)]


def _at(tree: object, *path: str) -> object:
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _list(tree: object, *path: str) -> list[object]:
    found = _at(tree, *path)
    return found if isinstance(found, list) else []


def _number(tree: object, *path: str) -> float | int | None:
    found = _at(tree, *path)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    return found if 0 <= found <= _MOST_EXACT else None
