"""What kind of computer this is: maker, model, serial number, and what it is used as."""

import os
import socket
import sys
from pathlib import Path

from agent.host.smbios import Computer, known
from agent.protocol.words import DeviceKind

_PORTABLE = {8, 9, 10, 11, 14, 30, 31, 32}  # SMBIOS chassis types: laptop, tablet, convertible, …
_SERVER = {17, 23, 25, 28, 29}  # main server, rack mount, multi-system, blade
_MOBILE_ROLES = {2, 8}
_WINDOWS_WORKSTATION = 1


def name() -> str:
    """Return the computer's own name, without its domain."""
    return socket.gethostname().partition(".")[0]


def kind_of(chassis: int, *, battery: bool, desktop: bool) -> DeviceKind:
    """Guess what a computer is used as.

    One with a laptop's chassis or a battery of its own is a laptop; one in a server's chassis,
    or where nobody can sign in to a desktop, is a server.
    """
    if chassis in _PORTABLE or (battery and chassis not in _SERVER):
        return DeviceKind.LAPTOP
    return DeviceKind.WORKSTATION if desktop and chassis not in _SERVER else DeviceKind.SERVER


if sys.platform == "linux":
    from agent.host import procfs

    def read(folder: str = "/sys/class/dmi/id", tree: str = "/proc/device-tree") -> Computer:
        """Return the computer; the serial number can be read by root alone."""
        told = {
            part: known(procfs.text(f"{folder}/{part}"))
            for part in ("sys_vendor", "product_name", "product_serial", "chassis_type")
        }
        return Computer(
            maker=told["sys_vendor"],
            model=told["product_name"] or known(procfs.text(f"{tree}/model")),
            serial=told["product_serial"] or known(procfs.text(f"{tree}/serial-number")),
            chassis=int(told["chassis_type"]) if told["chassis_type"].isdigit() else 0,
        )

    def kind() -> DeviceKind:
        """Guess what this computer is used as."""
        return kind_of(
            read().chassis,
            battery=has_battery(),
            desktop=any(Path(manager).exists() for manager in _DISPLAY_MANAGERS),
        )

    def has_battery(folder: str = "/sys/class/power_supply") -> bool:
        """Tell whether the computer runs on a battery; a mouse's or a UPS's does not count."""
        try:
            supplies = os.listdir(folder)  # noqa: PTH208 - names are all that is needed
        except OSError:
            return False
        return any(
            procfs.text(f"{folder}/{supply}/type") == "Battery"
            and procfs.text(f"{folder}/{supply}/scope") != "Device"
            for supply in supplies
        )

    _DISPLAY_MANAGERS = (
        "/etc/systemd/system/display-manager.service",
        "/etc/X11/default-display-manager",
    )

elif sys.platform == "win32":
    from agent.host import smbios, winapi

    def read() -> Computer:
        """Return the computer, from its firmware."""
        return smbios.parse(winapi.smbios())

    def kind() -> DeviceKind:
        """Guess what this computer is used as; Windows knows whether it is a server's edition."""
        if sys.getwindowsversion().product_type != _WINDOWS_WORKSTATION:
            return DeviceKind.SERVER
        mobile = winapi.platform_role() in _MOBILE_ROLES  # a UPS, too, looks like a battery
        found = kind_of(read().chassis, battery=mobile, desktop=True)
        return DeviceKind.WORKSTATION if found is DeviceKind.SERVER else found

else:
    import re
    import subprocess

    def read() -> Computer:
        """Return the computer, from the registry of its devices."""
        said = subprocess.run(
            ["/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        ).stdout.decode(errors="replace")

        def told(key: str) -> str:
            found = re.search(rf'"{key}" = <?"([^"]*)"', said)
            return known(found[1]) if found else ""

        return Computer("Apple", told("model"), told("IOPlatformSerialNumber"))

    def kind() -> DeviceKind:
        """Guess what this computer is used as; Apple's notebooks say Book in their model."""
        return kind_of(0, battery="Book" in read().model, desktop=True)
