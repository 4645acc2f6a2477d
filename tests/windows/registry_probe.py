"""Runs on the Python for Windows: a restart that is waited for, updates, by the registry there.

Prints one JSON object: what was seen, by name. ``test_registry`` says what it should be.
"""

import json
import sys
from typing import Any

from agent.errors import CheckError
from agent.host import reboot_windows, updates_windows

if sys.platform == "win32":
    import winreg

    PACKAGE = "Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.4046.1.12"
    TICKS = 133_524_288_000_000_000

    def made(path: str, **values: int | list[str]) -> None:
        """Make a key of the computer with these values."""
        with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
            for name, value in values.items():
                kind = winreg.REG_MULTI_SZ if isinstance(value, list) else winreg.REG_DWORD
                winreg.SetValueEx(key, name, 0, kind, value)

    def updates() -> str:
        """Return when updates were installed, or why that is not told."""
        try:
            return str(updates_windows.read())
        except CheckError as error:
            return f"{type(error).__name__}: {error}"

    def main() -> None:
        """Look, and print what was seen."""
        seen: dict[str, Any] = {"quiet": reboot_windows.read().waits, "no updates": updates()}
        made(updates_windows._PACKAGES)
        seen["none installed"] = updates()
        made(
            rf"{updates_windows._PACKAGES}\{PACKAGE}",
            CurrentState=0x70,
            InstallTimeHigh=TICKS >> 32,
            InstallTimeLow=TICKS & 0xFFFF_FFFF,
        )
        seen["updates"] = updates()
        made(
            reboot_windows._SESSION,
            PendingFileRenameOperations=[r"\??\C:\new.dll", r"!\??\C:\Windows\System32\old.dll"],
        )
        seen["file"] = reboot_windows.read().waits
        made(reboot_windows._SESSION, PendingFileRenameOperations=[])
        seen["no file"] = reboot_windows.read().waits
        made(reboot_windows.MARKS[1])
        waits, since = reboot_windows.read()
        seen["update"] = [waits, since.isoformat() if since else None]
        try:
            seen["unexpected"] = reboot_windows.unexpected({})
        except CheckError as error:
            seen["unexpected"] = type(error).__name__
        winreg.DeleteKey(winreg.HKEY_LOCAL_MACHINE, reboot_windows.MARKS[1])
        sys.stdout.write(json.dumps(seen))

    if __name__ == "__main__":
        main()
