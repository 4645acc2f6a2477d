"""What drives say of their health as bytes: NVMe's health log, the SMART tables of ATA. Pure.

After the NVM Express base specification (log page 02h, "SMART / Health Information") and
ATA8-ACS (SMART READ DATA, READ THRESHOLDS, RETURN STATUS). What cannot be true is left out.
"""

import struct
from collections.abc import Mapping

from agent.host.smart_report import COLDEST, HOTTEST, MOST_SECTORS

Values = dict[str, float | int | str]

_NVME_LOG = 512
_ZERO_CELSIUS_K = 273
_UNDEFINED = 0x40  # bits of the critical warning from here on mean nothing
_MOST_EXACT = 2**53 - 1

_TABLE, _ENTRIES, _ENTRY = 512, 30, 12
_REALLOCATED, _PENDING, _UNCORRECTABLE = 5, 197, 198
_TEMPERATURES = (194, 190)
_PREFAILURE = 1
_VALUES, _THRESHOLDS = range(1, 254), range(1, 254)  # 0, 254 and 255 stand for something else


def nvme(log: bytes) -> tuple[Values, float | None]:
    """Return what the health log of an NVMe drive tells, and its temperature in °C.

    Raises ValueError when the log is cut off, or empty: no drive has spent no second on.
    """
    if len(log) < _NVME_LOG:
        raise ValueError("the drive's health log is cut off")
    if not any(log):
        raise ValueError("the drive's health log is empty")
    warning, kelvin, spare, _, wear = struct.unpack_from("<BHBBB", log)
    media_errors = int.from_bytes(log[160:176], "little")
    values: Values = {"nvme_wear_percent": min(wear, 100)}
    if warning < _UNDEFINED:
        values["verdict"] = "failing" if warning else "passed"
        values["critical_warning"] = warning
    if spare <= 100:  # noqa: PLR2004 - percent
        values["nvme_spare_percent"] = spare
    if media_errors <= _MOST_EXACT:
        values["media_errors"] = media_errors
    return values, _celsius(kelvin - _ZERO_CELSIUS_K)


def ata(data: bytes, thresholds: bytes) -> tuple[Values, float | None]:
    """Return what the SMART tables of an ATA drive tell, and its temperature in °C.

    Nothing of a table whose sum is not right. ``thresholds`` may be empty. The verdict is told
    only when it is ``failing``: attributes above their thresholds are no clean bill.
    """
    table = _attributes(data)
    limits = {number: entry[1] for number, entry in _attributes(thresholds).items()}
    values: Values = {}
    for number, name, width in (
        (_REALLOCATED, "reallocated", 2),  # makers put other counts into the higher bytes
        (_PENDING, "pending", 6),
        (_UNCORRECTABLE, "uncorrectable", 6),
    ):
        entry = table.get(number)
        if entry:
            count = int.from_bytes(entry[5 : 5 + width], "little")
            if count <= MOST_SECTORS:
                values[name] = count
    if any(_fails(entry, limits.get(number, 0)) for number, entry in table.items()):
        values["verdict"] = "failing"
    temperatures = (table[number][5] for number in _TEMPERATURES if number in table)
    return values, next((found for raw in temperatures if (found := _celsius(raw))), None)


def ata_verdict(low: int, high: int) -> str | None:
    """Return the drive's own verdict by the registers that SMART RETURN STATUS sets."""
    return {(0x4F, 0xC2): "passed", (0xF4, 0x2C): "failing"}.get((low, high))


def _attributes(table: bytes) -> Mapping[int, bytes]:
    """Return the entries of a table of 512 bytes by their number."""
    if len(table) < _TABLE or sum(table[:_TABLE]) % 256:
        return {}
    entries = (table[2 + at * _ENTRY : 2 + (at + 1) * _ENTRY] for at in range(_ENTRIES))
    return {entry[0]: entry for entry in entries if entry[0]}


def _fails(entry: bytes, limit: int) -> bool:
    """Tell whether a pre-failure attribute is at its threshold now."""
    prefailure, value = entry[1] & _PREFAILURE, entry[3]
    return bool(prefailure) and limit in _THRESHOLDS and value in _VALUES and value <= limit


def _celsius(degrees: float) -> float | None:
    return degrees if COLDEST <= degrees <= HOTTEST else None
