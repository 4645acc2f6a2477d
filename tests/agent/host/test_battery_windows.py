"""Batteries of Windows, from their drivers' structures as Microsoft documents them."""

import struct

import pytest

from agent.host.batteries import Battery
from agent.host.battery_windows import decoded, look

SYSTEM, RELATIVE, SHORT_TERM = 0x8000_0000, 0x4000_0000, 0x2000_0000
ON_LINE, DISCHARGING, CHARGING, CRITICAL = 1, 2, 4, 8
UNKNOWN = 0xFFFF_FFFF


def information(
    capabilities: int = SYSTEM, design: int = 50_000, full: int = 41_000, cycles: int = 312
) -> bytes:
    """Return a BATTERY_INFORMATION; capacities in mWh."""
    return struct.pack("<IB3x4s6I", capabilities, 1, b"LiP", design, full, 2100, 4300, 0, cycles)


def status(state: int = DISCHARGING, left: int = 20_500) -> bytes:
    """Return a BATTERY_STATUS."""
    return struct.pack("<IIIi", state, left, 11_400, -9_000)


def test_a_battery_in_use_tells_everything() -> None:
    assert decoded("BAT0", information(), status()) == Battery(
        "BAT0", charge_percent=50.0, full_of_design_percent=82.0, cycles=312, source="battery"
    )


@pytest.mark.parametrize(
    ("state", "source"),
    [
        (ON_LINE | CHARGING, "mains"),
        (ON_LINE, "mains"),
        (ON_LINE | DISCHARGING, "mains"),
        (DISCHARGING | CRITICAL, "battery"),
        (0, None),
    ],
)
def test_what_the_computer_runs_on_is_the_drivers_word(state: int, source: str | None) -> None:
    found = decoded("BAT0", information(), status(state))
    assert found is not None
    assert found.source == source


@pytest.mark.parametrize(
    ("told", "left", "missing"),
    [
        (information(design=UNKNOWN), 20_500, "full_of_design_percent"),
        (information(design=0), 20_500, "full_of_design_percent"),
        (information(design=870), 20_500, "full_of_design_percent"),
        (information(full=0), 20_500, "charge_percent"),
        (information(full=UNKNOWN), 20_500, "charge_percent"),
        (information(), UNKNOWN, "charge_percent"),
        (information(), 90_000, "charge_percent"),
        (information(cycles=0), 20_500, "cycles"),
        (information(cycles=65_535), 20_500, "cycles"),
    ],
)
def test_what_cannot_be_true_is_left_out(told: bytes, left: int, missing: str) -> None:
    found = decoded("BAT0", told, status(left=left))
    assert found is not None
    assert getattr(found, missing) is None


def test_capacities_without_a_unit_still_have_shares() -> None:
    found = decoded("BAT0", information(SYSTEM | RELATIVE, 100, 91, 0), status(left=91))
    assert found == Battery("BAT0", 100.0, 91.0, None, "battery")


def test_a_ups_is_no_battery() -> None:
    assert decoded("BAT0", information(SYSTEM | SHORT_TERM), status()) is None
    assert decoded("BAT0", information(0), status()) is None


def test_an_answer_that_is_cut_off_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="cut off"):
        decoded("BAT0", information()[:30], status())
    with pytest.raises(ValueError, match="cut off"):
        decoded("BAT0", information(), b"")


def test_a_driver_is_asked_for_the_battery_it_has_now() -> None:
    asked = []

    def ask(code: int, content: bytes, longest: int) -> bytes:
        asked.append((hex(code), content, longest))
        answers = {0x294040: struct.pack("<I", 7), 0x294044: information(), 0x29404C: status()}
        return answers[code]

    assert look("BAT1", ask) == decoded("BAT1", information(), status())
    assert asked == [
        ("0x294040", bytes(4), 4),
        ("0x294044", struct.pack("<III", 7, 0, 0), 36),
        ("0x29404c", struct.pack("<5I", 7, 0, 0, 0, 0), 16),
    ]


def test_an_empty_bay_is_no_battery() -> None:
    assert look("BAT0", lambda _code, _content, _longest: bytes(4)) is None
