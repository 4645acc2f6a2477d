"""Which operating system this is, since when it runs and who works at it."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class OperatingSystem(NamedTuple):
    """Name (``Debian GNU/Linux``), version (``12``), build (of the kernel) and processor kind."""

    name: str
    version: str
    build: str
    arch: str


def from_os_release(text: str) -> tuple[str, str]:
    """Return name and version from an ``os-release`` file."""
    told = {}
    for line in text.splitlines():
        key, _, value = line.strip().partition("=")
        told[key] = value.strip("\"'").replace("\\", "")
    return told.get("NAME", "Linux"), told.get("VERSION_ID", told.get("BUILD_ID", ""))


def local_user(sessions: Iterable[str]) -> str:
    """Return who is signed in at the computer itself, given logind's session files' texts.

    A session on the screen goes before one on a text console; sessions from elsewhere and
    the sign-in screen's own do not count.
    """
    found = []
    for text in sessions:
        told = dict(line.partition("=")[::2] for line in text.splitlines())
        if told.get("CLASS") == "user" and told.get("REMOTE") != "1" and told.get("USER"):
            graphical = told.get("TYPE") in {"x11", "wayland", "mir"}
            found.append((told.get("ACTIVE") == "1", graphical, told["USER"]))
    return max(found, default=(False, False, ""))[2]


if sys.platform == "linux":
    from agent.host import procfs

    def read() -> OperatingSystem:
        """Return the operating system."""
        release = procfs.text("/etc/os-release") or procfs.text("/usr/lib/os-release")
        kernel = os.uname()
        return OperatingSystem(*from_os_release(release), kernel.release, kernel.machine)

    def user(folder: str = "/run/systemd/sessions") -> str:
        """Return who is signed in at the computer itself; empty when nobody is."""
        return local_user(procfs.text(str(path)) for path in sorted(Path(folder).glob("*[0-9]")))

    def boot_time() -> float:
        """Return when the system started, in Unix seconds."""
        return procfs.boot_time()

else:
    import platform

    import psutil

    def user() -> str:
        """Return who signed in last; empty when nobody has."""
        latest = max(psutil.users(), key=lambda found: found.started, default=None)
        return latest.name if latest else ""

    def boot_time() -> float:
        """Return when the system started, in Unix seconds."""
        return psutil.boot_time()

    if sys.platform == "win32":
        import winreg

        _ELEVEN = 22_000  # the first build of Windows 11, whose ProductName still says 10

        def read() -> OperatingSystem:
            """Return the operating system, from the registry."""
            path = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:

                def told(name: str) -> str:
                    try:
                        return str(winreg.QueryValueEx(key, name)[0])
                    except OSError:
                        return ""

                build = told("CurrentBuildNumber") or str(sys.getwindowsversion().build)
                name = told("ProductName") or "Windows"
                if build.isdigit() and int(build) >= _ELEVEN:
                    name = name.replace("Windows 10", "Windows 11")
                version = told("DisplayVersion") or told("ReleaseId")
                revision = told("UBR")
            build = f"{build}.{revision}" if revision else build
            return OperatingSystem(name, version, build, platform.machine())

    else:

        def read() -> OperatingSystem:
            """Return the operating system."""
            kernel = os.uname()
            return OperatingSystem("macOS", platform.mac_ver()[0], kernel.release, kernel.machine)
