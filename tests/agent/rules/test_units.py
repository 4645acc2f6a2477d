import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.units import BYTES, SECONDS, UNITS, seconds, unit_meant


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("90s", 90),
        ("5m", 300),
        ("24h", 86_400),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("500ms", 0.5),
        ("1.5h", 5_400),
        (" 5 m ", 300),
        ("0s", 0),
        ("-5m", -300),
    ],
)
def test_a_duration_is_read_as_seconds(written: str, expected: float) -> None:
    assert seconds(written) == expected


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("300", "300 of what?"),
        ("5min", "did you mean 5m?"),
        ("5 minutes", "did you mean 5m?"),
        ("5M", "did you mean 5m?"),
        ("2hrs", "did you mean 2h?"),
        ("5 GiB", "use s, m, h, d or w"),
        ("5 parsecs", "use s, m, h, d or w"),
        ("", "such as 5m"),
        ("five minutes", "such as 5m"),
        ("1h30m", "such as 5m"),
        ("1,5h", "such as 5m"),
        ("1e3s", "such as 5m"),
        ("٣s", "such as 5m"),
        ("9" * 400 + "s", "such as 5m"),
        ("5" + "m" * 100_000, "such as 5m"),
    ],
)
def test_what_is_no_duration_is_told_how_to_write_one(written: str, hint: str) -> None:
    with pytest.raises(ValueError, match=r"duration|no unit of time") as caught:
        seconds(written)
    assert hint in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.text())
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        seconds(text)
    except ValueError:
        return


def test_decimal_and_binary_sizes_differ() -> None:
    assert BYTES["GB"] == 10**9
    assert BYTES["GiB"] == 2**30


def test_units_differ_by_more_than_their_case() -> None:
    """A unit typed in another case must lead to one suggestion, not to several."""
    folded = [name.casefold() for name in (*BYTES, *SECONDS)]
    assert len(set(folded)) == len(folded)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("gib", "GiB"), ("MINUTES", "m"), ("percent", "%"), ("C", "°C"), ("parsec", None)],
)
def test_a_misspelt_unit_is_recognised(written: str, meant: str | None) -> None:
    assert unit_meant(written) == meant
    assert meant is None or meant in UNITS
