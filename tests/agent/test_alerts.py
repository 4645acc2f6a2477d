"""The life of an alert, one rule at a time; ``test_alerts_property`` does them all at once."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest

from agent.alert_events import about_itself
from agent.alerts import (
    FLAPPING_UPS,
    AlertState,
    Phase,
    fingerprint,
    parse_state,
    paused,
    step,
    withdraw,
)
from agent.check_api import Measured, Unreadable
from agent.clock import Now
from agent.evaluate import WHOLE_CHECK, absentees, evaluate
from agent.protocol.events import AlertEvent, parse_event
from agent.protocol.strict import parse
from agent.protocol.words import Change, Evaluation, Priority
from agent.rules.model import Rule
from tests.agent.rule_samples import LOAD, critical, load_rule, look, moment, warning

HOUR = 3600.0


class Life:
    """An alert of one rule; keeps its state and every event."""

    def __init__(self, rule: Rule, awake_s: float = 10_000) -> None:
        self.rule = rule
        self.state: AlertState | None = None
        self.events: list[AlertEvent] = []
        self.awake_s = awake_s
        self.boot = 0
        self.stored = 0

    @property
    def now(self) -> Now:
        return moment(self.awake_s)

    def see(self, load: float | None, times: int = 1, *, quiet: bool = False) -> None:
        """Look so many times, one turn of the rule apart."""
        for _ in range(times):
            measured = (
                Unreadable("a", "no right") if load is None else Measured("a", {"load": load})
            )
            evaluation = evaluate(self.rule, LOAD, measured)
            before = self.state
            self.state, event = step(
                before, evaluation, self.rule, self.now, f"boot {self.boot}", quiet=quiet
            )
            self.stored += self.state is not before
            self.events += [event] if event else []
            self.awake_s += self.rule.every_s

    def reboot(self) -> None:
        self.boot += 1
        self.awake_s = 30.0

    @property
    def phase(self) -> Phase:
        return self.state.phase if self.state else Phase.INACTIVE

    def told(self) -> list[tuple[str, str]]:
        return [(event.change.value, event.evaluation.value) for event in self.events]


def hysteresis() -> Rule:
    return load_rule(
        warning=warning(for_s=300, clear_for_s=600),
        critical=critical(for_s=120, clear_for_s=600),
    )


def test_an_alert_goes_from_pending_to_firing_to_clearing_to_resolved() -> None:
    life = Life(hysteresis())
    phases = []
    for load in [0, 12, 12, 12, 12, 12, 12, 3] + [3] * 9 + [3]:
        life.see(load)
        phases.append(life.phase)
    expected = [Phase.INACTIVE] + [Phase.PENDING] * 5 + [Phase.FIRING]
    assert phases == expected + [Phase.CLEARING] * 10 + [Phase.RESOLVED]
    assert life.told() == [("opened", "warning"), ("resolved", "ok")]


def test_what_holds_for_less_than_its_for_opens_nothing() -> None:
    life = Life(hysteresis())
    for _ in range(20):
        life.see(12, 5)
        life.see(0)
    assert life.events == []


def test_the_evaluation_moves_up_and_down_on_the_same_alert() -> None:
    life = Life(hysteresis())
    life.see(12, 6)
    life.see(25, 3)
    life.see(12, 11)
    life.see(0, 11)
    assert life.told() == [
        ("opened", "warning"),
        ("changed", "critical"),
        ("changed", "warning"),
        ("resolved", "ok"),
    ]
    assert [event.sequence for event in life.events] == [1, 2, 3, 4]
    assert len({event.alert_id for event in life.events}) == 1
    assert len({event.id for event in life.events}) == 4
    assert [e.priority for e in life.events] == [
        Priority.NORMAL,
        Priority.HIGH,
        Priority.NORMAL,
        Priority.NORMAL,
    ]


def test_critical_steps_down_to_a_warning_that_never_had_its_own_for() -> None:
    """Else a disk at the edge would resolve its ticket and open another a day later."""
    rule = load_rule(warning=warning(for_s=24 * HOUR), critical=critical())
    life = Life(rule)
    life.see(25)
    life.see(12)
    assert life.told() == [("opened", "critical"), ("changed", "warning")]
    life.see(0)
    assert life.told()[-1] == ("resolved", "ok")


def test_between_bad_and_clear_an_alert_stays() -> None:
    life = Life(hysteresis())
    life.see(12, 6)
    life.see(7, 100)
    assert life.phase is Phase.FIRING
    life.see(3, 8)
    life.see(7)
    life.see(3, 10)
    assert life.told() == [("opened", "warning")]
    life.see(3)
    assert life.told()[-1] == ("resolved", "ok")


def test_without_a_clear_expression_it_clears_when_the_condition_no_longer_holds() -> None:
    life = Life(load_rule(warning=warning(clear=None, clear_for_s=120)))
    life.see(12)
    life.see(9, 3)
    assert life.told() == [("opened", "warning"), ("resolved", "ok")]


def test_an_event_tells_the_whole_state_in_words() -> None:
    life = Life(load_rule(warning=warning(), title="{target}: {load}, {free_bytes} left"))
    life.see(12)
    event = life.events[0]
    assert event.title == "a: 12, unknown left"
    assert event.condition == "load >= 10"
    assert event.advice == "look"
    assert event.readings[0].value == 12
    assert event.at == event.opened_at == life.events[0].at
    assert parse_event(parse(event.to_text().encode())) == event


def test_a_24_hour_for_comes_true_on_a_computer_that_is_switched_off_every_night() -> None:
    """Eight hours a day: after three days, but for at most MARK_S and a turn at each night."""
    life = Life(load_rule(warning=warning(for_s=24 * HOUR)))
    days = 0
    while not life.events:
        days += 1
        life.reboot()
        life.see(12, 8 * 60)
        assert days < 5
    assert days == 4
    assert life.events[0].at < moment(HOUR).label()


def test_an_orderly_stop_loses_nothing_of_a_for() -> None:
    life = Life(load_rule(warning=warning(for_s=6 * 60)))
    life.see(12, 4)
    assert life.state is not None
    life.state = parse_state(paused(life.state, life.rule, life.now).to_text())
    life.reboot()
    life.see(12, 2)
    assert life.events == []
    life.see(12)
    assert life.told() == [("opened", "warning")]


def test_a_for_goes_on_over_a_restart_of_the_agent() -> None:
    life = Life(hysteresis())
    life.see(12, 4)
    assert life.state is not None
    life.state = parse_state(life.state.to_text())
    life.see(12, 2)
    assert life.told() == [("opened", "warning")]


def test_time_in_which_nobody_looked_counts_only_a_little() -> None:
    """An agent that was stopped for a day has not seen the disk full for a day."""
    life = Life(load_rule(warning=warning(for_s=HOUR)))
    life.see(12)
    life.awake_s += 24 * HOUR
    life.see(12)
    assert life.events == []
    assert life.phase is Phase.PENDING


def test_sleep_does_not_count() -> None:
    rule = hysteresis()
    state, _ = step(None, look(rule, 12), rule, moment(1000), "b")
    state, event = step(state, look(rule, 12), rule, moment(1060, asleep_s=8 * HOUR), "b")
    assert event is None
    assert state is not None
    assert state.phase is Phase.PENDING


def test_nothing_is_stored_while_nothing_changes() -> None:
    life = Life(hysteresis())
    life.see(0, 1000)
    assert life.stored == 0
    life.see(12, 6 + 60)  # until an hour has passed since it went up
    stored = life.stored
    life.see(12, 1000)
    assert life.stored == stored


def test_a_running_for_is_stored_once_in_five_minutes_and_no_more_when_it_is_full() -> None:
    life = Life(load_rule(warning=warning(for_s=HOUR), mode="watch"))
    life.see(12, 60)
    assert life.stored == 12
    life.see(12, 600)
    assert life.stored == 14  # raised, and the memory of that up ended


def test_unknown_never_resolves_an_alert_and_counts_for_nothing() -> None:
    life = Life(hysteresis())
    life.see(12, 6)
    life.see(0, 5)
    life.see(None, 30)
    life.see(0, 5)
    assert life.told() == [("opened", "warning")]
    life.see(0)
    assert life.told()[-1] == ("resolved", "ok")


def test_unknown_does_not_bring_a_pending_condition_nearer() -> None:
    life = Life(hysteresis())
    life.see(12, 3)
    life.see(None, 30)
    life.see(12, 2)
    assert life.events == []
    life.see(12)
    assert life.told() == [("opened", "warning")]


def test_what_cannot_be_checked_for_long_is_told_once_and_taken_back() -> None:
    life = Life(load_rule(warning=warning(), critical=critical(), unknown_after_s=HOUR))
    life.see(0)
    life.see(None, 60)
    assert life.events == []
    life.see(None, 500)
    life.see(0)
    assert life.told() == [("opened", "unknown"), ("resolved", "ok")]
    told = life.events[0]
    assert told.title == "a cannot be checked (load-high)"
    assert told.reason == "cannot be checked, because no right"
    assert told.priority is Priority.NORMAL


def test_an_open_alert_that_cannot_be_checked_says_so_and_goes_on_where_it_was() -> None:
    life = Life(load_rule(critical=critical(), unknown_after_s=HOUR))
    life.see(25)
    life.see(None, 100)
    life.see(25)
    life.see(0)
    assert life.told() == [
        ("opened", "critical"),
        ("changed", "unknown"),
        ("changed", "critical"),
        ("resolved", "ok"),
    ]
    assert {event.priority for event in life.events} == {Priority.HIGH}
    assert len({event.alert_id for event in life.events}) == 1


def test_the_time_of_being_blind_adds_up_over_reboots() -> None:
    life = Life(load_rule(warning=warning(), unknown_after_s=24 * HOUR))
    for _ in range(3):
        life.reboot()
        life.see(None, 8 * 60)
    assert life.events == []
    life.awake_s = 50_000.0  # the agent starts late in this boot: not one second for that
    life.boot += 1
    life.see(None)
    assert life.events == []
    life.see(None, 30)
    assert life.told() == [("opened", "unknown")]


def test_a_target_that_is_gone_keeps_its_ticket_and_is_forgotten_without_one() -> None:
    rule = load_rule(warning=warning(for_s=300), unknown_after_s=HOUR)
    life = Life(rule)
    life.see(12)
    gone = absentees(["a"], {"b"})[0]
    assert step(life.state, gone, rule, life.now, "boot 0") == (None, None)
    life.see(12, 8)
    state, event = step(life.state, gone, rule, life.now, "boot 0")
    assert event is None
    assert state is not None
    assert state.announced is Evaluation.WARNING


def test_a_check_that_failed_as_a_whole_is_well_again_when_it_works() -> None:
    rule = load_rule(warning=warning(), unknown_after_s=0)
    failed = evaluate(rule, LOAD, Unreadable(WHOLE_CHECK, "it crashed"))
    state, event = step(None, failed, rule, moment(1000), "b")
    assert event is not None
    assert state is not None
    back = absentees([WHOLE_CHECK], {"a"})[0]
    _, event = step(state, back, rule, moment(1060), "b")
    assert event is not None
    assert (event.change, event.evaluation) == (Change.RESOLVED, Evaluation.OK)


def test_ten_thousand_flips_are_a_handful_of_events() -> None:
    life = Life(load_rule(warning=warning(), critical=critical()))
    for load in [12, 0] * 5000:
        life.see(load)
    assert life.told()[:8] == [("opened", "warning"), ("resolved", "ok")] * 4
    last = life.events[8:]
    assert [event.change for event in last] == [Change.OPENED] + [Change.CHANGED] * 3
    assert [event.occurrences for event in last] == [1, 10, 100, 1000]
    assert len({event.alert_id for event in last}) == 1
    assert life.state is not None
    assert life.state.occurrences == 5000 - 4


def test_flapping_between_warning_and_critical_makes_no_storm_either() -> None:
    life = Life(load_rule(warning=warning(), critical=critical()))
    for load in [25, 12] * 5000:
        life.see(load)
    assert len(life.events) < 15
    assert len({event.alert_id for event in life.events}) == 1


def test_an_hour_without_an_up_ends_the_flapping() -> None:
    life = Life(load_rule(warning=warning()))
    for load in [12, 0] * FLAPPING_UPS:
        life.see(load)
    life.see(0, 58)
    assert life.told()[-1] == ("opened", "warning")
    life.see(0)
    assert life.told()[-1] == ("resolved", "ok")
    assert life.state is None
    life.see(12)
    life.see(0)
    assert life.told()[-2:] == [("opened", "warning"), ("resolved", "ok")]


def test_an_up_during_clearing_is_counted_without_an_event() -> None:
    life = Life(hysteresis())
    life.see(12, 6)
    for _ in range(3):
        life.see(3)
        life.see(7)
        life.see(12)
    assert len(life.events) == 1
    life.see(25, 3)
    assert life.events[-1].occurrences == 4


@pytest.mark.parametrize("when", ["grace", "maintenance"])
def test_what_is_held_back_opens_afterwards_if_it_still_stands(when: str) -> None:
    rule = load_rule(critical=critical(for_s=120), startup_grace_s=900 if when == "grace" else 0)
    quiet = when == "maintenance"
    life = Life(rule, awake_s=60)
    life.see(25, 14, quiet=quiet)
    assert life.events == []
    life.see(25)
    assert life.told() == [("opened", "critical")]

    passing = Life(rule, awake_s=60)
    passing.see(25, 10, quiet=quiet)
    passing.see(0, 4, quiet=quiet)
    passing.see(0, 20)
    assert passing.events == []


def test_what_is_open_resolves_while_held_back() -> None:
    life = Life(load_rule(critical=critical()))
    life.see(25)
    life.see(0, quiet=True)
    assert life.told() == [("opened", "critical"), ("resolved", "ok")]


@pytest.mark.parametrize(
    "rule",
    [
        load_rule(warning=warning(), mode="watch", unknown_after_s=60),
        load_rule(warning=warning(), opens=False, unknown_after_s=60),
    ],
)
def test_a_rule_that_only_watches_lives_without_events(rule: Rule) -> None:
    life = Life(rule)
    life.see(12, 5)
    assert life.phase is Phase.FIRING
    life.see(None, 50)
    life.see(0)
    assert life.events == []


def test_a_rule_set_to_act_opens_what_already_stands() -> None:
    life = Life(load_rule(warning=warning(), mode="watch"))
    life.see(12, 3)
    life.rule = replace(life.rule, mode="act")
    life.see(12)
    assert life.told() == [("opened", "warning")]


def test_a_rule_set_to_watch_closes_what_it_opened_and_does_not_call_it_well() -> None:
    life = Life(load_rule(warning=warning()))
    life.see(12)
    life.rule = replace(life.rule, mode="watch")
    life.see(12, 5)
    assert life.told() == [("opened", "warning"), ("resolved", "unknown")]
    assert life.events[-1].reason == "the rule load-high opens no tickets any longer"


def test_a_removed_rule_withdraws_its_alert_once() -> None:
    life = Life(load_rule(warning=warning()))
    life.see(12)
    assert life.state is not None
    event = withdraw(life.state, "the rule load-high was removed", life.now)
    assert event is not None
    assert (event.change, event.sequence) == (Change.RESOLVED, 2)
    assert event.alert_id == life.events[0].alert_id
    assert event.reason == "the rule load-high was removed"
    quiet = Life(load_rule(warning=warning(for_s=300)))
    quiet.see(12)
    assert quiet.state is not None
    assert withdraw(quiet.state, "removed", quiet.now) is None


def test_the_agent_can_tell_of_itself() -> None:
    event = about_itself("agent.db", "The store was damaged", "Check the disk.", moment(1000))
    assert parse_event(parse(event.to_text().encode())) == event
    assert (event.fingerprint, event.change, event.sequence) == ("agent:agent.db", "opened", 1)
    assert (event.title, event.advice) == ("The store was damaged", "Check the disk.")


def test_an_edited_rule_goes_on_with_the_alert_it_has() -> None:
    life = Life(load_rule(warning=warning(), critical=critical()))
    life.see(25)
    life.rule = replace(life.rule, critical=None)
    life.see(25)
    assert life.told() == [("opened", "critical"), ("changed", "warning")]


def test_the_wall_clock_decides_nothing() -> None:
    """Ten years forth and back between looks: the same phases, labels only differ."""
    rule = hysteresis()
    jumps = [0, 3650, -3650, 0, 10, -1, 3650]

    def walk(days: Iterable[int]) -> list[tuple[Phase, bool]]:
        state: AlertState | None = None
        phases = []
        for turn, jump in enumerate(days):
            now = moment(1000 + 60 * turn)
            now = now._replace(wall=now.wall.replace(year=now.wall.year + jump // 365))
            state, event = step(state, look(rule, 12), rule, now, "b")
            phases.append((state.phase if state else Phase.INACTIVE, event is not None))
        return phases

    assert walk(jumps) == walk([0] * len(jumps))


def test_hostile_names_make_events_that_the_contract_takes() -> None:
    rule = load_rule(warning=warning(), title="{target}")
    target = "/mnt/\udc80\0" + "x" * 5000
    event = step(None, look(rule, 12, target=target), rule, moment(1000), "b")[1]
    assert event is not None
    assert parse_event(parse(event.to_text().encode())) == event


def test_fingerprints_of_long_and_odd_targets_differ_and_are_stable() -> None:
    targets = ["C:", "x" * 500, "x" * 501, "/mnt/\udc80", "/mnt/\udc81"]
    prints = [fingerprint("disk", target) for target in targets]
    assert len(set(prints)) == len(targets)
    assert all(len(text) <= 200 for text in prints)
    assert prints[0] == "disk:C:"
    assert prints[1][-9:] == "#a816ccec"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"rule": 1, "check": "c", "target": "t", "boot_id": "b"}',
        '{"rule": "r", "check": "c", "target": "t", "boot_id": "b", "warning": 1}',
        '{"rule": "r", "check": "c", "target": "t", "boot_id": "b", "warning": [true, [NaN, 0]]}',
        '{"rule": "r", "check": "c", "target": "t", "boot_id": "b", "sequence": 1e999}',
        '{"rule": "r", "check": "c", "target": "t", "boot_id": "b", "announced": "fine"}',
        "[" * 100_000,
    ],
)
def test_a_damaged_state_is_refused_as_no_state(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_state(text)


def test_members_of_a_newer_state_are_ignored() -> None:
    text = '{"rule": "r", "check": "c", "target": "t", "boot_id": "b", "mood": "good"}'
    assert parse_state(text) == AlertState("r", "c", "t", "b")


def test_events_of_one_opening_are_numbered_without_a_hole() -> None:
    life = Life(load_rule(warning=warning(), critical=critical(), unknown_after_s=120))
    for load in (12, 25, None, None, None, 25, 12, 0):
        life.see(load)
    assert [e.sequence for e in life.events] == list(range(1, len(life.events) + 1))
    assert all(a.evaluation is not b.evaluation for a, b in pairwise(life.events))
