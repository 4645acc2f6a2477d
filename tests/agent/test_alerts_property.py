"""The state machine against a plain model that shares no code with it."""

import os
from itertools import chain
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.alerts import AlertState, parse_state, step
from agent.check_api import Measured, Unreadable
from agent.evaluate import evaluate
from agent.protocol.events import AlertEvent
from agent.protocol.words import Change, Evaluation
from agent.rules.model import Rule
from tests.agent.alerts_model import Look, Numbers, PlainAlert, Told
from tests.agent.rule_samples import LOAD, critical, load_rule, moment, warning

EXAMPLES = 20_000 if os.environ.get("WATCHDESK_LONG") else 1_500

_DURATIONS = st.sampled_from([0, 0, 60, 150, 600, 5400])


@st.composite
def rules(draw: st.DrawFn) -> tuple[Rule, Numbers]:
    has = draw(st.sampled_from(["both", "both", "warning", "critical"]))
    times = [draw(_DURATIONS) for _ in range(4)]
    numbers = Numbers(
        every=draw(st.sampled_from([60, 60, 3600])),
        warning=(times[0], times[1]) if has != "critical" else None,
        critical=(times[2], times[3]) if has != "warning" else None,
        unknown_after=draw(st.sampled_from([0, 600, 3600])),
        silent=draw(st.integers(0, 9)) == 0,
    )
    rule = load_rule(
        warning=numbers.warning and warning(for_s=times[0], clear_for_s=times[1]),
        critical=numbers.critical and critical(for_s=times[2], clear_for_s=times[3]),
        every_s=numbers.every,
        unknown_after_s=numbers.unknown_after,
        mode="watch" if numbers.silent else "act",
    )
    return rule, numbers


class Turn(NamedTuple):
    """One look: seconds awake since the last, the load (None: unreadable), what came before."""

    gap: float
    load: int | None
    held_back: bool = False
    before: str = ""


_LOADS = st.sampled_from([0, 0, 4, 7, 12, 17, 22, 22, None])
_STEADY: st.SearchStrategy[list[int | None]] = st.sampled_from([[0], [12], [22], [None], [None]])
_GAPS = st.sampled_from([1, 59.5, 60, 60, 60, 299, 300, 301, 419, 425, 900])
_LONG_GAPS = st.sampled_from([3000, 3599, 3600, 3650, 7600])


@st.composite
def stretches(draw: st.DrawFn) -> list[Turn]:
    """Draw some looks that follow a pattern: walks of single draws hardly ever last or flap."""
    gap = draw(_GAPS)
    pattern = draw(st.one_of(_STEADY, st.lists(_LOADS, min_size=1, max_size=3)))
    times = draw(st.integers(1, 12))
    held_back = draw(st.integers(0, 7)) == 0
    first = Turn(
        draw(st.one_of(_GAPS, _LONG_GAPS)),
        pattern[0],
        held_back,
        draw(st.sampled_from(["", "", "restart", "reboot", "late start", "sleep"])),
    )
    return [first] + [Turn(gap, load, held_back) for load in pattern * times]


walks = st.lists(stretches(), min_size=1, max_size=8).map(lambda parts: list(chain(*parts)))


def seen(load: int | None, bad: int, clear: int) -> str | None:
    if load is None:
        return None
    return "bad" if load >= bad else "clear" if load < clear else "between"


@settings(max_examples=EXAMPLES, deadline=None)
@given(ruled=rules(), walk=walks)
def test_an_alert_lives_as_the_plain_model_says(
    ruled: tuple[Rule, Numbers], walk: list[Turn]
) -> None:
    rule, numbers = ruled
    plain = PlainAlert(numbers)
    state: AlertState | None = None
    awake, asleep, boot = 5000.0, 0.0, 0
    for gap, load, held_back, before in walk:
        awake += gap
        if before == "reboot":
            boot, awake, asleep = boot + 1, 40.0, 0.0
        elif before == "late start":  # of the agent, in another boot
            boot, awake = boot + 1, awake + 200.0
        elif before == "sleep":
            asleep += 30_000
        elif before == "restart" and state is not None:
            state = parse_state(state.to_text())
        measured = Unreadable("a", "no") if load is None else Measured("a", {"load": load})
        next_state, event = step(
            state,
            evaluate(rule, LOAD, measured),
            rule,
            moment(awake, asleep_s=asleep),
            f"boot {boot}",
            quiet=held_back,
        )
        look = Look(awake, boot, seen(load, 10, 5), seen(load, 20, 15), held_back)
        assert told(event) == plain.look(look)
        check_event(event, state, load)
        state = next_state


def told(event: AlertEvent | None) -> Told | None:
    if event is None:
        return None
    return Told(event.change, event.evaluation, event.sequence, event.occurrences)


def check_event(event: AlertEvent | None, before: AlertState | None, load: int | None) -> None:
    """What must be true of any event, whatever the model thinks."""
    if event is None:
        return
    if load is None:
        assert event.evaluation is Evaluation.UNKNOWN
        assert event.change is not Change.RESOLVED
    if event.change is Change.OPENED:
        assert before is None or before.announced is Evaluation.OK
    else:
        assert before is not None
        assert (event.alert_id, event.sequence) == (before.alert_id, before.sequence + 1)


@settings(max_examples=EXAMPLES // 5, deadline=None)
@given(ruled=rules(), walk=walks)
def test_stored_states_read_back_as_they_were(
    ruled: tuple[Rule, Numbers], walk: list[Turn]
) -> None:
    rule, _numbers = ruled
    state: AlertState | None = None
    awake = 5000.0
    for gap, load, held_back, _ in walk:
        awake += gap
        measured = Unreadable("a", "no") if load is None else Measured("a", {"load": load})
        evaluation = evaluate(rule, LOAD, measured)
        state, _event = step(state, evaluation, rule, moment(awake), "b", quiet=held_back)
        if state is not None:
            assert parse_state(state.to_text()) == state
