"""Supplies as NUT and apcupsd tell of them, and programs of the tests' own that print it."""

from pathlib import Path

import pytest

from agent.errors import CheckError, UnsupportedCheckError
from agent.host import program, ups
from agent.host.ups import Supply, apcupsd, nut

NUT = """battery.charge: 100
battery.charge.low: 20
battery.runtime: 1620
device.model: Back-UPS ES 700G
driver.name: usbhid-ups
ups.load: 15
ups.status: OL
ups.test.result: No test initiated
"""
APC = """APC      : 001,036,0873
DATE     : 2025-11-20 10:15:00 +0000
HOSTNAME : server
VERSION  : 3.14.14 (31 May 2016) debian
UPSNAME  : office
MODEL    : Smart-UPS 1500
STATUS   : ONLINE
LOADPCT  : 22.1 Percent
BCHARGE  : 100.0 Percent
TIMELEFT : 41.0 Minutes
XOFFBATT : N/A
END APC  : 2025-11-20 10:15:04 +0000
"""


class TestNut:
    def test_on_mains(self) -> None:
        assert nut("rack", NUT) == Supply("rack", "mains", 100, 1620, 15, worn=False)

    @pytest.mark.parametrize(
        ("status", "source", "worn"),
        [
            ("OL CHRG", "mains", False),
            ("OL TRIM", "mains", False),
            ("OL BOOST", "mains", False),
            ("OL BYPASS", "mains", False),
            ("OL RB", "mains", True),
            ("OL OB CAL", "mains", False),
            ("CAL OB", "mains", False),
            ("OB", "battery", False),
            ("OB DISCHRG", "battery", False),
            ("OB LB", "battery", False),
            ("OB DISCHRG RB", "battery", True),
            ("ALARM OFF", None, False),
        ],
    )
    def test_what_its_flags_mean(self, status: str, source: str | None, *, worn: bool) -> None:
        supply = nut("rack", NUT.replace("status: OL", f"status: {status}"))
        assert (supply.source, supply.worn) == (source, worn)

    def test_what_cannot_be_true_is_left_out(self) -> None:
        text = NUT.replace("charge: 100", "charge: 255").replace("load: 15", "load: 107")
        supply = nut("rack", text.replace("runtime: 1620", "runtime: unknown"))
        assert supply == Supply("rack", "mains", None, None, 100, worn=False)

    @pytest.mark.parametrize("text", ["", "battery.charge: 100\n", "ups.status: WAIT\n"])
    def test_one_whose_driver_is_not_connected_is_unknown(self, text: str) -> None:
        with pytest.raises(CheckError, match="the supply tells nothing: Error: Driver not conn"):
            nut("rack", text, "Error: Driver not connected")


class TestApcupsd:
    def test_on_mains(self) -> None:
        assert apcupsd(APC) == Supply("office", "mains", 100.0, 2460.0, 22.1, worn=False)

    @pytest.mark.parametrize(
        ("status", "source", "worn"),
        [
            ("ONLINE REPLACEBATT", "mains", True),
            ("TRIM ONLINE", "mains", False),
            ("CAL ONBATT", "mains", False),
            ("ONBATT", "battery", False),
            ("ONBATT LOWBATT", "battery", False),
            ("SHUTTING DOWN", None, False),
        ],
    )
    def test_what_its_status_means(self, status: str, source: str | None, *, worn: bool) -> None:
        supply = apcupsd(APC.replace("ONLINE", status))
        assert (supply.source, supply.worn) == (source, worn)

    def test_one_that_lost_contact_is_unknown(self) -> None:
        with pytest.raises(CheckError, match="contact with it is lost"):
            apcupsd(APC.replace("ONLINE", "COMMLOST"))
        with pytest.raises(CheckError, match="Error contacting apcupsd"):
            apcupsd("", "Error contacting apcupsd @ localhost:3551: Connection refused")

    def test_one_without_a_name_goes_by_its_model(self) -> None:
        assert apcupsd(APC.replace("UPSNAME  : office\n", "")).target == "Smart-UPS 1500"


class Programs:
    """What is installed, as scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, script: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def find(self, name: str) -> Path | None:
        path = self.folder / name
        return path if path.exists() else None


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    made = Programs(tmp_path)
    monkeypatch.setattr(program, "find", made.find)
    return made


def test_all_supplies_of_all_services_are_asked(programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "rack.txt").write_text(NUT)
    (tmp_path / "apc.txt").write_text(APC)
    programs.install(
        "upsc",
        'echo "Init SSL without certificate database" >&2\n'
        f'case $1 in -l) echo rack; echo gone; echo "a;b";; rack) cat {tmp_path}/rack.txt;;'
        ' *) echo "Error: Driver not connected" >&2; exit 1;; esac',
    )
    programs.install("apcaccess", f"cat {tmp_path}/apc.txt")
    found = dict(ups.read())
    assert found.keys() == {"rack", "gone", "office"}, "a;b can be no supply's name"
    assert found["rack"] == nut("rack", NUT)
    assert str(found["gone"]) == "the supply tells nothing: Error: Driver not connected"
    assert found["office"] == apcupsd(APC)


def test_without_any_service_it_is_unsupported(programs: Programs) -> None:
    with pytest.raises(UnsupportedCheckError, match="is installed"):
        list(ups.read())


def test_what_the_kernel_knows_is_told(tmp_path: Path) -> None:
    for name, files in {
        "ups0": {"type": "UPS", "online": "0", "status": "Discharging", "capacity": "71"},
        "ups1": {"type": "UPS", "status": "Full", "capacity": "100"},
        "BAT0": {"type": "Battery", "capacity": "50"},
    }.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(f"{text}\n")
    assert list(ups._of_kernel(tmp_path)) == [
        Supply("ups0", "battery", 71.0),
        Supply("ups1", "mains", 100.0),
    ]
