"""What follows from what was tried: act, wait, look again, only then tell."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.heal import (
    DAY_S,
    Attempt,
    Order,
    Treatment,
    acted,
    begun,
    order,
    over,
    parse_treatment,
    tries,
)
from agent.protocol.words import Outcome
from agent.rules.model import Heal

HEAL = Heal("restart-service", {}, attempts=2, wait_s=30, cool_down_s=1800, per_day=3)
NOON = 1_800_000_000.0


def attempt(at_s: float = NOON, ended: str = "") -> Attempt:
    return Attempt("restart-service", "12:00Z", at_s, "state stopped", ended)


def looked(
    treatment: Treatment, *, holds: bool = True, at_s: float = 0.0, heal: Heal = HEAL
) -> tuple[Treatment, Order]:
    return order(treatment, heal, holds=holds, now_s=NOON + at_s, boot_s=1000 + abs(at_s))


def test_the_first_attempt_begins_at_once() -> None:
    assert looked(Treatment())[1] is Order.ACT


def test_while_it_acts_and_for_a_while_after_it_waits() -> None:
    treatment = begun(Treatment(), attempt(), 1000)
    assert looked(treatment)[1] is Order.WAIT

    treatment = acted(treatment, None, "restarted it", 1030)
    assert looked(treatment, holds=False, at_s=29)[1] is Order.WAIT, "too early to believe"


def test_well_after_the_wait_is_healed() -> None:
    treatment = acted(begun(Treatment(), attempt(), 1000), None, "restarted it", 1030)

    treatment, what = looked(treatment, holds=False, at_s=30)

    assert what is Order.HEALED
    [told] = tries(treatment, "12:01Z", "state running")
    assert told.outcome is Outcome.HEALED
    assert told.detail == "restarted it; before: state stopped; after: state running"


def test_still_bad_is_tried_again_and_then_told_with_the_list() -> None:
    treatment = acted(begun(Treatment(), attempt(), 1000), None, "restarted it", 1030)
    treatment, what = looked(treatment, at_s=30)
    assert what is Order.ACT
    treatment = acted(begun(treatment, attempt(NOON + 30), 1000), None, "restarted it", 1060)

    treatment, what = looked(treatment, at_s=60)

    assert what is Order.TELL
    assert [one.outcome for one in tries(treatment, "", "")] == [Outcome.NOT_HEALED] * 2


def test_an_action_that_fails_is_tried_again_after_the_wait() -> None:
    treatment = acted(begun(Treatment(), attempt(), 1000), Outcome.FAILED, "no bus", 1030)

    assert looked(treatment, at_s=10)[1] is Order.WAIT
    assert looked(treatment, at_s=30)[1] is Order.ACT


@pytest.mark.parametrize("ended", [Outcome.REFUSED, Outcome.WOULD_HAVE])
def test_what_is_refused_or_only_shown_is_told_at_once(ended: Outcome) -> None:
    treatment = acted(begun(Treatment(), attempt(), 1000), ended, "disabled", 1000)

    treatment, what = looked(treatment)

    assert what is Order.TELL
    assert [one.outcome for one in tries(treatment, "", "")] == [ended]


def test_the_next_trouble_soon_after_is_told_without_an_attempt() -> None:
    treatment = over(acted(begun(Treatment(), attempt(), 1000), None, "", 1030))

    told, what = looked(treatment, at_s=1000)

    assert what is Order.TELL
    assert tries(told, "12:17Z", "")[-1].outcome is Outcome.REFUSED
    assert "30 minutes must pass" in tries(told, "12:17Z", "")[-1].detail
    assert looked(treatment, at_s=1900)[1] is Order.ACT


def test_what_must_be_healed_all_the_time_is_told() -> None:
    treatment = Treatment(tuple(attempt(NOON + hours * 3600, "healed") for hours in (0, 3, 6)))

    told, what = looked(treatment, at_s=9 * 3600)
    assert what is Order.TELL
    assert "3 times in 24 hours" in tries(told, "", "")[-1].detail
    assert looked(treatment, at_s=25 * 3600)[1] is Order.ACT


def test_a_clock_set_back_makes_no_attempt_forgotten() -> None:
    treatment = Treatment(tuple(attempt(NOON + hours * 3600, "healed") for hours in (0, 3, 6)))

    assert looked(treatment, at_s=-3600)[1] is Order.TELL


def test_what_is_well_after_a_failure_is_told_with_it() -> None:
    treatment = acted(begun(Treatment(), attempt(), 1000), Outcome.FAILED, "no bus", 1030)

    assert looked(treatment, holds=False, at_s=60)[1] is Order.HEALED


def test_an_action_that_does_not_end_is_told() -> None:
    treatment = begun(Treatment(), attempt(), 1000)
    assert looked(treatment, at_s=299)[1] is Order.WAIT

    treatment, what = looked(treatment, at_s=300)

    assert what is Order.TELL
    [told] = tries(treatment, "", "")
    assert told.outcome is Outcome.FAILED
    assert "did not end within 5 minutes" in told.detail


def test_what_is_well_before_anything_was_tried_is_left_to_the_alert() -> None:
    assert looked(Treatment(), holds=False)[1] is Order.OVER


def test_it_outlives_the_agent_and_what_the_agent_did_not_survive_has_failed() -> None:
    treatment = begun(Treatment((attempt(NOON - 7200, "healed"),)), attempt(), 1000)

    again = parse_treatment(treatment.to_text())

    assert [one.ended for one in again.attempts] == ["healed", "failed"]
    assert again.ours == 1
    assert "the agent ended" in again.attempts[-1].detail
    assert looked(again)[1] is Order.ACT, "one attempt of two is left"


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", '{"ours": "x"}', '{"attempts": [[1]]}', '{"attempts": 5}',
             '{"ours": 1, "attempts": [["a", "b", "noon", "", "", ""]]}',
             '{"ours": 1, "attempts": [["a", "b", 1, "", "cured", ""]]}'],
)  # fmt: skip
def test_what_cannot_be_read_is_begun_anew(text: str | None) -> None:
    assert parse_treatment(text) == Treatment()


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([None, *Outcome]), st.floats(0, 7200))))
def test_guards_hold_whatever_happens(looks: list[tuple[bool, Outcome | None, float]]) -> None:
    """At most so many attempts of one trouble and in a day, none soon after another trouble's."""
    treatment, now_s = Treatment(), 0.0
    begun_at: list[float] = []
    troubles: list[list[float]] = [[]]
    for holds, ended, later_s in looks:
        now_s += later_s
        treatment, what = looked(treatment, holds=holds, at_s=now_s)
        if what is Order.ACT:
            assert len(troubles[-1]) < HEAL.attempts
            assert sum(now_s - at < DAY_S for at in begun_at) < HEAL.per_day
            if not troubles[-1]:
                assert all(now_s - at >= HEAL.cool_down_s for at in begun_at)
            begun_at.append(now_s)
            troubles[-1].append(now_s)
            treatment = begun(treatment, attempt(NOON + now_s), 1000)
            real = None if ended in {Outcome.HEALED, Outcome.NOT_HEALED} else ended
            treatment = acted(treatment, real, "", 1000 + now_s + HEAL.wait_s)
        elif what in {Order.TELL, Order.HEALED, Order.OVER}:
            assert len(tries(treatment, "", "")) <= 10
            treatment = over(treatment)
            troubles.append([])


@pytest.mark.parametrize(
    ("heal", "mode", "rules", "expected"),
    [
        (HEAL, "act", (), "act"),
        (HEAL, "dry-run", (), "dry-run"),
        (HEAL, "never", ("spooler",), None),
        (replace(HEAL, mode="dry-run"), "act", (), "dry-run"),
        (replace(HEAL, mode="offered"), "act", (), None),
        (replace(HEAL, mode="offered"), "act", ("spooler",), "act"),
        (replace(HEAL, mode="offered"), "dry-run", ("spooler",), "dry-run"),
    ],
)
def test_the_device_has_the_last_word(
    heal: Heal, mode: str, rules: tuple[str, ...], expected: str | None
) -> None:
    allowed = heal.allowed("spooler", mode, rules)

    assert (allowed and allowed.mode) == expected
