"""Linux: sensors of the mainboard, processors and drives, as the kernel names them (hwmon).

What cannot be true is left out: sensors that nothing is wired to tell 0, −1, 127 or 255 °C, and
fans 65,535 turns.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from agent.host import procfs
from agent.host.room import target_of

FOLDER = "/sys/class/hwmon"

_COLDEST, _HOTTEST = 0.0, 126.0  # °C, both not possible any more
_MOST_TURNS = 30_000
_DRIVES = frozenset({"drivetemp", "nvme"})
_INPUT = re.compile(r"(?P<kind>temp|fan)(?P<number>\d+)_input")


class Sensor(NamedTuple):
    """One sensor: ``target`` is ``CHIP/LABEL``, for a drive's the drive's path.

    ``kind`` is ``temp`` (value in °C) or ``fan`` (turns per minute). ``limit`` is where the
    chip says that it is critical, in °C.
    """

    kind: str
    target: str
    value: float
    limit: float | None = None
    is_drive: bool = False


def sensors(folder: str = FOLDER) -> list[Sensor]:
    """Return every sensor that tells what can be true, by target."""
    chips = sorted(path for path in Path(folder).glob("hwmon*") if path.is_dir())
    names = [procfs.text(f"{chip}/name") or chip.name for chip in chips]
    counted = Counter(names)
    found = []
    for chip, name in zip(chips, names, strict=True):
        # Of two chips of one name the device tells which is which (coretemp.0, coretemp.1).
        shown = name if counted[name] == 1 else f"{name}-{_device(chip)}"
        found += list(_chip_sensors(chip, name, shown))
    return sorted(found)


def _device(chip: Path) -> str:
    try:
        return (chip / "device").resolve(strict=True).name
    except OSError:
        return chip.name


def _chip_sensors(chip: Path, name: str, shown: str) -> Iterator[Sensor]:
    for path in sorted(chip.glob("*_input")):
        matched = _INPUT.fullmatch(path.name)
        if not matched:
            continue
        place = f"{chip}/{matched[0].removesuffix('_input')}"
        raw = _number(str(path))
        if raw is None or procfs.text(f"{place}_fault") == "1":
            continue
        label = procfs.text(f"{place}_label") or f"{matched['kind']}{matched['number']}"
        if matched["kind"] == "fan":
            if 0 <= raw <= _MOST_TURNS:
                yield Sensor("fan", target_of(f"{shown}/{label}"), raw)
        elif name in _DRIVES:
            drive = _drive(chip, name)
            if drive and matched["number"] == "1" and _is_possible(raw / 1000):
                yield Sensor("temp", drive, raw / 1000, _limit(place), is_drive=True)
        elif _is_possible(raw / 1000):
            yield Sensor("temp", target_of(f"{shown}/{label}"), raw / 1000, _limit(place))


def _drive(chip: Path, name: str) -> str:
    """Return the path of the drive that a chip belongs to, as smartctl names it."""
    if name == "nvme":
        device = _device(chip)
        return f"/dev/{device}" if device.startswith("nvme") else ""
    block = next((chip / "device" / "block").glob("*"), None)
    return f"/dev/{block.name}" if block else ""


def _limit(place: str) -> float | None:
    raw = _number(f"{place}_crit")
    return raw / 1000 if raw is not None and _is_possible(raw / 1000) else None


def _is_possible(celsius: float) -> bool:
    return _COLDEST < celsius < _HOTTEST


def _number(path: str) -> float | None:
    text = procfs.text(path)
    return int(text) if re.fullmatch(r"-?\d{1,12}", text) else None
