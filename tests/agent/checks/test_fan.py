"""How fast fans turn, and which of them are fans at all."""

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks import fan
from agent.host import hwmon
from agent.host.hwmon import Sensor


@pytest.fixture
def sensors(monkeypatch: pytest.MonkeyPatch) -> list[Sensor]:
    """The computer's sensors, to be changed by a test."""
    found: list[Sensor] = []
    monkeypatch.setattr(hwmon, "sensors", lambda: found)
    monkeypatch.setattr(fan, "_turned", set())
    return found


def test_one_that_turned_is_told_when_it_stands_still(sensors: list[Sensor]) -> None:
    for turns in (900.0, 0.0):
        sensors[:] = [Sensor("fan", "nct6775/fan1", turns), Sensor("fan", "nct6775/fan2", 0.0)]
        assert list(fan.probe(TargetFilter())) == [
            Measured("nct6775/fan1", {"turns_per_minute": turns})
        ]


def test_one_that_is_named_is_told_whether_it_ever_turned_or_not(sensors: list[Sensor]) -> None:
    sensors += [Sensor("fan", "x/fan2", 0.0), Sensor("temp", "x/temp1", 30.0)]
    assert list(fan.probe(TargetFilter(("x/fan2", "x/fan3")))) == [
        Measured("x/fan2", {"turns_per_minute": 0.0}),
        Unreadable("x/fan3", "this fan tells nothing that can be true"),
    ]
