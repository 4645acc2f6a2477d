"""Healing in the running agent: what the server is told, and what it is not."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent import device, healing
from agent.action_api import ActionError, Options, RefusedActionError
from agent.check_api import Measured, TargetFilter
from agent.errors import NotNowError
from agent.protocol.events import AlertEvent
from agent.protocol.words import Change, Outcome
from agent.rules.loader import load
from agent.rules.maintenance import MaintenanceWindow
from agent.rules.model import Heal
from tests.agent.runner_bench import RULES, Bench, Level
from tests.support.polling import until

HEALING = RULES.replace(
    "    ticket:", "    heal: {action: restart-service, service: tank, wait: 30s}\n    ticket:"
)


class Medicine:
    """An action that does what a test wants."""

    def __init__(self, level: Level) -> None:
        self.level = level
        self.heals = True
        self.error: Exception | None = None
        self.done: list[tuple[str, dict[str, str]]] = []
        self.hang: threading.Event | None = None

    def plan(self, target: str, options: Options) -> str:
        if isinstance(self.error, RefusedActionError):
            raise self.error
        return f"would have restarted {options.get('service', target)}"

    def act(self, target: str, options: Options) -> str:
        self.done.append((target, dict(options)))
        if self.hang:
            self.hang.wait(10)
        if self.error:
            raise self.error
        if self.heals:
            self.level.value = 10.0
        return "restarted tank"


class Early(Level):
    """What it finds is what there was when it began to look."""

    def probe(self, _targets: TargetFilter) -> Iterator[Measured]:
        self.probes += 1
        seen = self.value
        assert isinstance(seen, float)
        if self.hang is not None:
            self.hang.wait(10)
        yield Measured("tank", {"level": seen})


class Patient(Bench):
    """A runner whose one rule heals."""

    def __init__(self, folder: Path) -> None:
        self.level = Early()
        (folder / "rules.yaml").write_text(HEALING)
        rule = load(folder / "rules.yaml", {"test.level": self.level.check}).rules[0]
        super().__init__(rule, self.level)
        self.medicine = Medicine(self.level)

    def heals(self, **members: object) -> None:
        assert isinstance(self.schedule.rule.heal, Heal)
        changed = replace(self.schedule.rule.heal, **members)  # type: ignore[arg-type]
        self.schedule.rule = replace(self.schedule.rule, heal=changed)

    def pass_by(self, seconds: int) -> None:
        """Let turns pass; an action that runs is waited for."""
        for _ in range(seconds):
            self.turns(1)
            if not self.medicine.hang:
                until(lambda: not any(t.name == "healing" for t in threading.enumerate()), 10)

    def looks_aside(self, seconds: int) -> None:
        """Let turns pass; what is probed aside is waited for."""
        for _ in range(seconds):
            self.turns(1)
            until(lambda: not any(t.name == "checks aside" for t in threading.enumerate()), 10)

    @property
    def told(self) -> list[tuple[Change, list[Outcome]]]:
        return [(e.change, [one.outcome for one in e.tried]) for e in self.events]

    @property
    def events(self) -> list[AlertEvent]:
        return self.store.events


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Patient]:
    made = Patient(tmp_path)
    monkeypatch.setattr(healing, "action", lambda _: made.medicine)
    yield made
    device.settle(device.Device())


def test_nothing_is_tried_that_could_not_be_stored_first(patient: Patient) -> None:
    patient.store.is_durable = False
    patient.level.value = 95.0
    patient.pass_by(60)
    assert patient.medicine.done == []
    [opened] = patient.events
    assert [one.outcome for one in opened.tried] == [Outcome.REFUSED]
    assert "could not be stored" in opened.tried[0].detail


def test_nothing_is_tried_while_what_was_tried_before_cannot_be_read(patient: Patient) -> None:
    readable = False

    def recall(name: str) -> str | None:
        if name.startswith("heal") and not readable:
            raise NotNowError("the disk does not answer")
        return patient.store.remembered.get(name)

    patient.runner = patient.another(recall=recall)
    patient.level.value = 95.0
    patient.pass_by(60)
    assert patient.medicine.done == []
    [opened] = patient.events
    assert "cannot be read" in opened.tried[0].detail

    readable = True
    patient.level.value = 10.0
    patient.pass_by(30)
    patient.level.value = 95.0
    patient.pass_by(90)
    assert len(patient.medicine.done) == 1


def test_what_is_healed_is_one_resolved_ticket_with_before_and_after(patient: Patient) -> None:
    patient.level.value = 95.0
    patient.pass_by(90)

    assert patient.medicine.done == [("tank", {"service": "tank"})]
    assert patient.told == [
        (Change.OPENED, [Outcome.HEALED]),
        (Change.RESOLVED, [Outcome.HEALED]),
    ]
    assert patient.events[0].alert_id == patient.events[1].alert_id
    assert [event.sequence for event in patient.events] == [1, 2]
    [tried] = patient.events[0].tried
    assert "before: level 95 %; after: level 10 %" in tried.detail
    assert patient.store.states == {}


def test_it_is_looked_again_when_the_wait_is_over_not_at_the_rules_next_turn(
    patient: Patient,
) -> None:
    patient.schedule.rule = replace(patient.schedule.rule, every_s=3600.0)
    patient.level.value = 95.0
    patient.pass_by(1)
    patient.clock.boot_s += 3600
    patient.pass_by(35)

    assert [change for change, _ in patient.told] == [Change.OPENED, Change.RESOLVED]


def test_by_rule_what_was_healed_makes_no_ticket(patient: Patient) -> None:
    patient.heals(tells="failures")
    patient.level.value = 95.0
    patient.pass_by(90)

    assert patient.events == []
    assert patient.store.states == {}


def test_what_is_not_healed_opens_and_lists_what_was_tried(patient: Patient) -> None:
    patient.medicine.heals = False
    patient.level.value = 95.0
    patient.pass_by(200)

    assert len(patient.medicine.done) == 2
    assert patient.told == [(Change.OPENED, [Outcome.NOT_HEALED, Outcome.NOT_HEALED])]
    patient.level.value = 10.0
    patient.pass_by(40)
    assert [change for change, _ in patient.told] == [Change.OPENED, Change.RESOLVED]


def test_nothing_is_told_while_it_is_tried(patient: Patient) -> None:
    patient.medicine.hang = threading.Event()
    patient.level.value = 95.0
    patient.pass_by(250)
    assert patient.events == []
    assert len(patient.medicine.done) == 1

    patient.medicine.hang.set()
    patient.medicine.hang = None
    patient.pass_by(60)

    assert [outcome for _, outcome in patient.told] == [[Outcome.HEALED]] * 2


def test_a_disabled_service_is_left_alone_and_told(patient: Patient) -> None:
    patient.medicine.error = RefusedActionError("an administrator has disabled it")
    patient.level.value = 95.0
    patient.pass_by(60)

    assert patient.medicine.done == []
    assert patient.told == [(Change.OPENED, [Outcome.REFUSED])]


@pytest.mark.parametrize("error", [ActionError("no bus"), ZeroDivisionError("oops")])
def test_an_action_that_fails_is_told_with_its_reason(patient: Patient, error: Exception) -> None:
    patient.medicine.error = error
    patient.level.value = 95.0
    patient.pass_by(150)

    assert patient.told == [(Change.OPENED, [Outcome.FAILED, Outcome.FAILED])]
    assert str(error) in patient.events[0].tried[0].detail


def test_a_dry_run_says_what_it_would_do(patient: Patient) -> None:
    patient.heals(mode="dry-run")
    patient.level.value = 95.0
    patient.pass_by(60)

    assert patient.medicine.done == []
    assert patient.told == [(Change.OPENED, [Outcome.WOULD_HAVE])]
    assert "would have restarted tank" in patient.events[0].tried[0].detail


def test_the_device_may_forbid_all_healing(patient: Patient) -> None:
    device.settle(device.Device(healing=device.Healing("never")))
    patient.level.value = 95.0
    patient.pass_by(60)

    assert patient.medicine.done == []
    assert patient.told == [(Change.OPENED, [])]


def test_what_an_attempt_begins_is_stored_before_it_is_done(patient: Patient) -> None:
    """An agent that dies of its own attempt must not try for ever."""
    patient.medicine.hang = threading.Event()
    patient.level.value = 95.0
    patient.pass_by(40)
    stored = patient.store.remembered["heal:level:tank"]
    assert stored is not None
    patient.medicine.hang.set()
    patient.medicine.hang = None
    patient.medicine.heals = False
    patient.level.value = 95.0

    patient.runner = patient.another(patient.store.states, recall={"heal:level:tank": stored}.get)
    patient.pass_by(120)

    assert patient.told[-1] == (Change.OPENED, [Outcome.FAILED, Outcome.NOT_HEALED])
    assert "the agent ended" in patient.events[-1].tried[0].detail


def test_the_alert_is_stored_with_the_attempt(patient: Patient) -> None:
    """What a check has read of a log is stored by then, and is not read again."""
    patient.level.value = 95.0
    patient.pass_by(40)

    assert patient.store.first["heal:level:tank"]["level", "tank"].critical.raised


def test_what_comes_back_soon_is_told_at_once(patient: Patient) -> None:
    patient.level.value = 95.0
    patient.pass_by(90)
    patient.level.value = 95.0
    patient.pass_by(60)

    assert len(patient.medicine.done) == 1
    assert patient.told[-1] == (Change.OPENED, [Outcome.HEALED, Outcome.REFUSED])


def test_between_bad_and_well_is_not_healed(patient: Patient) -> None:
    """At 85 the condition no longer holds, and has not cleared either: that is below 80."""
    patient.medicine.heals = False
    patient.level.value = 95.0
    patient.pass_by(25)
    patient.level.value = 85.0
    patient.pass_by(100)

    assert patient.told == [(Change.OPENED, [Outcome.NOT_HEALED, Outcome.NOT_HEALED])]


def test_a_rule_that_only_watches_does_nothing(patient: Patient) -> None:
    patient.schedule.rule = replace(patient.schedule.rule, mode="watch")
    patient.level.value = 95.0
    patient.pass_by(60)

    assert patient.medicine.done == []


def test_a_window_that_begins_meanwhile_stops_the_next_attempt(patient: Patient) -> None:
    patient.medicine.heals = False
    patient.level.value = 95.0
    patient.pass_by(40)
    patient.runner.quiet.windows = [MaintenanceWindow("patch night", tuple(range(7)), 0, 24 * 60)]
    patient.pass_by(200)

    assert len(patient.medicine.done) == 1
    assert patient.events == []


def test_an_attempt_that_hangs_is_told_in_the_end(patient: Patient) -> None:
    patient.medicine.hang = threading.Event()
    patient.level.value = 95.0
    patient.pass_by(400)

    assert patient.told == [(Change.OPENED, [Outcome.FAILED])]
    patient.medicine.hang.set()


def test_what_hung_and_ends_at_last_is_not_taken_for_what_waits_behind_it(patient: Patient) -> None:
    """The trouble it was begun against was told and is over; one like it came meanwhile."""
    hangs = patient.medicine.hang = threading.Event()
    patient.level.value = 95.0
    patient.pass_by(400)
    patient.medicine.heals = False
    patient.level.value = 10.0
    patient.pass_by(3600)  # ``cool_down`` is over
    patient.level.value = 95.0
    patient.pass_by(40)
    assert len(patient.medicine.done) == 1, "the other attempt waits behind the first"

    runs = patient.medicine.hang = threading.Event()
    hangs.set()
    until(lambda: len(patient.medicine.done) == 2, 10)
    patient.pass_by(100)  # more than its wait
    assert len(patient.events) == 2, "the first was told, and resolved"
    patient.medicine.heals = True
    runs.set()
    patient.medicine.hang = None
    patient.pass_by(60)

    assert patient.told[2:] == [
        (Change.OPENED, [Outcome.HEALED]),
        (Change.RESOLVED, [Outcome.HEALED]),
    ]


def test_a_look_that_began_before_the_action_ended_tells_nothing_of_it(patient: Patient) -> None:
    """A check that may take long reads aside: what it found may be older than the cure."""
    level = patient.level
    patient.schedule.check = replace(level.check, aside=True)
    patient.heals(wait_s=1.0)
    patient.runner = patient.another(aside=True)
    acts = patient.medicine.hang = threading.Event()
    level.value = 95.0
    while not patient.medicine.done:
        patient.looks_aside(1)
    level.hang = threading.Event()
    probes = level.probes
    while level.probes == probes:
        patient.turns(1)
    acts.set()
    until(lambda: not any(t.name == "healing" for t in threading.enumerate()), 10)
    patient.turns(5)
    level.hang.set()
    patient.looks_aside(30)

    assert patient.told == [(Change.OPENED, [Outcome.HEALED]), (Change.RESOLVED, [Outcome.HEALED])]


def test_what_became_well_while_the_agent_was_down_is_told(patient: Patient) -> None:
    patient.medicine.hang = threading.Event()
    patient.level.value = 95.0
    patient.pass_by(40)
    stored = dict(patient.store.remembered)
    patient.medicine.hang.set()
    patient.medicine.hang = None
    patient.level.value = 10.0

    patient.runner = patient.another(patient.store.states, recall=stored.get)
    patient.pass_by(60)

    assert [change for change, _ in patient.told] == [Change.OPENED, Change.RESOLVED]


def test_in_a_maintenance_window_nothing_is_tried(patient: Patient) -> None:
    patient.clock.boot_s = 100.0  # the computer has just started
    patient.level.value = 95.0
    patient.pass_by(60)

    assert patient.medicine.done == []
