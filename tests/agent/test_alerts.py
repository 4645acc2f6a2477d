"""The life of an alert, one rule at a time; ``test_alerts_property`` does them all at once."""

from agent.alerts import (
    Phase,
    parse_state,
    paused,
    step,
)
from agent.check_api import Measured, Unreadable
from agent.evaluate import WHOLE_CHECK, absentees, evaluate
from agent.protocol.events import parse_event
from agent.protocol.strict import parse
from agent.protocol.words import Change, Evaluation, Priority
from tests.agent.alert_life import HOUR, Life, hysteresis
from tests.agent.rule_samples import LOAD, critical, load_rule, look, moment, warning


def test_an_alert_goes_from_pending_to_firing_to_clearing_to_resolved() -> None:
    life = Life(hysteresis())
    phases = []
    for load in [0, 12, 12, 12, 12, 12, 12, 3] + [3] * 9 + [3]:
        life.see(load)
        phases.append(life.phase)
    expected = [Phase.INACTIVE] + [Phase.PENDING] * 5 + [Phase.FIRING]
    assert phases == expected + [Phase.CLEARING] * 10 + [Phase.RESOLVED]
    assert life.told() == [("opened", "warning"), ("resolved", "ok")]


def test_what_is_told_about_the_target_goes_along_without_secrets() -> None:
    rule = load_rule(warning=warning(for_s=0, clear_for_s=0))
    events = []
    state = None
    for minute, load in enumerate((12, 0)):
        measured = Measured("a", {"load": load}, about="login failed,\npassword=Tiger2024 as root")
        evaluation = evaluate(rule, LOAD, measured)
        state, event = step(state, evaluation, rule, moment(10_000 + 60 * minute), "boot")
        events += [event.about] if event else []
    assert events == ["login failed, password=[redacted] as root"] * 2


def test_why_something_is_unknown_goes_along_without_secrets() -> None:
    """A plugin that fails says anything."""
    rule = load_rule(warning=warning(), unknown_after_s=0)
    unknown = evaluate(rule, LOAD, Unreadable("a", "it said: token=abcdef123456"))
    _, event = step(None, unknown, rule, moment(10_000), "boot")
    assert event
    assert event.reason == "cannot be checked, because it said: token=[redacted]"


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
