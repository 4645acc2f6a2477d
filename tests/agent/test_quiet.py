"""When nothing is opened, and the record of what was held back."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.clock import Now
from agent.quiet import MOST_RECORDS, RESUME_GRACE_S, Held, Quiet
from agent.rules.maintenance import MaintenanceWindow
from tests.agent.rule_samples import load_rule, warning

START = datetime(2026, 6, 1, 12, tzinfo=UTC).astimezone()
RULE = load_rule(warning=warning("load > 10"))
KEY = ("disk", "C:")


def at(seconds: float, slept: float = 0.0) -> Now:
    return Now(5000 + seconds, 5000 + seconds - slept, START + timedelta(seconds=seconds))


def minutes(local: datetime) -> int:
    return local.hour * 60 + local.minute


def window(begins_s: float, ends_s: float) -> MaintenanceWindow:
    begins, ends = START + timedelta(seconds=begins_s), START + timedelta(seconds=ends_s)
    return MaintenanceWindow("patch night", tuple(range(7)), minutes(begins), minutes(ends))


def test_nothing_is_held_back_without_a_reason() -> None:
    quiet = Quiet(())

    assert not quiet.tick(at(0))
    assert quiet.reason(RULE, at(0)) == ""


def test_a_window_names_itself_and_at_its_end_all_is_looked_at_again() -> None:
    quiet = Quiet((window(60, 600),))
    looked_again = []
    for second in range(0, 700, 20):
        if quiet.tick(at(second)):
            looked_again.append(second)
        expected = "maintenance window patch night" if 60 <= second < 600 else ""
        assert quiet.reason(RULE, at(second)) == expected

    assert looked_again == [600]


def test_after_a_sleep_it_waits_until_the_computer_is_itself() -> None:
    quiet = Quiet(())
    quiet.tick(at(0))
    slept = 8 * 3600.0

    assert not quiet.tick(at(slept + 10, slept))
    assert "woken up" in quiet.reason(RULE, at(slept + 10, slept))
    assert quiet.tick(at(slept + 10 + RESUME_GRACE_S, slept))
    assert quiet.reason(RULE, at(slept + 10 + RESUME_GRACE_S, slept)) == ""


def test_a_start_of_the_agent_is_no_wake_up() -> None:
    quiet = Quiet(())
    quiet.tick(at(90_000, slept=50_000))

    assert quiet.reason(RULE, at(90_000, slept=50_000)) == ""


def test_a_rule_that_explains_it_is_named() -> None:
    assert Quiet(()).reason(RULE, at(0), ["internet"]).startswith("internet finds something wrong")


def test_what_is_held_back_is_recorded_from_when_until_when() -> None:
    quiet = Quiet(())

    assert quiet.note(KEY, "patch night", at(0))
    assert not quiet.note(KEY, "patch night", at(60))
    assert quiet.note(KEY, "", at(120))
    assert not quiet.note(KEY, "", at(180))
    assert quiet.records == [Held(*KEY, "patch night", at(0).label(), at(120).label())]


def test_the_record_outlives_a_restart() -> None:
    before = Quiet(())
    before.note(KEY, "patch night", at(0))
    after = Quiet((), before.to_text())

    assert not after.note(KEY, "patch night", at(60))
    assert after.note(KEY, "", at(120))
    assert [one.until for one in after.records] == [at(120).label()]


def test_the_record_has_an_end() -> None:
    quiet = Quiet(())
    for n in range(3 * MOST_RECORDS):
        quiet.note(("disk", str(n)), "patch night", at(n))

    assert [one.target for one in quiet.records][-1] == str(3 * MOST_RECORDS - 1)
    assert len(quiet.records) == MOST_RECORDS


@pytest.mark.parametrize("text", ["{", "5", "[5]", '[{"rule": "x"}]', None])
def test_a_record_that_cannot_be_read_is_begun_anew(text: str | None) -> None:
    assert list(Quiet((), text).records) == []
