"""What rules would have told of this device's own past: replayed through the real state machine.

Pure: the recorded times are ``now``, nothing is sent. What no history holds is said, not guessed:
metrics that were not kept, what could not be read, starts of the computer, places.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from agent.alerts import FLAPPING_UPS, AlertState, held_back, step
from agent.check_api import Check, Measured
from agent.clock import Now
from agent.errors import Problem
from agent.evaluate import TargetEvaluation, evaluate
from agent.history import DAY_S
from agent.past import Past
from agent.protocol.words import Change, Evaluation
from agent.rules.maintenance import MaintenanceWindow, in_maintenance
from agent.rules.model import Rule, RuleSet
from agent.store.history_file import Row, SeriesKey
from agent.trends import Trends, derived_from, source_of

LEAST_DAYS = 3.0
"""Less history than this tells nothing about what happens every day."""

Spell = tuple[float, float]


@dataclass
class Ticket:
    """One ticket that would have been opened; times in Unix seconds, None: still open."""

    opened_s: float
    evaluation: Evaluation
    ended_s: float | None = None
    flapping: bool = False

    def lasted_s(self, until_s: float) -> float:
        """Return for how long it was open, or has been."""
        return (until_s if self.ended_s is None else self.ended_s) - self.opened_s


@dataclass
class Told:
    """What one rule would have made of one target.

    ``looks`` is how many were taken, ``looked_s`` for how long there were readings, ``held_back``
    how often something was held back, ``held`` how often each condition held for its ``for``,
    ``trouble`` when something was wrong.
    """

    target: str
    tickets: list[Ticket] = field(default_factory=list)
    looks: int = 0
    looked_s: float = 0.0
    held_back: int = 0
    held: Counter[Evaluation] = field(default_factory=Counter)
    trouble: list[Spell] = field(default_factory=list)


class Replayed(NamedTuple):
    """What a rule would have told; ``lacking`` are the metrics that no history holds."""

    rule: Rule
    told: Sequence[Told]
    lacking: tuple[str, ...]


def replay(
    rules: RuleSet, checks: Mapping[str, Check], past: Past, since_s: float
) -> list[Replayed]:
    """Return what each rule would have told since a moment, in the order of the file."""
    done: dict[str, Replayed] = {}

    def of(rule: Rule) -> Replayed:
        if rule.name not in done:
            parents = [of(one) for one in rules.rules if one.name in rule.depends_on]
            spells = [spell for one in parents for told in one.told for spell in told.trouble]
            down = _within(spells)
            surroundings = Surroundings(past, since_s, rules.maintenance, down)
            done[rule.name] = _replayed(rule, checks[rule.check], surroundings)
        return done[rule.name]

    return [of(rule) for rule in rules.rules]


def daily(replayed: Sequence[Replayed]) -> list[Problem]:
    """Return a hint for each condition that came true day by day, at its place in the file."""
    hints = []
    for one in replayed:
        for condition in reversed(one.rule.conditions):
            often = [
                (told.held[condition.evaluation], told)
                for told in one.told
                if told.looked_s >= LEAST_DAYS * DAY_S
            ]
            times, worst = max(often, default=(0, None), key=lambda pair: pair[0])
            if worst is not None and times >= worst.looked_s / DAY_S:
                hints.append(
                    Problem(
                        condition.line,
                        condition.column,
                        f"{one.rule.name}: {condition.evaluation}: it came true {times} times in "
                        f"{worst.looked_s / DAY_S:.0f} days of this computer's history "
                        f"({worst.target}): what happens every day is no alarm",
                    )
                )
    return hints


def sources(rule: Rule, check: Check) -> dict[str, tuple[str, ...]]:
    """Return the metrics a rule judges, each with those that samples of it are made of."""
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(rule.metrics):
        metric = check.metric(name)
        found[name] = derived_from(metric.derived) if metric and metric.derived else (name,)
    return found


class Surroundings(NamedTuple):
    """What a rule is replayed in; ``down`` tells whether a rule it depends on found trouble."""

    past: Past
    since_s: float
    windows: Sequence[MaintenanceWindow]
    down: Callable[[float], bool]


def _replayed(rule: Rule, check: Check, within: Surroundings) -> Replayed:
    past = within.past
    made_of, source = sources(rule, check), source_of(check, rule.name)
    lacking = tuple(
        name
        for name, parts in made_of.items()
        if not all(past.knows(source, part) for part in parts)
    )
    told: list[Told] = []
    if len(lacking) < len(made_of):
        targets = [one for one in past.targets(source) if rule.targets.wants(one)]
        told = [_Course(rule, check, target, within).run() for target in targets]
    return Replayed(rule, [one for one in told if one.looks], lacking)


class _Course:
    """One rule goes through the past of one target, look by look."""

    def __init__(self, rule: Rule, check: Check, target: str, within: Surroundings) -> None:
        # One that only watches yet is asked what it would do.
        self._rule = replace(rule, mode="act")
        self._check, self._target = check, target
        self._source = source_of(check, rule.name)
        self._within = within
        self._told = Told(target)
        self._state: AlertState | None = None
        self._held_back = False
        self._since: dict[Evaluation, float | None] = {}
        self._trends: Trends | None = None
        self._derives = any(m.derived is not None and m.name in rule.metrics for m in check.metrics)

    def run(self) -> Told:
        """Return what is told of it."""
        past, since_s, told = self._within.past, self._within.since_s, self._told
        needed = sorted({part for parts in sources(self._rule, self._check).values()
                         for part in parts})  # fmt: skip
        track = past.track(self._check, self._source, self._target, needed, self._rule.every_s)
        if self._derives:
            self._trends = Trends(_Memory(past.before(self._source, self._target, since_s)))
        at_s: float | None = max(since_s, past.since_s)
        while at_s is not None and at_s <= past.until_s:
            values = track.at(at_s)
            if not values:
                self._trouble(at_s, found=False)
                at_s = track.next_change()
                continue
            told.looks += 1
            settled = self._look(values, past.now(at_s), at_s)
            next_s = track.next_look(at_s, self._rule.every_s)
            if settled:  # nothing will be otherwise before the next sample
                next_s = max(next_s, track.next_change() or past.until_s)
            told.looked_s += max(0.0, min(next_s, past.until_s) - at_s)
            at_s = next_s
        self._trouble(past.until_s, found=False)
        return told

    def _look(self, values: Mapping[str, float | str], now: Now, at_s: float) -> bool:
        """Take one look; tell whether all looks at the same values come out alike."""
        rule, before = self._rule, self._state
        measured = Measured(self._target, values)
        if self._trends is not None:
            measured = self._trends.complete(self._check, measured, frozenset(), now, self._source)
            self._trends.write(now)
        one = evaluate(rule, self._check, measured)
        explained = one.finds_trouble and self._within.down(at_s)
        quiet = explained or (
            (before is not None or one.finds_trouble)
            and in_maintenance(self._within.windows, now.wall.astimezone(), rule.name) is not None
        )
        after, event = step(before, one, rule, now, "replay", quiet=quiet, explained=explained)
        self._state = after
        if event is not None:
            self._note(event.change, event.evaluation, at_s)
        tickets = self._told.tickets
        if after is not None and after.ups >= FLAPPING_UPS and tickets:
            tickets[-1].flapping |= tickets[-1].ended_s is None
        held = (explained and one.finds_trouble) or (after is not None and held_back(after, rule))
        self._told.held_back += held and not self._held_back
        self._held_back = held
        self._count(one, now.awake_s)
        self._trouble(at_s, found=one.finds_trouble)
        # What is held back opens when that ends, whatever the values are.
        return self._trends is None and not quiet and after == before and _is_settled(after)

    def _note(self, change: Change, evaluation: Evaluation, at_s: float) -> None:
        tickets = self._told.tickets
        if change is Change.OPENED:
            tickets.append(Ticket(at_s, evaluation))
        elif change is Change.RESOLVED:
            tickets[-1].ended_s = at_s
        elif evaluation is Evaluation.CRITICAL:
            tickets[-1].evaluation = evaluation

    def _count(self, one: TargetEvaluation, awake_s: float) -> None:
        """Count how often a condition held for its ``for``, each time once."""
        for condition, judged in (
            (self._rule.warning, one.warning),
            (self._rule.critical, one.critical),
        ):
            if condition is None or judged is None or not judged.holds:
                if condition is not None:
                    self._since.pop(condition.evaluation, None)
                continue
            since_s = self._since.setdefault(condition.evaluation, awake_s)
            if since_s is not None and awake_s - since_s >= condition.for_s:
                self._told.held[condition.evaluation] += 1
                self._since[condition.evaluation] = None  # counted

    def _trouble(self, at_s: float, *, found: bool) -> None:
        """Keep the spells in which something was wrong; the last one ends in infinity so far."""
        spells = self._told.trouble
        is_open = bool(spells) and spells[-1][1] == float("inf")
        if found and not is_open:
            spells.append((at_s, float("inf")))
        elif is_open and not found:
            spells[-1] = (spells[-1][0], at_s)


def _is_settled(state: AlertState | None) -> bool:
    """Tell whether an alert stays as it is as long as the values do."""
    return state is None or not (
        state.warning.span or state.critical.span or state.unknown or state.ups
    )


def _within(spells: Sequence[Spell]) -> Callable[[float], bool]:
    return lambda at_s: any(begin <= at_s < end for begin, end in spells)


class _Memory:
    """A history in memory, for what is derived from it."""

    def __init__(self, samples: dict[SeriesKey, list[tuple[float, float]]]) -> None:
        self._samples = samples

    def append(self, rows: Sequence[Row]) -> bool:
        for key, at_s, value in rows:
            self._samples.setdefault(key, []).append((at_s, value))
        return True

    def samples(self, key: SeriesKey, since_s: float) -> list[tuple[float, float]]:
        series = self._samples.get(key, [])
        first = next((n for n, (at_s, _) in enumerate(series) if at_s >= since_s), len(series))
        return series[max(0, first - 1) :]
