"""A runner on rules of a test, with its clock, its store and its checks in hand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from agent.alerts import AlertState, parse_state
from agent.check_api import (
    Check,
    CheckError,
    Measured,
    Metric,
    TargetFilter,
    Unit,
)
from agent.clock import Now
from agent.protocol import strict
from agent.protocol.events import AlertEvent, parse_event
from agent.rules.loader import load
from agent.rules.model import Rule
from agent.runner import Runner
from agent.schedule import Plan, Schedule
from agent.store import Envelope

if TYPE_CHECKING:
    import threading

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
RULES = """
version: 1
rules:
  - name: level
    why: a test
    check: test.level
    every: 10s
    critical: {when: level > 90, for: 20s, clear: level < 80, clear_for: 10s, priority: high}
    ticket: {title: "Level of {target} is {level}"}
"""


class FakeClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.boot_s = 10_000.0

    def __call__(self) -> Now:
        return Now(self.boot_s, self.boot_s, START + timedelta(seconds=self.boot_s))


class Store:
    """Remembers what was recorded."""

    def __init__(self) -> None:
        self.texts: dict[str, str | None] = {}
        self.events: list[AlertEvent] = []
        self.remembered: dict[str, str | None] = {}
        self.first: dict[str, dict[tuple[str, str], AlertState]] = {}
        """The states that were stored when a text first was, by its name."""
        self.commits = 0
        self.is_durable = True

    def record(
        self,
        changed: Mapping[str, str | None],
        envelopes: Sequence[Envelope],
        texts: Mapping[str, str | None],
    ) -> bool:
        self.commits += 1
        self.remembered.update(texts)
        self.texts.update(changed)
        for name in texts:
            self.first.setdefault(name, self.states)
        self.events += [parse_event(strict.parse(e.body.encode())) for e in envelopes]
        return self.is_durable

    @property
    def states(self) -> dict[tuple[str, str], AlertState]:
        states = [parse_state(text) for text in self.texts.values() if text is not None]
        return {(state.rule, state.target): state for state in states}


class Level:
    """A check whose value, failure or hang a test decides."""

    def __init__(self) -> None:
        self.value: float | Exception = 50.0
        self.probes = 0
        self.gone = False
        self.hang: threading.Event | None = None
        self.check = Check(
            "test.level", "a test", (Metric("level", Unit.SHARE, "how full"),), self.probe,
            deadline_s=10,
        )  # fmt: skip

    def probe(self, _targets: TargetFilter) -> Iterator[Measured]:
        self.probes += 1
        if self.hang is not None:
            self.hang.wait(30)
        if isinstance(self.value, Exception):
            raise self.value
        if not self.gone:
            yield Measured("tank", {"level": self.value})


def level_rule(level: Level, folder: Path) -> Rule:
    """Return the one rule of ``RULES``, on this check."""
    file = folder / "rules.yaml"
    file.write_text(RULES)
    return load(file, {"test.level": level.check}).rules[0]


class Bench:
    """A runner on one rule, with everything around it in hand."""

    def __init__(self, rule: Rule, level: "Level | Log") -> None:
        self.clock = FakeClock()
        self.store = Store()
        self.schedule = Schedule(rule, level.check)
        self.runner = self.another()

    def another(
        self,
        states: dict[tuple[str, str], AlertState] | None = None,
        recall: Callable[[str], str | None] = lambda _: None,
        at: Callable[[float], Sequence[str]] = lambda _: (),
        *,
        aside: bool = False,
    ) -> Runner:
        return Runner(
            Plan([self.schedule]),
            states or {},
            self.store.record,
            clock=self.clock,
            boot_id="boot-1",
            recall=recall,
            at=at,
            aside=aside,
        )

    def turns(self, seconds: int) -> None:
        for _ in range(seconds):
            self.runner.turn()
            self.clock.boot_s += 1


class Log:
    """A check with a cursor: each line of its ``lines`` is counted once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.broken = False
        self.check = Check(
            "test.log", "a test", (Metric("level", Unit.SHARE, "lines"),), self.probe,
            remembers=True,
        )  # fmt: skip

    def probe(self, _targets: TargetFilter, memory: dict[str, str]) -> Iterator[Measured]:
        cursor, count = int(memory.get("cursor", 0)), int(memory.get("count", 0))
        memory["cursor"] = str(len(self.lines))
        memory["count"] = str(count + len(self.lines) - cursor)
        if self.broken:
            raise CheckError("it cannot be read")
        yield Measured("tank", {"level": float(memory["count"])})
