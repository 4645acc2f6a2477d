"""Whether the system's own volume is encrypted, by the means of its system."""

import os
import re
import sys
from pathlib import Path

from agent.errors import CheckError, UnsupportedCheckError

STATES = ("on", "off", "suspended", "changing")
"""``suspended``: encrypted, the key lies open; ``changing``: encrypting or decrypting just now."""

_BITLOCKER = {1: "on", 2: "off", 3: "changing", 4: "changing", 5: "suspended", 6: "on"}
_DEEPEST = 16


def by_bitlocker(protection: int) -> str | None:
    """Return the state by ``System.Volume.BitLockerProtection``; None: cannot be encrypted."""
    return _BITLOCKER.get(protection)


def by_filevault(said: str) -> str | None:
    """Return the state by what ``fdesetup status`` says; None when it says something else."""
    if re.search(r"(?:En|De)cryption in progress", said):
        return "changing"
    found = re.search(r"^FileVault is (On|Off)\b", said, re.MULTILINE)
    return found[1].lower() if found else None


def root_source(mountinfo: str) -> tuple[str, str] | None:
    """Return number (``254:0``) and source of what is mounted at ``/``; the last one is on top."""
    found = None
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        before, after = fields.split(), rest.split()
        if len(before) > 4 and before[4] == "/" and len(after) > 1:  # noqa: PLR2004 - proc(5)
            found = before[2], after[1]
    return found


def is_crypt(device: Path, depth: int = 0) -> bool:
    """Tell whether a block device (its folder in sysfs), or all that it lies on, is encrypted."""
    try:
        kind = (device / "dm" / "uuid").read_text(encoding="ascii")
    except OSError:
        kind = ""
    if kind.startswith("CRYPT-"):
        return True
    folder = device if (device / "slaves").is_dir() else device.parent  # a partition has none
    below = sorted(folder.glob("slaves/*")) if depth < _DEEPEST else []
    return bool(below) and all(is_crypt(one.resolve(), depth + 1) for one in below)


if sys.platform != "win32":

    def on_linux(mountinfo: Path, sys_folder: Path) -> str:
        """Return the state of what is mounted at ``/``: on when dm-crypt lies anywhere below it.

        Raises UnsupportedCheckError for what is on no disk, or encrypts by itself (ZFS).
        """
        try:
            found = root_source(mountinfo.read_text(encoding="utf-8", errors="replace"))
        except OSError as error:
            raise CheckError(f"the mounts cannot be read: {error.strerror}") from error
        number, source = found or ("", "")
        if number.startswith("0:") and source.startswith("/dev/"):  # btrfs has numbers of its own
            try:
                rdev = Path(source).stat().st_rdev
            except OSError as error:
                raise CheckError(f"{source} cannot be read: {error.strerror}") from error
            number = f"{os.major(rdev)}:{os.minor(rdev)}"
        device = sys_folder / "dev" / "block" / number
        if not number or not device.exists():
            raise UnsupportedCheckError("the system's volume is on no disk of this computer")
        return "on" if is_crypt(device.resolve()) else "off"


if sys.platform == "win32":
    import ctypes

    from agent.host import com

    _ITEM = "7e9fb0d3-919f-4307-ab2e-9b1860310c93"  # IShellItem2
    _GET_NUMBER = 15

    def read() -> str:
        """Return the state of the system's volume; raises CheckError, UnsupportedCheckError."""
        volume = os.environ.get("SYSTEMDRIVE", "C:") + "\\"
        key = ctypes.create_string_buffer(20)
        item, told = ctypes.c_void_p(), ctypes.c_int()
        try:
            with com.begun():
                ctypes.OleDLL("propsys").PSGetPropertyKeyFromName(
                    ctypes.c_wchar_p("System.Volume.BitLockerProtection"), key
                )
                ctypes.OleDLL("shell32").SHCreateItemFromParsingName(
                    ctypes.c_wchar_p(volume), None, com.identity(_ITEM), ctypes.byref(item)
                )
                with com.Object(item) as shown:
                    shown.call(_GET_NUMBER, ctypes.addressof(key), ctypes.addressof(told))
        except (OSError, AttributeError) as error:
            raise UnsupportedCheckError("this system does not tell of BitLocker") from error
        found = by_bitlocker(told.value)
        if found is None:
            raise UnsupportedCheckError("this volume cannot be encrypted by BitLocker")
        return found

elif sys.platform == "darwin":
    from agent.host import program

    def read() -> str:
        """Return the state of the system's volume; raises CheckError."""
        said = program.run(["/usr/bin/fdesetup", "status"], 10.0).out.decode(errors="replace")
        found = by_filevault(said)
        if found is None:
            raise CheckError(f"fdesetup said {said.strip()[:100]!r}")
        return found

else:

    def read() -> str:
        """Return the state of the system's volume; raises CheckError, UnsupportedCheckError."""
        return on_linux(Path("/proc/self/mountinfo"), Path("/sys"))
