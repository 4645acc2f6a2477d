import pytest

from agent.protocol.words import Unit
from server_stub.staff.readings import ReadingLine, in_words, lines


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (12.0, Unit.SHARE, "12 %"),
        (1.44, Unit.SHARE, "1.4 %"),
        (9.96, Unit.SHARE, "10 %"),
        (0, Unit.BYTES, "0 bytes"),
        (1023, Unit.BYTES, "1023 bytes"),
        (3_435_973_837, Unit.BYTES, "3.2 GiB"),
        (1024**4 - 1, Unit.BYTES, "1 TiB"),
        (2**60, Unit.BYTES, "1024 PiB"),
        (12, Unit.SECONDS, "12 s"),
        (187_200, Unit.SECONDS, "2 d 4 h"),
        (-7200, Unit.SECONDS, "-2 h"),
        (1e300, Unit.SECONDS, "1e+300 s"),
        (85, Unit.CELSIUS, "85 °C"),
        (3, Unit.COUNT, "3"),
        ("stopped", Unit.WORD, "stopped"),
        (True, Unit.COUNT, "True"),
        (float("inf"), Unit.BYTES, "inf"),
        (None, Unit.BYTES, "None"),
        (7, "furlongs", "7"),
    ],
)
def test_a_value_reads_as_a_person_says_it(value: object, unit: object, words: str) -> None:
    assert in_words(value, unit) == words


def test_one_quantity_in_two_units_is_one_line() -> None:
    readings = [
        {"metric": "free_percent", "value": 1.4, "unit": "percent"},
        {"metric": "inodes_free", "value": 12, "unit": "count"},
        {"metric": "free_bytes", "value": 3_435_973_837, "unit": "bytes"},
    ]
    assert lines(readings) == [
        ReadingLine("free", "1.4 % · 3.2 GiB", "free_percent 1.4, free_bytes 3435973837"),
        ReadingLine("inodes free", "12", "inodes_free 12"),
    ]


@pytest.mark.parametrize("readings", [None, {}, "x", [None, 3, {}, {"value": 1}]])
def test_readings_of_another_shape_are_left_out(readings: object) -> None:
    assert lines(readings) == []
