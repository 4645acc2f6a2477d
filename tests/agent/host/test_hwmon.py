"""Sensors as recorded on computers of several kinds: a file for each, a line for each of its files.

A line is ``hwmonN/FILE: content``; ``hwmonN/device -> PATH`` is where that link leads. The first
lines tell what is expected: kind, target, value and limit.
"""

from pathlib import Path

import pytest

from agent.host import hwmon
from agent.host.hwmon import Sensor

RECORDED = sorted((Path(__file__).parents[1] / "checks" / "recorded" / "hwmon").glob("*.txt"))


def laid_out(file: Path, folder: Path) -> list[str]:
    """Make the recorded files below ``folder``; return what is expected."""
    expected = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("expect: "):
            expected.append(line.removeprefix("expect: "))
        elif " -> " in line:
            link, _, leads = line.partition(" -> ")
            target = folder / "devices" / leads
            target.mkdir(parents=True, exist_ok=True)
            (folder / link).parent.mkdir(parents=True, exist_ok=True)
            (folder / link).symlink_to(target)
        else:
            path, _, content = line.partition(": ")
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(f"{content}\n", encoding="utf-8")
    return expected


def shown(sensor: Sensor) -> str:
    kind = "drive" if sensor.is_drive else sensor.kind
    limit = "-" if sensor.limit is None else f"{sensor.limit:g}"
    return f"{kind} | {sensor.target} | {sensor.value:g} | {limit}"


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_what_can_be_true_is_told(file: Path, tmp_path: Path) -> None:
    expected = laid_out(file, tmp_path)
    assert sorted(shown(sensor) for sensor in hwmon.sensors(str(tmp_path))) == sorted(expected)


def test_there_are_computers_of_several_kinds() -> None:
    assert len(RECORDED) >= 6


def test_a_computer_without_sensors_has_none(tmp_path: Path) -> None:
    assert hwmon.sensors(str(tmp_path / "no such folder")) == []
