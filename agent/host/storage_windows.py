"""Windows: asking a drive's driver, in bounded time, and who the drive is.

Structures and codes are those of ``winioctl.h`` and ``ntddstor.h``, as Microsoft documents them.
"""

import struct
import sys
from collections.abc import Callable
from typing import NamedTuple, Self, TypeVar

from agent.errors import CheckDeniedError, CheckError, CheckTimeoutError, UnsupportedCheckError

_BUSES = {
    1: "scsi", 2: "atapi", 3: "ata", 4: "1394", 6: "fibre", 7: "usb", 8: "raid", 9: "iscsi",
    10: "sas", 11: "sata", 12: "sd", 13: "mmc", 14: "virtual", 15: "file", 16: "spaces",
    17: "nvme", 18: "scm", 19: "ufs",
}  # fmt: skip
_REMOVABLE = frozenset(("usb", "sd", "mmc", "1394"))
_VIRTUAL = frozenset(("virtual", "file", "spaces", "iscsi"))
_T = TypeVar("_T")
_DESCRIPTOR = struct.Struct("<II4BIIIII")


class Drive(NamedTuple):
    """Who a drive is; texts are empty where it does not tell.

    ``removable``: it comes and goes, or its medium does. ``virtual``: no hardware of this computer.
    """

    number: int
    bus: str
    model: str
    serial: str
    removable: bool
    virtual: bool


def described(number: int, content: bytes) -> Drive:
    """Return the drive of a STORAGE_DEVICE_DESCRIPTOR; raises ValueError when it is cut off."""
    if len(content) < _DESCRIPTOR.size:
        raise ValueError("the drive's description is cut off")
    _, _, _, _, medium, _, vendor, product, _, serial, bus = _DESCRIPTOR.unpack_from(content)
    name = _BUSES.get(bus, "unknown")
    maker, model = _text(content, vendor), _text(content, product)
    if maker.upper() not in {"", "ATA", "NVME"} and not model.startswith(maker):
        model = f"{maker} {model}".strip()
    virtual = name in _VIRTUAL or any(word in model for word in ("Virtual", "VBOX", "QEMU"))
    removable = bool(medium) or name in _REMOVABLE
    return Drive(number, name, model, _text(content, serial), removable, virtual)


def _text(content: bytes, at: int) -> str:
    """Return the text at an offset of a descriptor; some drives fill it with blanks or zeros."""
    if not 0 < at < len(content):
        return ""
    raw = content[at:].partition(b"\0")[0].decode("ascii", "replace")
    return " ".join("".join(letter for letter in raw if letter.isprintable()).split())[:100]


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes
    from types import TracebackType

    QUERY_PROPERTY = 0x002D_1400
    _DEADLINE_MS = 3000
    _MOST_DRIVES = 64
    _READ_WRITE, _SHARED, _OPEN_EXISTING, _OVERLAPPED = 0xC000_0000, 3, 3, 0x4000_0000
    _INVALID = ctypes.c_void_p(-1).value
    _PENDING, _DENIED, _NOT_FOUND = 997, 5, (2, 3)
    _LACKING = (1, 50, 87, 1117, 120)  # no such function, not supported, wrong parameter, device

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.CreateFileW.restype = ctypes.c_void_p
    _kernel32.CreateEventW.restype = ctypes.c_void_p

    class _Overlapped(ctypes.Structure):
        """OVERLAPPED."""

        _fields_ = (
            ("internal", ctypes.c_void_p),
            ("internal_high", ctypes.c_void_p),
            ("offset", wintypes.DWORD),
            ("offset_high", wintypes.DWORD),
            ("event", ctypes.c_void_p),
        )

    _kept: list[object] = []
    """What a driver that never answered may still write to; it is never freed."""

    class Device:
        """An open device; close it, or use it in a ``with``."""

        def __init__(self, path: str, access: int = _READ_WRITE) -> None:
            """Open it; raises CheckDeniedError, CheckError, FileNotFoundError."""
            handle = _kernel32.CreateFileW(
                path, access, _SHARED, None, _OPEN_EXISTING, _OVERLAPPED, None
            )
            if handle == _INVALID:
                code = ctypes.get_last_error()
                if code in _NOT_FOUND:
                    raise FileNotFoundError(code, path)
                says = f"{path} cannot be opened: {ctypes.FormatError(code).strip()}"
                raise CheckDeniedError(says) if code == _DENIED else CheckError(says)
            self._handle = ctypes.c_void_p(handle)

        def __enter__(self) -> Self:
            """Return itself."""
            return self

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            trace: TracebackType | None,
        ) -> None:
            """Close it."""
            _kernel32.CloseHandle(self._handle)

        def is_on(self) -> bool:
            """Tell whether it has power; what does not tell has."""
            on = wintypes.BOOL(1)
            return not _kernel32.GetDevicePowerState(self._handle, ctypes.byref(on)) or bool(
                on.value
            )

        def ask(self, code: int, content: bytes, longest: int) -> bytes:
            """Return what the driver answers to a control code.

            Raises UnsupportedCheckError when it knows no answer, CheckTimeoutError, CheckError.
            """
            given = ctypes.create_string_buffer(content, max(len(content), 1))
            answer = ctypes.create_string_buffer(longest)
            event = ctypes.c_void_p(_kernel32.CreateEventW(None, 1, 0, None))
            overlapped = _Overlapped(event=event.value)
            count = wintypes.DWORD()
            try:
                if not _kernel32.DeviceIoControl(
                    self._handle, code, given, len(content), answer, longest,
                    ctypes.byref(count), ctypes.byref(overlapped),
                ):  # fmt: skip
                    if ctypes.get_last_error() != _PENDING:
                        raise _failed()
                    if _kernel32.WaitForSingleObject(event, _DEADLINE_MS):
                        _kernel32.CancelIoEx(self._handle, ctypes.byref(overlapped))
                        if _kernel32.WaitForSingleObject(event, 100):
                            _kept.append((given, answer, overlapped))
                        raise CheckTimeoutError(f"no answer within {_DEADLINE_MS / 1000:g} s")
                if not _kernel32.GetOverlappedResult(
                    self._handle, ctypes.byref(overlapped), ctypes.byref(count), 0
                ):
                    raise _failed()
                return answer.raw[: count.value]
            finally:
                _kernel32.CloseHandle(event)

    def _failed() -> CheckError:
        code = ctypes.get_last_error()
        says = ctypes.FormatError(code).strip() or f"error {code}"
        if code in _LACKING:
            return UnsupportedCheckError(f"its driver does not tell: {says}")
        return CheckDeniedError(says) if code == _DENIED else CheckError(says)

    def drive(number: int) -> Drive:
        """Return who the drive is; raises CheckError, FileNotFoundError, ValueError."""
        with Device(path(number), access=0) as device:
            return described(number, device.ask(QUERY_PROPERTY, bytes(12), 1024))

    def asked(number: int, look: Callable[[Callable[[int, bytes, int], bytes]], _T]) -> _T:
        """Open a drive, and return what ``look`` finds out by asking it; raises as ``Device``."""
        with Device(path(number)) as device:
            return look(device.ask)

    def sleeps(number: int) -> bool:
        """Tell whether a drive stands still; raises as ``Device``."""
        with Device(path(number), access=0) as device:
            return not device.is_on()

    def numbers() -> list[int]:
        """Return the numbers of the drives there are; gaps of pulled ones are passed over."""
        found = []
        for number in range(_MOST_DRIVES):
            try:
                with Device(path(number), access=0):
                    found.append(number)
            except FileNotFoundError:
                continue
            except CheckError:
                found.append(number)
        return found

    def is_removable(number: int) -> bool:
        """Tell whether a drive is known to come and go."""
        try:
            return drive(number).removable
        except (CheckError, OSError, ValueError):
            return False

    def path(number: int) -> str:
        """Return where a drive's device is."""
        return rf"\\.\PhysicalDrive{number}"
