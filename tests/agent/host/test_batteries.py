"""Batteries as recorded: what is told, and what no gauge can mean."""

from pathlib import Path

import pytest

from agent.host import batteries
from agent.host.batteries import Battery


class Supplies:
    """The kernel's power supplies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, kind: str, **files: object) -> None:
        (self.folder / name).mkdir()
        for file, content in {"type": kind, **files}.items():
            (self.folder / name / file).write_text(f"{content}\n")

    def read(self) -> list[Battery]:
        return batteries.on_linux(self.folder)


@pytest.fixture
def supplies(tmp_path: Path) -> Supplies:
    return Supplies(tmp_path)


WORN = {
    "present": 1,
    "status": "Discharging",
    "capacity": 63,
    "energy_full": 21_340_000,
    "energy_full_design": 50_500_000,
    "cycle_count": 812,
}
HEALTHY = {
    "present": 1,
    "status": "Not charging",
    "capacity": 80,
    "charge_full": 4_600_000,
    "charge_full_design": 4_790_000,
    "cycle_count": 0,
}


def test_a_worn_one_on_battery(supplies: Supplies) -> None:
    supplies.add("AC", "Mains", online=0)
    supplies.add("BAT0", "Battery", **WORN)
    assert supplies.read() == [
        Battery("BAT0", 63, pytest.approx(42.26, abs=0.01), 812, "battery"),  # type: ignore[arg-type]
    ]


def test_a_healthy_one_kept_at_80_percent_on_mains(supplies: Supplies) -> None:
    """Its gauge does not count cycles and says 0."""
    supplies.add("ADP1", "Mains", online=1)
    supplies.add("BAT1", "Battery", **HEALTHY)
    [found] = supplies.read()
    assert found._replace(full_of_design_percent=None) == Battery("BAT1", 80, source="mains")
    assert found.full_of_design_percent == pytest.approx(96.03, abs=0.01)


def test_one_charged_through_usb_c(supplies: Supplies) -> None:
    supplies.add("ucsi-source-psy-1", "USB", online=1)
    supplies.add("ucsi-source-psy-2", "USB", online=0)
    supplies.add("BAT0", "Battery", status="Charging", capacity=40)
    assert supplies.read() == [Battery("BAT0", 40, source="mains")]


@pytest.mark.parametrize(
    ("status", "source"),
    [("Discharging", "battery"), ("Full", "mains"), ("Unknown", None), ("", None)],
)
def test_without_an_adapter_the_battery_tells_what_it_runs_on(
    supplies: Supplies, status: str, source: str | None
) -> None:
    supplies.add("BAT0", "Battery", status=status)
    assert supplies.read() == [Battery("BAT0", source=source)]


@pytest.mark.parametrize(
    ("full", "design"), [(2_373_500_000, 50_500_000), (0, 50_500_000), (45_000_000, 0), (-1, 50)]
)
def test_a_share_of_the_design_that_cannot_be_true_is_left_out(
    supplies: Supplies, full: int, design: int
) -> None:
    supplies.add("BAT0", "Battery", energy_full=full, energy_full_design=design, capacity=50)
    assert supplies.read() == [Battery("BAT0", 50)]


def test_a_new_one_may_hold_a_little_more_than_designed(supplies: Supplies) -> None:
    supplies.add("BAT0", "Battery", energy_full=52_000_000, energy_full_design=50_500_000)
    assert supplies.read() == [Battery("BAT0", full_of_design_percent=100.0)]


@pytest.mark.parametrize(("capacity", "count"), [(255, 65_535), (-1, -1), (101, 10_001)])
def test_other_readings_that_cannot_be_true_are_left_out(
    supplies: Supplies, capacity: int, count: int
) -> None:
    supplies.add("BAT0", "Battery", capacity=capacity, cycle_count=count)
    assert supplies.read() == [Battery("BAT0")]


def test_mice_headsets_empty_bays_and_ups_are_not_the_computers_batteries(
    supplies: Supplies,
) -> None:
    supplies.add("hidpp_battery_0", "Battery", scope="Device", capacity=5, status="Discharging")
    supplies.add("BAT1", "Battery", present=0)
    supplies.add("ups", "UPS", capacity=100)
    assert supplies.read() == []


def test_a_desktop_has_none(tmp_path: Path) -> None:
    assert batteries.on_linux(tmp_path / "none") == []


POWER = """Now drawing from 'Battery Power'
 -InternalBattery-0 (id=4522083)	87%; discharging; 5:12 remaining present: true
"""
GAUGE = """+-o AppleSmartBattery  <class AppleSmartBattery, id 0x100000323, active>
    {
      "MaxCapacity" = 100
      "AppleRawMaxCapacity" = 4105
      "DesignCapacity" = 4790
      "CycleCount" = 214
      "IsCharging" = No
      "Serial" = "F8Y0000000000000A"
    }
"""


class TestMacOS:
    def test_on_apples_own_processors(self) -> None:
        [found] = batteries.on_macos(POWER, GAUGE)
        assert found.full_of_design_percent == pytest.approx(85.7, abs=0.01)
        assert found[:2] + found[3:] == ("InternalBattery-0", 87, 214, "battery")

    def test_on_intel_plugged_in(self) -> None:
        power = POWER.replace("'Battery", "'AC").replace("87%; discharging", "100%; charged")
        gauge = GAUGE.replace("AppleRawMax", "OtherMax").replace('"MaxCapacity" = 100', "")
        gauge = gauge.replace("{", '{\n      "MaxCapacity" = 4790')
        assert batteries.on_macos(power, gauge) == [
            Battery("InternalBattery-0", 100, 100.0, 214, "mains")
        ]

    def test_without_a_gauge_the_charge_is_told(self) -> None:
        assert batteries.on_macos(POWER, "") == [Battery("InternalBattery-0", 87, source="battery")]

    def test_a_mac_without_a_battery_has_none(self) -> None:
        assert batteries.on_macos("Now drawing from 'AC Power'\n", "") == []
