import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.protocol.human import human
from agent.protocol.words import Unit


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0, Unit.BYTES, "0 bytes"),
        (1023, Unit.BYTES, "1023 bytes"),
        (1024, Unit.BYTES, "1 KiB"),
        (3.2 * 2**30, Unit.BYTES, "3.2 GiB"),
        (54.3 * 2**30, Unit.BYTES, "54 GiB"),
        (1023.7 * 2**20, Unit.BYTES, "1 GiB"),
        (9.96 * 2**30, Unit.BYTES, "10 GiB"),
        (2**70, Unit.BYTES, "1048576 PiB"),
        (-(2**30), Unit.BYTES, "-1 GiB"),
        (12, Unit.SHARE, "12 %"),
        (12.4, Unit.SHARE, "12 %"),
        (4.53, Unit.SHARE, "4.5 %"),
        (85, Unit.CELSIUS, "85 °C"),
        (3, Unit.COUNT, "3"),
        (2.5, Unit.COUNT, "2.5"),
        (0.4, Unit.SECONDS, "400 ms"),
        (0.00001, Unit.SECONDS, "1 ms"),
        (0, Unit.SECONDS, "0 s"),
        (1e300, Unit.SECONDS, "1e+300 s"),
        (45, Unit.SECONDS, "45 s"),
        (59.7, Unit.SECONDS, "1 min"),
        (61, Unit.SECONDS, "1 min 1 s"),
        (3 * 3600 + 20 * 60, Unit.SECONDS, "3 h 20 min"),
        (2 * 86400 + 4 * 3600, Unit.SECONDS, "2 d 4 h"),
        (86400, Unit.SECONDS, "1 d"),
        (float("inf"), Unit.SECONDS, "never"),
        (float("inf"), Unit.BYTES, "unknown"),
        (float("nan"), Unit.COUNT, "unknown"),
        ("stopped", Unit.WORD, "stopped"),
    ],
)
def test_values_read_as_people_write_them(value: float | str, unit: Unit, expected: str) -> None:
    assert human(value, unit) == expected


@given(st.floats(), st.sampled_from(Unit))
def test_any_number_reads_as_something_short(value: float, unit: Unit) -> None:
    if abs(value) < 1e15 or math.isnan(value):
        assert 1 <= len(human(value, unit)) <= 30
