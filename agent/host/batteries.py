"""The batteries of this computer and what it runs on, by the means of its system.

What cannot be true is left out: gauges have told 47 times the design's capacity, or 65,535 cycles.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

from agent.errors import UnsupportedCheckError
from agent.host import procfs

SOURCES = ("mains", "battery")

_DEADLINE_S = 10.0
_MOST_OF_DESIGN = 130.0  # a new one may hold some per cent more than designed
_MOST_CYCLES = 10_000


class Battery(NamedTuple):
    """One battery; None is what is not told.

    ``full_of_design_percent`` is what it holds when full, as a share of what it was made for;
    ``source`` is what the computer runs on: one of ``SOURCES``.
    """

    name: str
    charge_percent: float | None = None
    full_of_design_percent: float | None = None
    cycles: int | None = None
    source: str | None = None


def charge(percent: float | None) -> float | None:
    """Return a charge that can be true, else None."""
    return percent if percent is not None and 0 <= percent <= 100 else None  # noqa: PLR2004


def of_design(full: float | None, design: float | None) -> float | None:
    """Return what a full battery holds as a share of its design; None when it cannot be true."""
    if not full or not design or full < 0 or design < 0:
        return None
    share = 100.0 * full / design
    return min(share, 100.0) if share <= _MOST_OF_DESIGN else None


def cycles(count: float | None) -> int | None:
    """Return a count of cycles that can be true; many gauges tell 0 for not knowing."""
    return int(count) if count and 0 < count <= _MOST_CYCLES else None


def on_linux(folder: Path = Path("/sys/class/power_supply")) -> list[Battery]:
    """Return the computer's batteries; those of mice and headsets are their own affair."""
    supplies = sorted(folder.glob("*"))
    batteries = [
        supply
        for supply in supplies
        if procfs.text(f"{supply}/type") == "Battery"
        and procfs.text(f"{supply}/scope") != "Device"
        and procfs.text(f"{supply}/present") != "0"
    ]
    mains = [
        procfs.text(f"{supply}/online")
        for supply in supplies
        if procfs.text(f"{supply}/type") in {"Mains", "USB"}
        and procfs.text(f"{supply}/scope") != "Device"
    ]
    states = {procfs.text(f"{battery}/status") for battery in batteries}
    source = _source(mains, states)
    return [_on_linux(battery, source) for battery in batteries]


def _source(mains: list[str], states: set[str]) -> str | None:
    """Return what the computer runs on: the adapter's word goes before the batteries'."""
    if any(online in {"1", "2"} for online in mains):
        return "mains"
    if "0" in mains or "Discharging" in states:
        return "battery"
    return "mains" if states & {"Charging", "Full", "Not charging"} else None


def _on_linux(supply: Path, source: str | None) -> Battery:
    shares = (
        of_design(_number(f"{supply}/{kind}_full"), _number(f"{supply}/{kind}_full_design"))
        for kind in ("energy", "charge")
    )
    return Battery(
        name=supply.name,
        charge_percent=charge(_number(f"{supply}/capacity")),
        full_of_design_percent=next((share for share in shares if share is not None), None),
        cycles=cycles(_number(f"{supply}/cycle_count")),
        source=source,
    )


def _number(path: str) -> float | None:
    text = procfs.text(path)
    return int(text) if re.fullmatch(r"-?\d{1,15}", text) else None


def on_macos(power: str, gauge: str) -> list[Battery]:
    """Return the battery told by ``pmset -g batt`` and ``ioreg -rn AppleSmartBattery``."""
    told = re.search(r"InternalBattery-(\d+).*?\s(\d{1,3})%", power)
    if not told:
        return []
    values = {
        name: int(number) for name, number in re.findall(r'(?m)^\s*"(\w+)" = (\d{1,12})$', gauge)
    }
    source = re.search(r"Now drawing from '(AC|Battery) Power'", power)
    return [
        Battery(
            name=f"InternalBattery-{told[1]}",
            charge_percent=charge(int(told[2])),
            full_of_design_percent=of_design(
                # On Apple's own processors MaxCapacity is a share, always 100.
                values.get("AppleRawMaxCapacity", values.get("MaxCapacity")),
                values.get("DesignCapacity"),
            ),
            cycles=cycles(values.get("CycleCount")),
            source={"AC": "mains", "Battery": "battery"}[source[1]] if source else None,
        )
    ]


if sys.platform == "darwin":
    from agent.host import program

    def read() -> list[Battery]:
        """Return the batteries of this computer; raises CheckError."""
        power = program.run(["/usr/bin/pmset", "-g", "batt"], _DEADLINE_S)
        gauge = program.run(["/usr/sbin/ioreg", "-rn", "AppleSmartBattery"], _DEADLINE_S)
        return on_macos(power.out.decode(errors="replace"), gauge.out.decode(errors="replace"))

elif sys.platform == "linux":

    def read() -> list[Battery]:
        """Return the batteries of this computer; raises CheckError."""
        return on_linux()

elif sys.platform == "win32":

    def read() -> list[Battery]:
        """Return the batteries of this computer; raises CheckError."""
        from agent.host import battery_windows  # noqa: PLC0415 - it needs what is above

        return battery_windows.read()

else:

    def read() -> list[Battery]:
        """Return the batteries of this computer; raises CheckError."""
        raise UnsupportedCheckError("this system's batteries cannot be read")
