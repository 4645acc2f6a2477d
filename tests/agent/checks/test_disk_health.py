"""Which drives are told of, and which are left out."""

import json
from pathlib import Path

import pytest

from agent.check_api import (
    CheckError,
    CheckTimeoutError,
    Measured,
    TargetFilter,
    Unreadable,
    UnsupportedCheckError,
)
from agent.checks.disk_health import CHECK
from agent.host import smart, smart_report
from agent.host.smart import Drive
from agent.host.smart_report import DriveReport

RECORDED = Path(__file__).parent / "recorded" / "disk_health"


class Computer:
    """Drives that answer as recorded."""

    def __init__(self) -> None:
        self.answers: dict[Drive, str | CheckError] = {
            Drive("/dev/sda"): "ata_failing",
            Drive("/dev/sdb", removable=True): "usb_bridge_passes_smart_on",
            Drive("/dev/sdc", removable=True): "usb_stick",
            Drive("/dev/sdd", removable=True): UnsupportedCheckError("unknown bridge"),
            Drive("/dev/sde"): "virtual_ata_disk",
            Drive("/dev/sdf"): CheckTimeoutError("no answer"),
        }

    def drives(self) -> list[Drive]:
        return list(self.answers)

    def report(self, drive: Drive) -> DriveReport:
        answer = self.answers[drive]
        if isinstance(answer, CheckError):
            raise answer
        case = json.loads((RECORDED / f"{answer}.json").read_text(encoding="utf-8"))
        report = smart_report.read(case["document"])
        assert isinstance(report, DriveReport)
        return report


@pytest.fixture(autouse=True)
def computer(monkeypatch: pytest.MonkeyPatch) -> Computer:
    made = Computer()
    monkeypatch.setattr(smart, "SHARED", made)
    return made


def probe(*include: str, exclude: tuple[str, ...] = ()) -> dict[str, Measured | Unreadable]:
    return {found.target: found for found in CHECK.probe(TargetFilter(include, exclude), {})}


def test_each_drive_that_has_something_to_tell() -> None:
    found = probe()
    assert found.keys() == {"/dev/sda", "/dev/sdb", "/dev/sde", "/dev/sdf"}
    failing = found["/dev/sda"]
    assert isinstance(failing, Measured)
    assert failing.values == {
        "verdict": "failing",
        "reallocated": 65488,
        "pending": 2736,
        "uncorrectable": 2736,
        "pending_grown_total": 0,
        "reallocated_grown_total": 0,
    }
    assert failing.about == "ST3000DM001-1CH166, serial W1F00001"


def test_a_drive_that_does_not_answer_is_unknown() -> None:
    assert probe()["/dev/sdf"] == Unreadable("/dev/sdf", "no answer")


def test_removable_and_virtual_ones_can_be_left_out() -> None:
    assert probe(exclude=("removable", "virtual")).keys() == {"/dev/sda", "/dev/sdf"}
    assert probe(exclude=("/dev/sda",)).keys() == {"/dev/sdb", "/dev/sde", "/dev/sdf"}


def test_one_that_is_named_is_told_even_if_there_is_nothing_to_tell() -> None:
    assert probe("/dev/sdc", "/dev/sdd", "/dev/sdz") == {
        "/dev/sdc": Unreadable("/dev/sdc", "the drive tells nothing of its health"),
        "/dev/sdd": Unreadable("/dev/sdd", "unknown bridge"),
        "/dev/sdz": Unreadable("/dev/sdz", "there is no such drive, or it cannot be asked"),
    }


def test_another_drive_at_the_same_path_is_no_growth(computer: Computer) -> None:
    memory: dict[str, str] = {}
    seen = []
    for case in ("ata_healthy", "ata_healthy", "ata_pending_sectors", "ata_reallocated_and_stable"):
        computer.answers = {Drive("/dev/sda"): case}
        [found] = CHECK.probe(TargetFilter(), memory)
        assert isinstance(found, Measured)
        seen.append([found.values["pending_grown_total"], found.values["reallocated_grown_total"]])
    assert seen == [[0, 0]] * 4, "each of these is another drive, with a count of its own"
