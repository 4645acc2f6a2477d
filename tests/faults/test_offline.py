"""A month without the server: more alerts come and go than there is room for.

The real state machine, the real store on a real disk, a clock that is led by hand. Restarts and
power cuts in between. What must hold: no message of a critical alert goes for a lesser one, what
goes is counted, and the rest comes out whole, in order and once when the server is back.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.alerts import AlertState, step
from agent.check_api import Measured
from agent.evaluate import evaluate
from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation
from agent.store import Envelope, Importance, Store, event_envelope
from tests.agent.rule_samples import LOAD, critical, load_rule, warning
from tests.agent.store.samples import ALL, HandClock, accepted
from tests.support.seeds import dice, long_run, tell

EVENTS = 50_000 if long_run() else 2_500
DAYS = 30
CAP_BYTES = EVENTS * 200
"""A third of what is told."""
TARGETS = 40
BATCH = 500


class Month:
    """Alerts of a device over a month, each of its own ups and downs."""

    def __init__(self, chance: random.Random, clock: HandClock) -> None:
        self._chance, self._clock = chance, clock
        self._rule = load_rule(
            warning=warning(for_s=0, clear_for_s=0), critical=critical(for_s=0, clear_for_s=0)
        )
        self._states: dict[str, AlertState | None] = {}

    def looks(self) -> Iterator[tuple[AlertEvent, Evaluation, AlertState | None]]:
        """Yield events without end, with what was announced before and the state after."""
        while True:
            self._clock.pass_s(DAYS * 86_400 / EVENTS)
            target = f"target {self._chance.randrange(TARGETS)}"
            load = self._chance.choices((1.0, 12.0, 30.0), (48, 48, 4))[0]
            found = evaluate(self._rule, LOAD, Measured(target, {"load": load}))
            before = self._states.get(target)
            announced = before.announced if before else Evaluation.OK
            after, event = step(before, found, self._rule, self._clock(), "boot")
            self._states[target] = after
            if event is not None:
                yield event, announced, after


def test_a_month_offline_costs_no_critical_message_and_every_other_one_is_counted(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    chance, clock = dice(request), HandClock()
    month = Month(chance, clock)
    told: dict[str, Envelope] = {}
    store = Store(tmp_path, max_bytes=CAP_BYTES, read_clock=clock)
    began = time.monotonic()
    group: list[tuple[AlertEvent, Evaluation, AlertState | None]] = []
    for look in month.looks():
        group.append(look)
        if len(group) < chance.randint(1, 12):
            continue
        envelopes = [event_envelope(event, announced) for event, announced, _ in group]
        states = {e.fingerprint: after.to_text() if after else None for e, _, after in group}
        told |= {one.id: one for one in envelopes}
        assert store.record(states, envelopes)
        assert store.counts().bytes <= CAP_BYTES
        group = []
        if chance.random() < 20 / EVENTS:  # restarted now and then
            store.close()
            store = Store(tmp_path, max_bytes=CAP_BYTES, read_clock=clock)
        if len(told) >= EVENTS:
            break
    store.close()
    restarted = time.monotonic()
    store = Store(tmp_path, max_bytes=CAP_BYTES, read_clock=clock)
    ready = time.monotonic()

    kept: list[Envelope] = []
    while waiting := store.pending(BATCH, ALL):
        kept += waiting
        store.settle(accepted(one.id) for one in waiting)
    counted = {
        Importance(name.removeprefix("dropped_")): number
        for name, number in store.counters().items()
        if name.startswith("dropped_")
    }
    store.close()

    tell(f"{len(told)} events in {restarted - began:.0f} s, {len(kept)} kept, dropped {counted}, "
         f"restart with all of it {ready - restarted:.2f} s")  # fmt: skip
    criticals = [one for one in told.values() if one.importance is Importance.CRITICAL]
    assert sum(len(one.body.encode()) for one in criticals) < CAP_BYTES, "else they may go"
    kept_ids = [one.id for one in kept]
    assert {one.id for one in criticals} <= set(kept_ids)
    assert kept == [told[one] for one in told if one in set(kept_ids)], "whole, in order, once"
    gone = Counter(one.importance for one in told.values()) - Counter(k.importance for k in kept)
    assert counted == gone
    assert gone[Importance.WARNING] > EVENTS // 10, "else there was room for all"
