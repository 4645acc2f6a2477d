"""Windows: the computer's batteries, asked of their drivers (``IOCTL_BATTERY_…``).

Structures are those of ``poclass.h`` (BATTERY_INFORMATION, BATTERY_STATUS).
"""

import struct
import sys
from collections.abc import Callable

from agent.host.batteries import Battery, charge, cycles, of_design

_QUERY_TAG, _QUERY_INFORMATION, _QUERY_STATUS = 0x0029_4040, 0x0029_4044, 0x0029_404C
_INFORMATION = struct.Struct("<IB3x4s6I")
_STATUS = struct.Struct("<IIIi")
_UNKNOWN = 0xFFFF_FFFF
_SYSTEM, _SHORT_TERM = 0x8000_0000, 0x2000_0000
_ON_LINE, _DISCHARGING = 1, 2

Ask = Callable[[int, bytes, int], bytes]
"""Puts a control code with its content to a driver and returns at most so many bytes."""


def look(name: str, ask: Ask) -> Battery | None:
    """Return what a battery tells; None when the bay is empty, or it is no battery but a UPS.

    Raises CheckError, and ValueError for an answer that is cut off.
    """
    tag = ask(_QUERY_TAG, bytes(4), 4)
    if len(tag) < 4 or not any(tag):  # noqa: PLR2004 - a number of 4 bytes
        return None
    information = ask(_QUERY_INFORMATION, tag + bytes(8), _INFORMATION.size)
    status = ask(_QUERY_STATUS, tag + bytes(16), _STATUS.size)
    return decoded(name, information, status)


def decoded(name: str, information: bytes, status: bytes) -> Battery | None:
    """Return the battery that these two structures tell of; None for a UPS.

    Raises ValueError when one is cut off.
    """
    if len(information) < _INFORMATION.size or len(status) < _STATUS.size:
        raise ValueError("the battery's answer is cut off")
    capabilities, _, _, design, full, _, _, _, count = _INFORMATION.unpack_from(information)
    state, left, _, _ = _STATUS.unpack_from(status)
    if capabilities & _SHORT_TERM or not capabilities & _SYSTEM:
        return None
    known = _UNKNOWN not in {left, full} and full > 0
    source = "mains" if state & _ON_LINE else "battery" if state & _DISCHARGING else None
    return Battery(
        name=name,
        charge_percent=charge(100.0 * left / full) if known else None,
        full_of_design_percent=of_design(*(0 if n == _UNKNOWN else n for n in (full, design))),
        cycles=cycles(count),
        source=source,
    )


if sys.platform == "win32":
    import ctypes
    import uuid

    from agent.errors import CheckError, UnsupportedCheckError
    from agent.host.storage_windows import Device

    _CLASS = "72631e54-78a4-11d0-bcf7-00aa00b7b32a"  # GUID_DEVICE_BATTERY

    def read() -> list[Battery]:
        """Return the batteries of this computer; raises CheckError."""
        found = []
        for at, path in enumerate(paths()):
            try:
                with Device(path) as device:
                    battery = look(f"BAT{at}", device.ask)
            except FileNotFoundError:
                continue  # it was taken out at this moment
            except ValueError as error:
                raise CheckError(str(error)) from error
            if battery is not None:
                found.append(battery)
        return found

    def paths() -> list[str]:
        """Return the paths of the batteries' devices."""
        try:
            library = ctypes.WinDLL("cfgmgr32")
            size_of, list_of = (
                library.CM_Get_Device_Interface_List_SizeW,
                library.CM_Get_Device_Interface_ListW,
            )
        except (OSError, AttributeError) as error:
            raise UnsupportedCheckError("this system's batteries cannot be read") from error
        kind = ctypes.create_string_buffer(uuid.UUID(_CLASS).bytes_le, 16)
        size = ctypes.c_ulong()
        if size_of(ctypes.byref(size), kind, None, 0):
            return []
        listed = ctypes.create_unicode_buffer(max(size.value, 1))
        if list_of(kind, None, listed, size, 0):
            return []
        return [path for path in "".join(listed[: size.value]).split("\0") if path]
