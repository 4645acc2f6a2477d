"""What an alert does not tell, or tells once: flapping, held back, withdrawn, damaged."""

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
    step,
    withdraw,
)
from agent.protocol.events import parse_event
from agent.protocol.strict import parse
from agent.protocol.words import Change
from agent.rules.model import Rule
from tests.agent.alert_life import Life, hysteresis
from tests.agent.rule_samples import critical, load_rule, look, moment, warning


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
