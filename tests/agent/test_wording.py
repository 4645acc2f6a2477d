import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.protocol.events import Reading
from agent.protocol.strict import check_text
from agent.protocol.words import Unit
from agent.wording import human, storable, summary, title


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
        (0.4, Unit.SECONDS, "0.4 s"),
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


def test_a_title_fills_in_the_target_and_the_readings() -> None:
    readings = [
        Reading("free_bytes", 3.2 * 2**30, Unit.BYTES),
        Reading("state", "stopped", Unit.WORD),
    ]
    assert title("{target}: {free_bytes}, {state}, {load}", "C:", readings) == (
        "C:: 3.2 GiB, stopped, unknown"
    )


def test_what_a_target_is_called_is_never_a_template_itself() -> None:
    assert title("{target}", "{free_bytes} %s {0}", []) == "{free_bytes} %s {0}"


def test_a_title_is_never_empty_or_too_long() -> None:
    assert title("", "C:", []) == "C:"
    assert len(title("{target}" * 50, "x" * 100, [])) == 200


def test_a_summary_is_all_readings_in_a_line() -> None:
    readings = [Reading("free_percent", 12.3, Unit.SHARE), Reading("free_bytes", 2**35, Unit.BYTES)]
    assert summary(readings) == "free_percent 12 %, free_bytes 32 GiB"


@given(st.text(alphabet=st.characters(), max_size=300), st.integers(1, 250))
def test_any_text_can_be_made_storable(text: str, longest: int) -> None:
    check_text(storable(text, longest), "field", longest)


def test_names_that_differ_in_undecodable_bytes_stay_apart() -> None:
    assert storable("/mnt/\udc80") != storable("/mnt/\udc81")


@given(st.floats(), st.sampled_from(Unit))
def test_any_number_reads_as_something_short(value: float, unit: Unit) -> None:
    if abs(value) < 1e15 or math.isnan(value):
        assert 1 <= len(human(value, unit)) <= 30
