"""Reports of smartctl as recorded, and a smartctl of the tests' own that tells them."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.check_api import CheckDeniedError, CheckError, UnsupportedCheckError
from agent.host import program, smart_report
from agent.host.smart import LISTED_S, Drive, Smartctl
from agent.host.smart_report import Asleep, DriveReport

RECORDED = Path(__file__).parents[1] / "checks" / "recorded" / "disk_health"
CASES: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text(encoding="utf-8")) for file in RECORDED.glob("*.json")
}


def document(name: str) -> dict[str, Any]:
    found = CASES[name]["document"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_was_recorded_is_read(case: dict[str, Any]) -> None:
    expected = case["expected"]
    if isinstance(expected, str) and expected != "asleep":
        with pytest.raises(CheckError) as raised:
            smart_report.read(case["document"])
        kinds = {UnsupportedCheckError: "unsupported", CheckDeniedError: "denied"}
        assert kinds.get(type(raised.value), raised.value.reason) == expected
        return
    report = smart_report.read(case["document"])
    if isinstance(report, Asleep):
        assert expected == "asleep"
        return
    assert report.told == expected, case["shows"]
    assert report.celsius == case["celsius"]
    assert report.is_virtual is case["virtual"]


def test_as_many_quiet_cases_are_recorded_as_alarming_ones() -> None:
    def alarms(told: Any) -> bool:
        return isinstance(told, dict) and (
            told.get("verdict") == "failing"
            or told.get("self_test") == "failed"
            or any(told.get(name) for name in ("critical_warning", "pending", "uncorrectable"))
        )

    alarming = [name for name, case in CASES.items() if alarms(case["expected"])]
    assert 8 <= len(alarming) <= len(CASES) / 2


def test_model_and_serial_are_known_for_the_ticket() -> None:
    report = smart_report.read(document("scsi_healthy"))
    assert isinstance(report, DriveReport)
    assert (report.model, report.serial) == ("SEAGATE ST4000NM0023", "Z1Z00001")


@pytest.mark.parametrize("nonsense", [None, [], {}, {"smartctl": []}, {"smartctl": {}}, "text"])
def test_another_document_is_no_report(nonsense: object) -> None:
    if nonsense == {"smartctl": {}}:
        assert smart_report.read(nonsense) == DriveReport("", "", {})
        return
    with pytest.raises(CheckError, match="smartctl gave no report"):
        smart_report.read(nonsense)


def broken(tree: Any, wrong: object) -> Iterator[Any]:
    """Yield the tree with each of its values in turn replaced by a wrong one."""
    if isinstance(tree, dict):
        for key in tree:
            yield {**tree, key: wrong}
            yield from ({**tree, key: inner} for inner in broken(tree[key], wrong))
    elif isinstance(tree, list):
        for position, item in enumerate(tree):
            rest = tree[position + 1 :]
            yield from ([*tree[:position], inner, *rest] for inner in broken(item, wrong))


WRONG: tuple[object, ...] = (None, -1, 2**70, "text", [], {}, True, 1.5)


@pytest.mark.parametrize("name", ["ata_failing", "nvme_critical_warning", "scsi_defects"])
def test_whatever_stands_in_place_of_a_value_the_rest_is_read(name: str) -> None:
    """A smartctl of another version, or a drive's firmware, may say anything."""
    tried = 0
    for changed in (tree for wrong in WRONG for tree in broken(document(name), wrong)):
        try:
            report = smart_report.read(changed)
        except CheckError:
            continue
        assert isinstance(report, DriveReport)
        tried += 1
    assert tried > 100


class Tool:
    """A smartctl that tells what a test wants, and how it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "smartctl"
        self.path.write_text(
            f'#!/bin/sh\necho "$*" >>{folder}/asked\n'
            f'for last; do :; done\ncat "{folder}/$(echo "$last" | tr / _)"\n'
        )
        self.path.chmod(0o755)

    def lists(self, *drives: tuple[str, str]) -> None:
        devices = [{"name": name, "type": kind, "protocol": "?"} for name, kind in drives]
        self.says("-j", "")
        self.says("--scan", json.dumps({"smartctl": {"exit_status": 0}, "devices": devices}))

    def says(self, last_argument: str, text: str) -> None:
        (self.folder / last_argument.replace("/", "_")).write_text(text)

    def tells(self, path: str, case: str) -> None:
        self.says(path, json.dumps(document(case)))

    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path)


SDA = Drive("/dev/sda")


class TestAsking:
    def test_drives_are_listed_and_asked(self, tool: Tool) -> None:
        smartctl = Smartctl(tool.path)
        tool.lists(("/dev/sdb", "scsi"), ("/dev/sda", "scsi"), ("/dev/nvme0", "nvme"))
        assert smartctl.drives() == [Drive("/dev/nvme0"), SDA, Drive("/dev/sdb")]
        tool.tells("/dev/sda", "ata_healthy")
        assert smartctl.report(SDA).told["verdict"] == "passed"
        assert tool.asked() == ["-j --scan", "-j -a /dev/sda"]

    def test_the_list_of_drives_holds_until_the_kernel_has_other_disks(
        self, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "sys" / "block" / "sda").mkdir(parents=True)
        smartctl = Smartctl(tool.path, str(tmp_path / "sys"))
        tool.lists(("/dev/sda", "scsi"))
        assert smartctl.drives() == smartctl.drives() == [SDA]
        assert len(tool.asked()) == 1

        (tmp_path / "sys" / "block" / "sdb").mkdir()
        tool.lists(("/dev/sda", "scsi"), ("/dev/sdb", "scsi"))
        assert smartctl.drives() == [SDA, Drive("/dev/sdb")]

        tool.lists(("/dev/sda", "scsi"))  # one behind a controller, which the kernel does not list
        later_s = time.monotonic() + LISTED_S
        monkeypatch.setattr("agent.host.smart.time.monotonic", lambda: later_s)
        assert smartctl.drives() == [SDA]

    def test_disks_behind_a_controller_share_a_path_and_not_a_name(self, tool: Tool) -> None:
        smartctl = Smartctl(tool.path)
        tool.lists(("/dev/bus/0", "megaraid,4"), ("/dev/bus/0", "megaraid,5"))
        first, second = smartctl.drives()
        assert [first.target, second.target] == [
            "/dev/bus/0:megaraid,4",
            "/dev/bus/0:megaraid,5",
        ]
        tool.tells("/dev/bus/0", "scsi_healthy")
        smartctl.report(second)
        assert tool.asked()[-1] == "-j -a -d megaraid,5 /dev/bus/0"

    def test_what_is_no_name_of_a_drive_is_not_asked(self, tool: Tool) -> None:
        tool.lists(("-s off", "scsi"), ("/dev/sd a", "scsi"), ("/dev/sda", "x y"))
        assert Smartctl(tool.path).drives() == []

    def test_a_drive_that_was_asked_may_sleep_and_is_as_it_was(self, tool: Tool) -> None:
        smartctl = Smartctl(tool.path)
        tool.tells("/dev/sda", "ata_healthy")
        awake = smartctl.report(SDA)
        tool.tells("/dev/sda", "asleep")
        assert smartctl.report(SDA) is awake
        assert tool.asked() == ["-j -a /dev/sda", "-j -a -n standby /dev/sda"]

    def test_a_young_report_is_not_asked_for_again(self, tool: Tool) -> None:
        smartctl = Smartctl(tool.path)
        tool.tells("/dev/sda", "ata_healthy")
        assert smartctl.report(SDA) is smartctl.report(SDA, oldest_s=600)
        assert len(tool.asked()) == 1

    def test_a_drive_that_told_and_no_longer_does_is_unknown(self, tool: Tool) -> None:
        smartctl = Smartctl(tool.path)
        tool.tells("/dev/sda", "usb_bridge_unknown")
        with pytest.raises(UnsupportedCheckError):
            smartctl.report(SDA)
        tool.tells("/dev/sda", "ata_healthy")
        smartctl.report(SDA)
        tool.tells("/dev/sda", "usb_bridge_unknown")
        with pytest.raises(CheckError, match="the drive no longer answers") as raised:
            smartctl.report(SDA)
        assert not isinstance(raised.value, UnsupportedCheckError)

    def test_an_old_smartctl_knows_no_json(self, tool: Tool) -> None:
        tool.says("--scan", "smartctl 6.6 2017-11-05 r4594\n=======> UNRECOGNIZED OPTION: j\n")
        with pytest.raises(UnsupportedCheckError, match=r"smartctl is older than 7\.0"):
            Smartctl(tool.path).drives()

    def test_what_is_no_json_is_unknown(self, tool: Tool) -> None:
        tool.says("--scan", '{"smartctl": {"exit')
        with pytest.raises(CheckError, match="smartctl gave no report"):
            Smartctl(tool.path).drives()
        tool.says("--scan", "[]")
        with pytest.raises(CheckError, match="smartctl gave no report"):
            Smartctl(tool.path).drives()

    def test_without_smartctl_it_is_unsupported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(program, "find", lambda _name: None)
        with pytest.raises(UnsupportedCheckError, match="is not installed"):
            Smartctl().drives()

    def test_sticks_and_disks_on_usb_are_removable(self, tool: Tool, tmp_path: Path) -> None:
        for name, place, removable in (
            ("sda", "pci0000:00/0000:00:17.0/ata1/host0", "0"),
            ("sdb", "pci0000:00/0000:00:14.0/usb2/2-1/host6", "0"),
            ("sdc", "pci0000:00/0000:00:1a.0/mmc", "1"),
        ):
            folder = tmp_path / "sys/devices" / place / name
            folder.mkdir(parents=True)
            (folder / "removable").write_text(f"{removable}\n")
            (tmp_path / "sys/block").mkdir(exist_ok=True)
            (tmp_path / "sys/block" / name).symlink_to(folder)
        tool.lists(*((f"/dev/{name}", "scsi") for name in ("sda", "sdb", "sdc", "sdd")))
        drives = Smartctl(tool.path, str(tmp_path / "sys")).drives()
        assert [drive.removable for drive in drives] == [False, True, True, False]


@pytest.mark.needs("smartctl")
@pytest.mark.needs_root
def test_the_real_smartctl_of_this_computer_is_understood() -> None:
    smartctl = Smartctl()
    for drive in smartctl.drives():
        try:
            assert isinstance(smartctl.report(drive), DriveReport)
        except UnsupportedCheckError:
            continue
    with pytest.raises(UnsupportedCheckError, match="does not know how to ask"):
        smartctl.report(Drive("/dev/null"))
