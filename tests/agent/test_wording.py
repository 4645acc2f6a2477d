from hypothesis import given
from hypothesis import strategies as st

from agent.protocol.events import Reading
from agent.protocol.strict import check_text
from agent.protocol.words import Unit
from agent.wording import storable, summary, title


def test_a_title_fills_in_the_target_and_the_readings() -> None:
    readings = [
        Reading("free_bytes", 3.2 * 2**30, Unit.BYTES),
        Reading("state", "stopped", Unit.WORD),
    ]
    assert title("{target}: {free_bytes}, {state}, {load}", "C:", readings) == (
        "C:: 3.2 GiB, stopped, unknown"
    )


def test_a_title_may_say_what_is_told_about_the_target() -> None:
    assert title("{target} ({about}) fails", "sda", [], "WDC, serial 12") == (
        "sda (WDC, serial 12) fails"
    )
    assert title("{target} ({about}) fails: {about}", "sda", []) == "sda fails:"
    assert title("{about}", "sda", [], "{target} {load}") == "{target} {load}"


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
