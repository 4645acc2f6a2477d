"""Many alerts at once are one ticket: by example, and against a model of a whole device."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.alert_state import AlertState, Course, Span
from agent.check_api import Unreadable
from agent.clock import Now
from agent.evaluate import evaluate
from agent.protocol.events import AlertEvent, parse_event
from agent.protocol.evidence import MAX_EVIDENCE
from agent.protocol.strict import parse
from agent.protocol.words import Change, Evaluation, Priority
from agent.rules.model import STORM as MOST
from agent.storm import QUIET_S, REASON, TOLD_EVERY_S, WITHIN_S, Held, Key, Storm, waiting
from tests.agent.rule_samples import LOAD, critical, load_rule, look, warning

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
STEP_S = 30.0


def at(seconds: float) -> Now:
    return Now(10_000 + seconds, 10_000 + seconds, START + timedelta(seconds=seconds))


class Device:
    """A computer with targets that are bad or well; it does with the storm what an agent does."""

    def __init__(self, targets: int = 60) -> None:
        self.storm = Storm()
        self.bad: set[str] = set()
        self.single: set[str] = set()
        self.opened: list[tuple[float, str]] = []
        self.events: list[tuple[float, AlertEvent]] = []
        self.targets = [f"target-{n}" for n in range(targets)]
        self.at_s = 0.0

    def turn(self, seconds: float = STEP_S) -> None:
        self.at_s += seconds
        now = at(self.at_s)
        self._look(self.targets, now)
        event, _ = self.storm.tick(now, [("rule", target) for target in self.bad])
        if event is not None:
            self.events.append((self.at_s, parse_event(parse(event.to_text().encode()))))
        self._consistent()

    def _look(self, targets: list[str], now: Now) -> None:
        for target in targets:
            key = ("rule", target)
            if target in self.single:
                self.single -= {target} - self.bad
                continue
            reason = self.storm.reason(key, now)
            if target not in self.bad:
                self.storm.note(key, None, now)
            elif reason:
                assert reason == REASON
                self.storm.note(key, held(target), now)
            else:
                self.storm.note(key, None, now)
                self.single.add(target)
                self.opened.append((self.at_s, target))
                self.storm.opened(key, now)

    def _consistent(self) -> None:
        """Nothing that is bad is lost, nothing that is well is told."""
        released = {target for target in self.bad - self.single if not self._is_held(target)}
        if released:  # the very turn in which they were let go
            assert len(released) <= MOST
            assert self.events[-1][1].change is Change.RESOLVED
        assert all(target in self.bad for _, target in self.storm.held)
        lately = {target for at_s, target in self.opened if self.at_s - at_s <= WITHIN_S}
        assert len(lately) <= MOST

    def _is_held(self, target: str) -> bool:
        return ("rule", target) in self.storm.held

    def restart(self) -> None:
        before = self.storm
        self.storm = Storm(before.to_text())
        assert list(self.storm.held) == list(before.held)

    def told(self) -> list[tuple[str, str]]:
        return [(event.change.value, event.title) for _, event in self.events]


def held(target: str, priority: Priority = Priority.NORMAL) -> Held:
    return Held("rule", target, f"{target} is bad", Evaluation.WARNING, priority)


def test_sixty_at_once_are_eight_tickets_and_one_storm_which_ends_with_the_last() -> None:
    device = Device()
    device.bad = set(device.targets)
    for _ in range(40):
        device.turn()
    assert len(device.opened) == 8
    assert device.told() == [
        ("opened", "52 more alerts at once"),
        ("changed", "52 more alerts at once"),
    ]
    assert device.events[1][0] - device.events[0][0] == QUIET_S, "once more, when it grows no more"
    [(_, storm), _] = device.events
    assert (storm.rule, storm.target, storm.fingerprint) == ("agent", "storm", "agent:storm")
    assert [len(one.lines) for one in storm.evidence] == [15, 15, 15, 7]
    assert storm.evidence[0].lines[0] == "rule: target-8: target-8 is bad"
    device.bad = set(device.targets[:30])
    device.turn()
    assert len(device.events) == 2
    device.bad = set()
    device.turn()
    assert device.events[-1][1].change is Change.RESOLVED
    assert not device.single
    assert {event.alert_id for _, event in device.events} == {storm.alert_id}
    assert [event.sequence for _, event in device.events] == [1, 2, 3]


def test_eight_are_no_storm() -> None:
    device = Device()
    device.bad = set(device.targets[:8])
    for _ in range(30):
        device.turn()
    assert (len(device.opened), device.events) == (8, [])


def test_one_that_comes_and_goes_is_none() -> None:
    storm = Storm()
    for number in range(50):
        key = ("rule", str(number % MOST))
        assert storm.reason(key, at(number)) == ""
        storm.opened(key, at(number))
    assert storm.reason(("rule", "another"), at(50)) == REASON
    assert storm.reason(("rule", "another"), at(50 + WITHIN_S)) == ""


def test_many_that_come_one_by_one_are_none_either() -> None:
    device = Device()
    for target in device.targets[:40]:
        device.bad.add(target)
        device.turn(WITHIN_S / 7)
    assert (len(device.opened), device.events) == (40, [])


def test_it_is_told_at_most_once_a_minute_while_it_grows() -> None:
    device = Device()
    for number in range(1, 61):
        device.bad = set(device.targets[:number])
        device.turn(5)
    moments = [at_s for at_s, _ in device.events]
    assert len(moments) == 5
    assert all(later - earlier >= TOLD_EVERY_S for earlier, later in pairwise(moments))


def test_the_few_that_are_left_open_by_themselves() -> None:
    device = Device()
    device.bad = set(device.targets[:20])
    device.turn()
    device.bad = set(device.targets[6:14])
    while device.storm.held:
        device.turn()
    device.turn()
    assert device.told()[-1][0] == "resolved"
    assert device.events[-1][1].reason == "the last 6 open tickets of their own"
    assert device.single == device.bad


def test_the_rules_of_those_let_go_are_looked_at_at_once() -> None:
    storm = Storm()
    for number in range(10):
        storm.note(("rule", str(number)), held(str(number)), at(0))
    storm.note(("other", "x"), held("x"), at(0))
    for number in range(4):
        storm.note(("rule", str(number)), None, at(10))
    known = [("rule", str(number)) for number in range(10)] + [("other", "x")]
    assert not storm.tick(at(20), known)[1]
    event, rules = storm.tick(at(QUIET_S), known)
    assert event is not None
    assert sorted(rules) == ["other", "rule"]


def test_when_it_grows_no_more_what_is_new_opens_by_itself() -> None:
    """A computer on which much is broken for weeks still gets tickets for what breaks next."""
    device = Device()
    device.bad = set(device.targets[:30])
    for _ in range(30):
        device.turn()
    device.bad.add(device.targets[40])
    device.turn()
    assert device.targets[40] in device.single
    assert len(device.storm.held) == 22


def test_what_is_known_no_longer_is_over() -> None:
    storm = Storm()
    storm.note(("rule", "gone"), held("gone"), at(0))
    assert storm.tick(at(0), [("rule", "gone")])[0]
    event, _ = storm.tick(at(60), [])
    assert event is not None
    assert (event.change, event.evaluation) == (Change.RESOLVED, Evaluation.OK)


def test_it_is_as_pressing_as_the_most_pressing_in_it() -> None:
    storm = Storm()
    storm.note(("rule", "a"), held("a", Priority.LOW), at(0))
    graver = held("b", Priority.HIGH)._replace(evaluation=Evaluation.CRITICAL)
    storm.note(("rule", "b"), graver, at(0))
    event, _ = storm.tick(at(0), [("rule", "a"), ("rule", "b")])
    assert event is not None
    assert (event.evaluation, event.priority) == (Evaluation.CRITICAL, Priority.HIGH)


def test_more_than_fits_is_counted() -> None:
    storm, known = Storm(), []
    for number in range(500):
        known.append(("rule", str(number)))
        storm.note(known[-1], held(str(number)), at(0))
    event, _ = storm.tick(at(0), known)
    assert event is not None
    assert parse_event(parse(event.to_text().encode())) == event
    assert event.evidence[-1].lines[-1] == "and 426 more"
    assert len(event.evidence) < MAX_EVIDENCE, "there is room for what changed"


def test_a_quiet_device_has_nothing_to_store() -> None:
    storm = Storm()
    assert storm.tick(at(0), []) == (None, ())
    assert not storm.is_changed
    storm.opened(("rule", "a"), at(0))
    assert storm.is_changed
    storm.to_text()
    assert not storm.is_changed


def test_a_reboot_begins_the_ten_minutes_anew() -> None:
    storm = Storm()
    storm.note(("rule", "a"), held("a"), at(50_000))
    assert storm.tick(at(50_000), [("rule", "a")])[0]
    storm = Storm(storm.to_text())
    early = Now(20.0, 20.0, START)
    assert storm.tick(early, [("rule", "a")])[0] is None
    late = Now(20.0 + QUIET_S, 20.0 + QUIET_S, START)
    assert storm.tick(late, [("rule", "a")])[0]


@pytest.mark.parametrize(
    "text",
    ["", "x", "3", "[]", "{}", '{"held": [["a"]]}', json.dumps({"held": [["a"] * 5], "told": ""})],
)
def test_a_broken_record_is_none(text: str) -> None:
    storm = Storm(text)
    assert not storm.held
    assert storm.reason(("rule", "a"), at(0)) == ""
    good = json.loads(Storm().to_text())
    assert not Storm(json.dumps(good | {"told": "no state"})).held


class TestWhatIsHeldBack:
    RULE = load_rule(warning=warning(for_s=60), critical=critical(for_s=300))

    def state(self, **members: object) -> AlertState:
        return replace(AlertState("load-high", "load", "a", "boot"), **members)  # type: ignore[arg-type]

    def test_a_condition_that_has_held_for_long_enough(self) -> None:
        one = look(self.RULE, 25)
        assert waiting(None, one, self.RULE) is None
        young = self.state(warning=Course(span=Span(59.0)), critical=Course(span=Span(59.0)))
        assert waiting(young, one, self.RULE) is None
        ripe = self.state(warning=Course(span=Span(60.0)), critical=Course(span=Span(60.0)))
        assert waiting(ripe, one, self.RULE) == Held(
            "load-high", "a", "Load on a: 25", Evaluation.WARNING, Priority.NORMAL
        )
        both = self.state(warning=Course(span=Span(300.0)), critical=Course(span=Span(300.0)))
        found = waiting(both, one, self.RULE)
        assert found is not None
        assert (found.evaluation, found.priority) == (Evaluation.CRITICAL, Priority.HIGH)

    def test_one_that_cannot_be_checked_for_long_enough(self) -> None:
        one = evaluate(self.RULE, LOAD, Unreadable("a", "no right"))
        assert waiting(self.state(unknown=Span(10.0)), one, self.RULE) is None
        found = waiting(self.state(unknown=Span(3600.0)), one, self.RULE)
        assert found is not None
        assert (found.title, found.evaluation) == (
            "a cannot be checked (load-high)",
            Evaluation.UNKNOWN,
        )

    def test_not_one_that_is_open_or_opens_nothing(self) -> None:
        one = look(self.RULE, 25)
        ripe = Course(span=Span(60.0))
        opened = self.state(warning=ripe, announced=Evaluation.UNKNOWN)
        assert waiting(opened, one, self.RULE) is None
        for rule in (
            replace(self.RULE, mode="watch"),
            load_rule(warning=warning(for_s=60), opens=False),
        ):
            assert waiting(self.state(warning=ripe), one, rule) is None


SPELLS = st.lists(
    st.tuples(st.integers(0, 19), st.integers(0, 60), st.integers(1, 70)), max_size=50
)
"""Target, first and last turn at which it is bad."""


@settings(deadline=None, max_examples=60)
@given(SPELLS, st.sets(st.integers(0, 120), max_size=5))
def test_whatever_comes_nothing_is_lost_and_all_ends(
    spells: list[tuple[int, int, int]], restarts: set[int]
) -> None:
    device = Device(20)
    for turn in range(140):
        device.bad = {
            device.targets[target]
            for target, begin, length in spells
            if begin <= turn < begin + length
        }
        if turn in restarts:
            device.restart()
        device.turn()
    assert not device.storm.held
    assert not device.single
    openings = 0
    before: AlertEvent | None = None
    last_s = float("-inf")
    for at_s, event in device.events:
        if event.change is Change.OPENED:
            assert before is None
            openings += 1
        else:
            assert before is not None
            assert (event.alert_id, event.sequence) == (before.alert_id, before.sequence + 1)
        if event.change is Change.CHANGED:
            assert at_s - last_s >= TOLD_EVERY_S
        before = None if event.change is Change.RESOLVED else event
        last_s = at_s
    assert before is None, "every storm that was told is resolved"
    keys: set[Key] = {("rule", target) for target in device.targets}
    assert not keys & set(device.storm.held)
