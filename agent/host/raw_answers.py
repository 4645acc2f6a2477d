"""What this computer answers, raw, as our checks ask it: to be kept and judged again elsewhere.

Nothing is redacted here; ``private`` names what must be, beside secrets.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from agent.errors import CheckError
from agent.host import program

Answer = tuple[str, str | CheckError]
"""A name to keep it by (``/proc/mdstat``), and the text or why there is none."""

_LONGEST = 262_144
_DEADLINE_S = 30.0
_FILES = (
    "etc/os-release",
    "etc/ufw/ufw.conf",
    "proc/loadavg",
    "proc/mdstat",
    "proc/meminfo",
    "proc/mounts",
    "proc/self/mountinfo",
    "proc/stat",
    "proc/vmstat",
    "proc/pressure/cpu",
    "proc/pressure/io",
    "proc/pressure/memory",
    "sys/block/*/removable",
    "sys/block/*/dm/uuid",
    "sys/block/*/md/array_state",
    "sys/class/hwmon/hwmon*/name",
    "sys/class/hwmon/hwmon*/temp*_*",
    "sys/class/hwmon/hwmon*/fan*_input",
    "sys/class/power_supply/*/type",
    "sys/class/power_supply/*/scope",
    "sys/class/power_supply/*/present",
    "sys/class/power_supply/*/online",
    "sys/class/power_supply/*/status",
    "sys/class/power_supply/*/capacity",
    "sys/class/power_supply/*/cycle_count",
    "sys/class/power_supply/*/*_full",
    "sys/class/power_supply/*/*_full_design",
    "sys/devices/system/edac/mc/mc*/*_count",
    "sys/fs/ext4/*/errors_count",
)
_PROGRAMS = {
    "darwin": (
        ("/usr/bin/pmset", "-g", "batt"),
        ("/usr/sbin/ioreg", "-rn", "AppleSmartBattery"),
        ("/usr/bin/fdesetup", "status"),
        ("/usr/libexec/ApplicationFirewall/socketfilterfw", "--getglobalstate"),
    ),
}


def private() -> set[str]:
    """Return names of this computer and its users, which are nobody else's affair."""
    from agent.host import computer, operating_system  # noqa: PLC0415 - once only

    names = {computer.name(), operating_system.user()}
    names |= {os.environ.get(name, "") for name in ("USER", "USERNAME", "COMPUTERNAME", "LOGNAME")}
    return {name for name in names if len(name) > 2 and name != "root"}  # noqa: PLR2004 - no letters


def _found(patterns: Iterable[str]) -> list[Path]:
    return sorted(path for pattern in patterns for path in Path("/").glob(pattern))


def _files() -> Iterator[Answer]:
    for path in _found(_FILES):
        try:
            with path.open("rb") as file:
                yield str(path), file.read(_LONGEST).decode(errors="replace")
        except OSError as error:
            yield str(path), CheckError(error.strerror or str(error))


def _programs() -> Iterator[Answer]:
    asked: list[tuple[str, ...]] = list(_PROGRAMS.get(sys.platform, ()))
    smartctl = program.find("smartctl")
    if smartctl is not None:
        asked.append((str(smartctl), "-j", "--scan"))
        drives = _found(("dev/sd?", "dev/nvme?", "dev/disk?"))
        asked += [(str(smartctl), "-j", "-a", str(path)) for path in drives]
    nft = program.find("nft")
    if nft is not None:
        asked.append((str(nft), "list", "ruleset"))
    for arguments in asked:
        yield " ".join(arguments), _ran(arguments)


def _ran(arguments: tuple[str, ...]) -> str | CheckError:
    try:
        return program.run(arguments, _DEADLINE_S, longest=_LONGEST).out.decode(errors="replace")
    except CheckError as error:
        return error


class Listener:
    """Stands between us and a driver, and keeps what was asked and answered."""

    def __init__(self, ask: Callable[[int, bytes, int], bytes]) -> None:
        """Take what puts a control code to the driver."""
        self._ask = ask
        self.heard: list[dict[str, str]] = []

    def __call__(self, code: int, content: bytes, longest: int) -> bytes:
        """Ask, keep, answer; raises as what it listens to."""
        kept = {"code": hex(code), "question": content.hex()}
        self.heard.append(kept)
        try:
            answer = self._ask(code, content, longest)
        except CheckError as error:
            kept["error"] = f"{type(error).__name__}: {error.reason}"
            raise
        kept["answer"] = answer.hex()
        return answer


if sys.platform == "win32":
    import json
    from contextlib import suppress

    from agent.errors import UnsupportedCheckError
    from agent.host import (
        battery_windows,
        drive_health_windows,
        encryption,
        event_log_windows,
        reboot_windows,
        scm,
        security_center,
        storage_windows,
        updates_windows,
    )

    def read() -> Iterator[Answer]:
        """Yield what this computer answers, one thing after the other."""
        for name, ask in (
            ("drives", _drives),
            ("batteries", _batteries),
            ("services", _services),
            ("events", lambda: list(event_log_windows.texts())),
            ("restart", reboot_windows.read),
            ("updates", updates_windows.read),
            ("antivirus", security_center.antivirus),
            ("firewall", security_center.firewall),
            ("encryption", encryption.read),
        ):
            try:
                yield name, json.dumps(ask(), indent=1, default=str)
            except CheckError as error:
                yield name, error
            except (OSError, ValueError) as error:
                yield name, CheckError(str(error))

    def _drives() -> list[dict[str, Any]]:
        found = []
        for number in storage_windows.numbers():
            one: dict[str, Any] = {"number": number}
            found.append(one)
            try:
                described = storage_windows.drive(number)
                # The serial number is a person's to tell; that there is one is worth knowing.
                one["drive"] = described._replace(serial="X" * len(described.serial))._asdict()
                with storage_windows.Device(storage_windows.path(number)) as device:
                    listener = Listener(device.ask)
                    one["heard"] = listener.heard
                    with suppress(UnsupportedCheckError):
                        drive_health_windows.look(described, listener)
            except (CheckError, OSError, ValueError) as error:
                one["error"] = f"{type(error).__name__}: {error}"
        return found

    def _batteries() -> list[dict[str, Any]]:
        found = []
        for path in battery_windows.paths():
            one: dict[str, Any] = {}
            found.append(one)
            try:
                with storage_windows.Device(path) as device:
                    listener = Listener(device.ask)
                    one["heard"] = listener.heard
                    battery_windows.look("BAT", listener)
            except (CheckError, OSError, ValueError) as error:
                one["error"] = f"{type(error).__name__}: {error}"
        return found

    def _services() -> dict[str, Any]:
        units = scm.Units()
        names = units.found(("*",), automatic=False)
        return {name: one._asdict() for name, one in units.states(names, automatic=False).items()}

else:

    def read() -> Iterator[Answer]:
        """Yield what this computer answers, one thing after the other."""
        yield from _files()
        yield from _programs()
