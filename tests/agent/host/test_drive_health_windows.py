"""Asking Windows' drivers of drives' health: what is asked, and what comes of each answer.

The drivers' answers are laid out as Microsoft documents them; a real driver is not here.
"""

import struct
from collections.abc import Callable

import pytest

from agent.errors import CheckError, CheckTimeoutError, UnsupportedCheckError
from agent.host.drive_health_windows import Ask, Drives, command, look
from agent.host.smart import Drive
from agent.host.smart_report import DriveReport
from agent.host.storage_windows import Drive as Described
from tests.agent.host.test_smart_bytes import HEALTHY, LIMITS, health_log, limits, table

NVME = Described(0, "nvme", "Samsung SSD 980", "S64", removable=False, virtual=False)
SATA = Described(1, "sata", "ST2000DM008", "ZFL0", removable=False, virtual=False)
SAS = Described(2, "sas", "SEAGATE ST900MM", "S0N", removable=False, virtual=False)
PASSED, FAILING = bytes((0, 0, 0, 0x4F, 0xC2, 0, 0, 0)), bytes((0, 0, 0, 0xF4, 0x2C, 0, 0, 0))


class Driver:
    """A driver that knows the answers it is given, by code and first bytes of the question."""

    def __init__(
        self,
        log: bytes | None = None,
        predicts: int | None = None,
        smart: dict[int, bytes] | None = None,
    ) -> None:
        self._log, self._predicts, self._smart = log, predicts, smart or {}
        self.asked: list[int] = []

    def __call__(self, code: int, content: bytes, longest: int) -> bytes:
        self.asked.append(code)
        answer = self._answer(code, content)
        if answer is None:
            raise UnsupportedCheckError("not this one")
        return answer[:longest]

    def _answer(self, code: int, content: bytes) -> bytes | None:
        if code == 0x2D1400 and self._log is not None:
            kind, _, protocol, page, number, *_ = struct.unpack_from("<7I", content)
            assert (kind, protocol, page, number) == (50, 3, 2, 2), "the device's health log"
            assert len(content) == 8 + 40 + 512
            return struct.pack("<II10I", 48, 560, 3, 2, 2, 0, 40, 512, 0, 0, 0, 0) + self._log
        if code == 0x2D1100 and self._predicts is not None:
            return struct.pack("<I", self._predicts) + bytes(512)
        if code in {0x7C084, 0x7C088}:
            assert len(content) == 33
            feature = content[4]
            assert content[7:11] == bytes((0x4F, 0xC2, 0xA0, 0xB0)), "SMART's signature"
            found = self._smart.get(feature)
            return None if found is None else bytes(16) + found
        return None


def test_an_nvme_drive_is_asked_for_its_health_log_alone() -> None:
    driver = Driver(log=health_log(warning=4, media_errors=2))
    report = look(NVME, driver)
    assert report.told["verdict"] == "failing"
    assert report.told["media_errors"] == 2
    assert (report.model, report.serial, report.celsius) == ("Samsung SSD 980", "S64", 38)
    assert driver.asked == [0x2D1400]


def test_an_ata_drive_tells_its_tables_and_its_own_verdict() -> None:
    driver = Driver(smart={0xD0: HEALTHY, 0xD1: LIMITS, 0xDA: PASSED})
    report = look(SATA, driver)
    assert report.told == {"reallocated": 0, "pending": 0, "uncorrectable": 0, "verdict": "passed"}
    assert report.celsius == 34
    failing = Driver(smart={0xD0: HEALTHY, 0xD1: LIMITS, 0xDA: FAILING}, predicts=0)
    assert look(SATA, failing).told["verdict"] == "failing"


def test_an_attribute_at_its_threshold_goes_before_a_drive_that_calls_itself_well() -> None:
    low = {0xD0: table((5, 0x33, 5, 2000)), 0xD1: limits((5, 10)), 0xDA: PASSED}
    assert look(SATA, Driver(smart=low, predicts=0)).told["verdict"] == "failing"


@pytest.mark.parametrize(("predicts", "verdict"), [(0, "passed"), (1, "failing")])
def test_where_there_are_no_tables_the_driver_predicts(predicts: int, verdict: str) -> None:
    assert look(SAS, Driver(predicts=predicts)).told == {"verdict": verdict}
    assert look(SATA, Driver(predicts=predicts)).told == {"verdict": verdict}


@pytest.mark.parametrize("described", [NVME, SATA, SAS])
def test_a_drive_that_tells_nothing_is_unsupported(described: Described) -> None:
    with pytest.raises(UnsupportedCheckError, match="tells nothing of its health"):
        look(described, Driver())


@pytest.mark.parametrize("cut", [0, 7, 20, 47, 100])
def test_an_answer_that_is_cut_off_tells_nothing(cut: int) -> None:
    whole = Driver(log=health_log(), predicts=0, smart={0xD0: HEALTHY, 0xDA: PASSED})

    def ask(code: int, content: bytes, longest: int) -> bytes:
        return whole(code, content, longest)[:cut]

    with pytest.raises(UnsupportedCheckError):
        look(NVME, ask)
    told = look(SATA, ask).told if cut >= 4 else {}
    assert "pending" not in told


def test_the_size_of_a_command_is_that_of_its_answer() -> None:
    assert command(0xD0)[:4] == struct.pack("<I", 512)
    assert command(0xDA)[:4] == bytes(4)


class Storage:
    """A computer with these drives; each drive's driver may be changed."""

    def __init__(self, **drives: tuple[Described | Exception, Ask]) -> None:
        self.drives = {int(name.removeprefix("n")): one for name, one in drives.items()}
        self.asleep = False

    def numbers(self) -> list[int]:
        return list(self.drives)

    def drive(self, number: int) -> Described:
        described, _ = self.drives[number]
        if isinstance(described, Exception):
            raise described
        return described

    def sleeps(self, number: int) -> bool:
        return self.asleep and number in self.drives

    def asked(self, number: int, look: Callable[[Ask], DriveReport]) -> DriveReport:
        return look(self.drives[number][1])


def test_drives_are_listed_but_for_those_that_are_not_of_this_computer() -> None:
    storage = Storage(
        n0=(NVME, Driver()),
        n1=(Described(1, "usb", "Stick", "", removable=True, virtual=False), Driver()),
        n3=(Described(3, "spaces", "Pool", "", removable=False, virtual=True), Driver()),
        n4=(CheckError("broken"), Driver()),
    )
    assert Drives(storage).drives() == [
        Drive("PhysicalDrive0"),
        Drive("PhysicalDrive1", removable=True),
        Drive("PhysicalDrive4"),
    ]


def test_a_drive_that_sleeps_is_not_woken() -> None:
    driver = Driver(log=health_log())
    storage = Storage(n0=(NVME, driver))
    drives = Drives(storage)
    first = drives.report(Drive("PhysicalDrive0"))
    storage.asleep = True
    assert drives.report(Drive("PhysicalDrive0")) is first
    assert len(driver.asked) == 1


def test_a_drive_that_told_and_tells_no_more_is_unknown_not_unsupported() -> None:
    storage = Storage(n0=(NVME, Driver(log=health_log())))
    drives = Drives(storage)
    drives.report(Drive("PhysicalDrive0"))
    storage.drives[0] = NVME, Driver()
    with pytest.raises(CheckError, match="no longer answers") as caught:
        drives.report(Drive("PhysicalDrive0"))
    assert not isinstance(caught.value, UnsupportedCheckError)


@pytest.mark.parametrize("error", [FileNotFoundError(2, "gone"), ValueError("cut off")])
def test_a_drive_that_cannot_be_opened_says_why(error: Exception) -> None:
    with pytest.raises(CheckError, match="the drive cannot be asked"):
        Drives(Storage(n0=(error, Driver()))).report(Drive("PhysicalDrive0"))


def test_a_drive_that_answers_too_late_is_unknown() -> None:
    def late(code: int, content: bytes, longest: int) -> bytes:
        raise CheckTimeoutError("no answer within 3 s")

    with pytest.raises(CheckTimeoutError):
        Drives(Storage(n0=(NVME, late))).report(Drive("PhysicalDrive0"))
