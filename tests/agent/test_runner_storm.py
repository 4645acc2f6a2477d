"""A whole device in a storm: one rule on many targets, with real alerts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.check_api import Check, CheckError, Measured, Metric, TargetFilter, Unit
from agent.clock import Now
from agent.protocol.events import AlertEvent
from agent.protocol.words import Change, Evaluation
from agent.quiet import Held, Quiet
from agent.rules.maintenance import MaintenanceWindow
from tests.agent.runner_bench import Bench, FakeClock, level_rule

TARGETS = [f"share-{number}" for number in range(60)]


class Shares:
    """A check of many targets, each of which a test may break."""

    def __init__(self) -> None:
        self.bad: set[str] = set()
        self.blind = False
        self.check = Check(
            "test.level", "a test", (Metric("level", Unit.SHARE, "how full"),), self.probe
        )

    def probe(self, _targets: TargetFilter) -> Iterator[Measured]:
        if self.blind:
            raise CheckError("nothing answers")
        yield from (Measured(one, {"level": 95.0 if one in self.bad else 40.0}) for one in TARGETS)


class Sleeper(FakeClock):
    """A clock of a computer that may sleep."""

    slept_s = 0.0

    def sleep(self, seconds: float) -> None:
        self.boot_s += seconds
        self.slept_s += seconds

    def __call__(self) -> Now:
        now = super().__call__()
        return now._replace(awake_s=now.awake_s - self.slept_s)


class Device:
    """A runner on that check, and what the server would hear of it."""

    def __init__(self, shares: Shares, folder: Path) -> None:
        rule = replace(level_rule(shares, folder), unknown_after_s=3600.0)  # type: ignore[arg-type]
        self.bench = Bench(rule, shares)  # type: ignore[arg-type]

    def after(self, minutes: float, step_s: int = 10) -> list[AlertEvent]:
        """Let time pass; return what is new."""
        known = len(self.bench.store.events)
        for _ in range(int(minutes * 60 / step_s)):
            self.bench.runner.turn()
            self.bench.clock.boot_s += step_s
        return self.bench.store.events[known:]

    def restart(self) -> None:
        store = self.bench.store
        self.bench.runner.stop(0)
        self.bench.runner = self.bench.another(store.states, store.remembered.get)

    @property
    def held_back(self) -> list[Held]:
        quiet: Quiet = self.bench.runner.quiet
        return [one for one in quiet.records if not one.until]


@pytest.fixture
def shares() -> Shares:
    return Shares()


@pytest.fixture
def device(shares: Shares, tmp_path: Path) -> Device:
    return Device(shares, tmp_path)


def storms(events: list[AlertEvent]) -> list[AlertEvent]:
    return [event for event in events if event.fingerprint == "agent:storm"]


def changes(events: list[AlertEvent]) -> list[Change]:
    return [event.change for event in events]


def test_sixty_targets_that_fail_at_once_are_nine_tickets_all_resolved_at_the_end(
    device: Device, shares: Shares
) -> None:
    assert device.after(2) == []
    shares.bad = set(TARGETS)
    events = device.after(2)
    assert changes(events) == [Change.OPENED] * 9
    [storm] = storms(events)
    assert storm.title == "52 more alerts at once"
    assert storm.evaluation is Evaluation.CRITICAL
    assert storm.evidence[0].lines[0] == "level: share-8: Level of share-8 is 95 %"
    assert {one.reason for one in device.held_back} == {"part of a storm"}
    assert len(device.held_back) == 50, "as many as are kept"

    device.restart()
    assert changes(device.after(20)) == [Change.CHANGED], "that it grows no more"
    device.restart()
    shares.bad = set()
    ended = device.after(5)
    assert changes(ended) == [Change.RESOLVED] * 9
    assert {event.alert_id for event in ended} == {event.alert_id for event in events}
    assert device.held_back == []
    assert device.after(30) == []


def test_a_storm_is_explained_when_it_opens(device: Device, shares: Shares) -> None:
    asked: list[tuple[str, Evaluation]] = []

    def explain(event: AlertEvent, announced: Evaluation, found: object, _now: Now) -> AlertEvent:
        if found is None:
            asked.append((event.fingerprint, announced))
        return event

    device.bench.runner._judge._explain = explain
    shares.bad = set(TARGETS)
    assert len(storms(device.after(20))) == 2, "that it opens, and that it grows no more"
    assert asked == [("agent:storm", Evaluation.OK), ("agent:storm", Evaluation.CRITICAL)]


def test_the_last_few_of_a_storm_open_tickets_of_their_own_without_delay(
    device: Device, shares: Shares
) -> None:
    shares.bad = set(TARGETS[:20])
    device.after(2)
    shares.bad = set(TARGETS[5:12])
    device.after(7)
    assert len(device.held_back) == 4
    events = device.after(3)
    assert changes(storms(events)) == [Change.RESOLVED]
    opened = [event.target for event in events if event.change is Change.OPENED]
    assert opened == TARGETS[8:12]


def test_a_storm_goes_on_over_a_sleep(device: Device, shares: Shares) -> None:
    clock = device.bench.clock = Sleeper()
    device.bench.runner = device.bench.another()
    device.after(2)
    shares.bad = set(TARGETS)
    device.after(20)
    clock.sleep(8 * 3600)

    assert device.after(10) == []
    shares.bad = set()
    assert changes(device.after(5)) == [Change.RESOLVED] * 9


def test_a_storm_goes_on_over_a_maintenance_window(device: Device, shares: Shares) -> None:
    device.after(2)
    shares.bad = set(TARGETS)
    device.after(20)
    local = device.bench.clock().wall.astimezone()
    begins = local.hour * 60 + local.minute + 2
    every_day = MaintenanceWindow("patches", tuple(range(7)), begins, begins + 30)
    device.bench.runner.quiet.windows = (every_day,)

    assert device.after(50) == []
    shares.bad = set()
    assert changes(device.after(5)) == [Change.RESOLVED] * 9


def test_what_is_open_already_may_get_worse_and_better_in_a_storm(
    device: Device, shares: Shares
) -> None:
    shares.bad = {TARGETS[0]}
    [first] = device.after(2)
    shares.bad = set(TARGETS)
    device.after(2)
    shares.bad -= {TARGETS[0]}
    [ended] = device.after(2)
    assert (ended.change, ended.alert_id) == (Change.RESOLVED, first.alert_id)


def test_many_that_cannot_be_checked_any_longer_are_one_storm_too(
    device: Device, shares: Shares
) -> None:
    """An hour after a computer lost something, all its checks say so in one minute."""
    shares.bad = set(TARGETS[:1])
    device.after(0.5)
    shares.bad = set()
    device.after(5)
    shares.blind = True
    events = device.after(62)
    assert changes(events[:9]) == [Change.OPENED] * 9
    [storm, *_] = storms(events)
    assert storm.evidence[0].lines[0] == ("level: share-16: share-16 cannot be checked (level)")
    assert storm.evaluation is Evaluation.WARNING
    shares.blind = False
    assert set(changes(device.after(2))) == {Change.RESOLVED}
    assert device.held_back == []
