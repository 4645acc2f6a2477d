"""Windows: when updates of the system itself were last installed, from its servicing's registry.

The update service tells of its last success, too, but counts the antivirus' signatures of every
day as one. Windows' servicing keeps each update of the system with its state and its time: the
monthly one is ``Package_for_RollupFix``, whatever the language.
"""

import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from agent.host.reboot_windows import Pending, instant

_OF_THE_SYSTEM = re.compile(r"Package_for_(?:RollupFix|KB\d+)(?:_RTM|_SP\d)?~", re.IGNORECASE)
_INSTALLED = 0x70  # CbsInstallState: installed; 0x60 waits for a restart


class Package(NamedTuple):
    """One package as servicing keeps it: name, state, time (100 ns since 1601)."""

    name: str
    state: int
    ticks: int


def is_of_the_system(name: str) -> bool:
    """Tell whether a package is an update of the system, by its name."""
    return bool(_OF_THE_SYSTEM.match(name))


def last_success(packages: Iterable[Package], told: str) -> datetime | None:
    """Return when an update of the system was last installed; None when nothing tells.

    ``told`` is ``LastSuccessTime`` of the update service, which older systems keep: UTC,
    ``2017-03-15 02:14:09``.
    """
    times = [
        instant(package.ticks)
        for package in packages
        if package.state == _INSTALLED and is_of_the_system(package.name)
    ]
    with suppress(ValueError):
        times.append(datetime.strptime(told, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC))
    return max((at for at in times if at), default=None)


def named(packages: Iterable[Package]) -> list[tuple[str, datetime]]:
    """Return the installed updates of the system by their short names, and when each came."""
    return [
        (package.name.removeprefix("Package_for_").partition("~")[0], at)
        for package in packages
        if package.state == _INSTALLED
        and is_of_the_system(package.name)
        and (at := instant(package.ticks)) is not None
    ]


def values(last: datetime | None, waits: Pending, now: datetime) -> dict[str, float | int | str]:
    """Return the metrics of ``updates``: ages in seconds, none that the future would make."""
    told: dict[str, float | int | str] = {}
    if last is not None:
        told["last_success_age"] = max(0.0, (now - last).total_seconds())
    if not waits.waits:
        told["reboot_pending_age"] = 0.0
    elif waits.since is not None:
        told["reboot_pending_age"] = max(0.0, (now - waits.since).total_seconds())
    return told


if sys.platform == "win32":
    import winreg

    from agent.errors import UnsupportedCheckError

    _PACKAGES = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages"
    _RESULTS = (
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\Results\Install"
    )
    _ACCESS = winreg.KEY_READ | winreg.KEY_WOW64_64KEY

    def read() -> datetime | None:
        """Return when an update of the system was last installed; None: never, as far as known.

        Raises UnsupportedCheckError where Windows keeps no account of them.
        """
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _PACKAGES, 0, _ACCESS) as key:
                packages = _packages(key)
        except OSError as error:
            raise UnsupportedCheckError("this system keeps no account of its updates") from error
        return last_success(packages, _told())

    def installed() -> list[tuple[str, datetime]]:
        """Return the updates of the system that are installed, and when; none if not told."""
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _PACKAGES, 0, _ACCESS) as key:
                return named(_packages(key))
        except OSError:
            return []

    def _packages(key: winreg.HKEYType) -> list[Package]:
        found = []
        for at in range(winreg.QueryInfoKey(key)[0]):
            try:
                name = winreg.EnumKey(key, at)
            except OSError:
                break  # one went away meanwhile
            if is_of_the_system(name):
                with winreg.OpenKey(key, name, 0, _ACCESS) as package:
                    high, low = _number(package, "InstallTimeHigh"), _number(package, _LOW)
                    state = _number(package, "CurrentState")
                    found.append(Package(name, state, (high << 32) | low))
        return found

    _LOW = "InstallTimeLow"

    def _number(key: winreg.HKEYType, name: str) -> int:
        try:
            value = winreg.QueryValueEx(key, name)[0]
        except OSError:
            return 0
        return value if isinstance(value, int) else 0

    def _told() -> str:
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _RESULTS, 0, _ACCESS) as key:
                return str(winreg.QueryValueEx(key, "LastSuccessTime")[0])
        except OSError:
            return ""
