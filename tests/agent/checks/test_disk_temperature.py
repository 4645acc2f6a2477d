"""How hot drives are, by the kernel or by the drives themselves."""

import pytest

from agent.check_api import CheckError, Measured, TargetFilter, Unreadable, UnsupportedCheckError
from agent.checks.disk_temperature import CHECK
from agent.host import hwmon, smart
from agent.host.hwmon import Sensor
from agent.host.smart import Drive
from agent.host.smart_report import DriveReport


class Computer:
    """Sensors and drives of a computer, to be changed by a test."""

    def __init__(self) -> None:
        self.sensors: list[Sensor] = []
        self.drives: dict[Drive, float | CheckError | None] = {}
        self.smartctl = True

    def listed(self) -> list[Drive]:
        if not self.smartctl:
            raise UnsupportedCheckError("smartctl is not installed")
        return list(self.drives)

    def report(self, drive: Drive, *, oldest_s: float) -> DriveReport:
        assert oldest_s == 600
        told = self.drives[drive]
        if isinstance(told, CheckError):
            raise told
        return DriveReport("", "", {}, told)


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> Computer:
    made = Computer()
    monkeypatch.setattr(hwmon, "sensors", lambda: made.sensors)
    monkeypatch.setattr(smart.SHARED, "drives", made.listed)
    monkeypatch.setattr(smart.SHARED, "report", made.report)
    return made


def test_the_kernel_is_asked_first_and_the_drive_else(computer: Computer) -> None:
    computer.sensors = [Sensor("temp", "/dev/nvme0", 41.0, is_drive=True)]
    computer.drives = {
        Drive("/dev/nvme0"): 99.0,
        Drive("/dev/sda"): 35.0,
        Drive("/dev/sdb"): None,
        Drive("/dev/sdc"): CheckError("no answer"),
        Drive("/dev/sdd"): UnsupportedCheckError("unknown bridge"),
    }
    assert list(CHECK.probe(TargetFilter())) == [
        Measured("/dev/nvme0", {"temperature": 41.0}),
        Measured("/dev/sda", {"temperature": 35.0}),
        Unreadable("/dev/sdc", "no answer"),
    ]


def test_named_ones_that_tell_nothing_are_unknown(computer: Computer) -> None:
    computer.drives = {Drive("/dev/sdb"): None}
    assert list(CHECK.probe(TargetFilter(("/dev/sdb", "/dev/sdz")))) == [
        Unreadable("/dev/sdb", "the drive tells no temperature that can be true"),
        Unreadable("/dev/sdz", "there is no such drive"),
    ]


def test_without_smartctl_it_is_what_the_kernel_tells_or_unsupported(computer: Computer) -> None:
    computer.smartctl = False
    with pytest.raises(UnsupportedCheckError, match="not installed"):
        list(CHECK.probe(TargetFilter()))
    computer.sensors = [Sensor("temp", "/dev/nvme0", 41.0, is_drive=True)]
    [found] = CHECK.probe(TargetFilter())
    assert found.target == "/dev/nvme0"
