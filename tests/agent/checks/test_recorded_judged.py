"""Sensors and power supplies as recorded, judged by rules: as many quiet ones as alarming ones.

Drives and arrays are counted where they are read (``test_smart``, ``test_raid``). Here one look is
judged, by the rules we ship where they have one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from agent.check_api import Measured, TargetFilter
from agent.checks import discover
from agent.evaluate import evaluate
from agent.host import batteries, hwmon, smart, ups
from agent.rules.loader import load
from agent.rules.model import Rule
from agent.settings import shipped_rules_file
from tests.agent.host.test_batteries import HEALTHY, WORN, Supplies
from tests.agent.host.test_hwmon import RECORDED, laid_out
from tests.agent.host.test_ups import APC, NUT

RINGING_SENSORS: Final = {
    "amd_with_sata_disks",  # a drive above 60 °C
    "desktop_whose_pump_stands_still",
    "laptop_full_of_dust",
    "nvme_without_a_draught",
    "server_in_a_hot_room",
}
BATTERIES: Final = {
    # What the kernel tells of the battery, and whether the shipped rule rings.
    "healthy": (HEALTHY, False),
    "worn": (WORN, True),
    "worn, on mains": ({**WORN, "status": "Full"}, True),
    "just above half": ({**WORN, "energy_full": 25_500_000}, False),
    "new, a little more than designed": ({**WORN, "energy_full": 51_000_000}, False),
    "a gauge without a design": ({**WORN, "energy_full_design": 0}, False),
    "hardly anything left": ({**WORN, "energy_full": 4_000_000}, True),
    "worn, by charge": ({**HEALTHY, "charge_full": 1_900_000}, True),
    "empty for the moment": ({**HEALTHY, "capacity": 3, "status": "Discharging"}, False),
    "worn, not charging": ({**WORN, "status": "Not charging", "capacity": 20}, True),
}
NUT_STATUSES: Final = {
    "OL": False,
    "OL CHRG": False,
    "OL BOOST": False,
    "OL OB CAL": False,  # a self-test
    "OL RB": False,  # its battery is worn: another metric
    "OB": True,
    "OB DISCHRG": True,
    "OB LB": True,
    "OB DISCHRG RB": True,
}
APC_STATUSES: Final = {"ONLINE": False, "CAL": False, "BOOST ONLINE": False, "ONBATT": True,
                       "ONBATT LOWBATT": True}  # fmt: skip
RULES: Final = """
version: 1
rules:
  - name: hot
    check: temperature
    critical: {when: headroom < 5 °C or temperature > 95 °C, for: 10m}
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rule]:
    """The rules we ship, and one for temperatures, by name."""
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    file.write_text(RULES, encoding="utf-8")
    both = [*load(shipped_rules_file(), discover()).rules, *load(file, discover()).rules]
    return {rule.name: rule for rule in both}


def rings(rule: Rule) -> bool:
    """Tell whether a rule finds trouble at one look."""
    check = discover()[rule.check]
    found = [one for one in check.probe(TargetFilter()) if isinstance(one, Measured)]
    return any(evaluate(rule, check, one).finds_trouble for one in found)


class NoDrives:
    """No drive can be asked but through its sensor."""

    def drives(self) -> list[smart.Drive]:
        return []


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_sensors(
    rules: dict[str, Rule],
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laid_out(file, tmp_path)
    found = hwmon.sensors(str(tmp_path))
    monkeypatch.setattr(hwmon, "sensors", lambda: found)
    monkeypatch.setattr(smart, "SHARED", NoDrives())

    told = rings(rules["hot"]) or rings(rules["disk-temperature"])

    assert told is (file.stem in RINGING_SENSORS)


@pytest.mark.parametrize("name", BATTERIES)
def test_batteries(
    rules: dict[str, Rule], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, expected = BATTERIES[name]
    supplies = Supplies(tmp_path)
    supplies.add("AC", "Mains", online=0)
    supplies.add("BAT0", "Battery", **files)
    found = supplies.read()
    monkeypatch.setattr(batteries, "read", lambda: found)

    assert rings(rules["battery-worn"]) is expected


@pytest.mark.parametrize("status", [*NUT_STATUSES, *(f"apcupsd {one}" for one in APC_STATUSES)])
def test_supplies(rules: dict[str, Rule], status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> Iterator[tuple[str, ups.Supply]]:
        if status in NUT_STATUSES:
            yield "rack", ups.nut("rack", NUT.replace("status: OL", f"status: {status}"))
        else:
            word = status.removeprefix("apcupsd ")
            yield "office", ups.apcupsd(APC.replace(": ONLINE", f": {word}"))

    monkeypatch.setattr(ups, "read", read)

    expected = NUT_STATUSES.get(status, APC_STATUSES.get(status.removeprefix("apcupsd ")))
    assert rings(rules["ups-on-battery"]) is expected


def test_as_many_quiet_cases_are_recorded_as_alarming_ones() -> None:
    sensors = [file.stem in RINGING_SENSORS for file in RECORDED]
    power = [expected for _, expected in BATTERIES.values()]
    supplies = [*NUT_STATUSES.values(), *APC_STATUSES.values()]
    for cases in (sensors, power, supplies):
        assert cases.count(True) >= 5
        assert cases.count(False) >= cases.count(True)
