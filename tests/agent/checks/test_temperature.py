"""How hot the parts are: which sensors are told, and what of them."""

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks.temperature import CHECK
from agent.host import hwmon
from agent.host.hwmon import Sensor


def test_each_part_is_told_with_what_is_left_to_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [
        Sensor("temp", "coretemp/Core 0", 61.0, 100.0),
        Sensor("temp", "k10temp/Tctl", 55.5),
        Sensor("temp", "hot/x", 101.0, 100.0),
        Sensor("temp", "/dev/nvme0", 40.0, is_drive=True),
        Sensor("fan", "nct6775/fan1", 900.0),
    ]
    monkeypatch.setattr(hwmon, "sensors", lambda: found)
    assert list(CHECK.probe(TargetFilter())) == [
        Measured("coretemp/Core 0", {"temperature": 61.0, "headroom": 39.0}),
        Measured("k10temp/Tctl", {"temperature": 55.5}),
        Measured("hot/x", {"temperature": 101.0, "headroom": 0.0}),
    ]


def test_one_that_is_named_and_tells_nothing_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hwmon, "sensors", list)
    assert list(CHECK.probe(TargetFilter(("acpitz/temp1",)))) == [
        Unreadable("acpitz/temp1", "this sensor tells nothing that can be true")
    ]
