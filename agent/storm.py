"""Many alerts of one computer at once are one cause, and one ticket: a storm. Pure.

1. When ``most`` alerts have opened within ``WITHIN_S``, whatever would open then is held back, and
   told by one event of the agent's own, whose evidence lists it.
2. That event is changed while the storm grows, at most once in ``TOLD_EVERY_S``.
3. After ``QUIET_S`` without another one: if at most ``most`` are left, they open by themselves and
   the storm is over. Else its ticket stays, new alerts open by themselves again, and it is over
   when the last that is held back is well.
"""

import json
from collections.abc import Collection, Container
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from agent.alert_events import foreseen, of_its_own
from agent.alert_state import AlertState, parse_state
from agent.alerts import held_back
from agent.clock import Now
from agent.evaluate import TargetEvaluation
from agent.protocol.events import AlertEvent
from agent.protocol.words import Evaluation, Priority
from agent.rules.model import STORM, Rule
from agent.wording import storable

if TYPE_CHECKING:
    from agent.protocol.evidence import Evidence

NAME = "storm"
"""The name under which it is stored."""

REASON = "part of a storm"
WITHIN_S = 120.0
TOLD_EVERY_S = 60.0
QUIET_S = 600.0

_ADVICE = (
    "These alerts came within minutes of each other, so one cause is likely: look for what they"
    " have in common (network, power, storage, an update). Listed is what opened no ticket of its"
    " own. When the list grows no more and only a few are left, these open tickets of their own;"
    " otherwise this ticket stays until all of them are well."
)

Key = tuple[str, str]
"""Rule and target."""


class Held(NamedTuple):
    """An alert that is held back: what its own ticket would say."""

    rule: str
    target: str
    title: str
    evaluation: str
    priority: str

    def line(self) -> str:
        """Return it as one line of the storm's evidence."""
        return f"{self.rule}: {self.target}: {self.title}"


def waiting(state: AlertState | None, one: TargetEvaluation, rule: Rule) -> Held | None:
    """Return what is held back of an alert (``state``) that would have opened a ticket by itself.

    None when it would not have: its ``for`` still runs, its rule opens none, or one is open.
    """
    if state is None or state.announced is not Evaluation.OK or not may_open(rule):
        return None
    wanted = Evaluation.UNKNOWN
    if state.unknown is None or state.unknown.counted_s < rule.unknown_after_s:
        if not held_back(state, rule):
            return None
        ripe, span = rule.critical, state.critical.span
        is_critical = ripe is not None and span is not None and span.counted_s >= ripe.for_s
        wanted = Evaluation.CRITICAL if is_critical else Evaluation.WARNING
    title, priority = foreseen(wanted, one, rule)
    return Held(rule.name, one.target, title, wanted, priority)


def may_open(rule: Rule) -> bool:
    """Tell whether a rule opens tickets at all."""
    return rule.mode != "watch" and rule.ticket.opens


class Storm:
    """What is held back because too much opened at once. One thread uses it at a time."""

    def __init__(self, stored: str | None = None, most: int = STORM) -> None:
        """Take the record as ``to_text`` gave it before; a broken one is none.

        ``most`` alerts at once are no storm yet.
        """
        self.most = most
        self._opened_s: dict[Key, float] = {}
        self._held: dict[Key, Held] = {}
        self._grown_s = 0.0
        self._settled = False
        self._news = False
        self._told: AlertState | None = None
        self._told_s = 0.0
        self.is_changed = False
        if stored:
            self._restore(stored)

    @property
    def held(self) -> Collection[Key]:
        """Rule and target of what is held back."""
        return self._held.keys()

    def opened(self, key: Key, now: Now) -> None:
        """Take note that an alert opened by itself."""
        self._opened_s = self._lately(now) | {key: now.boot_s}
        self.is_changed = True

    def reason(self, key: Key, now: Now) -> str:
        """Return why this alert, which is not open, may not open now; empty when it may."""
        if key in self._held or (self._held and not self._settled):
            return REASON
        return REASON if len(self._lately(now).keys() - {key}) >= self.most else ""

    def note(self, key: Key, held: Held | None, now: Now) -> None:
        """Take an alert that would have opened and did not (None: it would not have)."""
        if held is None:
            self.is_changed |= self._held.pop(key, None) is not None
        elif self._held.get(key) != held:
            if key not in self._held:
                self._grown_s, self._news, self._settled = now.boot_s, True, False
            self._held[key] = held
            self.is_changed = True

    def tick(
        self, now: Now, known: Container[Key], facts_hash: str = ""
    ) -> tuple[AlertEvent | None, Collection[str]]:
        """Return the storm's own event if it is time for one, and rules to be looked at now.

        ``known`` are the alerts that have a state: what was held back and has none any more is
        over. The rules are those whose alerts may open by themselves from now on.
        """
        if not self._held and self._told is None:
            return None, ()
        for key in [key for key in self._held if key not in known]:
            self.note(key, None, now)
        self._grown_s = min(self._grown_s, now.boot_s)  # it began anew with a reboot
        self._told_s = min(self._told_s, now.boot_s)
        released = self._settle(now)
        event = self._due_event(now, len(released), facts_hash)
        self.is_changed |= event is not None
        return event, {rule for rule, _ in released}

    def to_text(self) -> str:
        """Return the JSON text that is stored; it is unchanged from here on."""
        self.is_changed = False
        return json.dumps(
            {
                "opened_s": [[*key, at_s] for key, at_s in self._opened_s.items()],
                "held": list(self._held.values()),
                "grown_s": self._grown_s,
                "settled": self._settled,
                "told_s": self._told_s,
                "told": self._told.to_text() if self._told else "",
            }
        )

    def _lately(self, now: Now) -> dict[Key, float]:
        return {
            key: at_s for key, at_s in self._opened_s.items() if 0 <= now.boot_s - at_s <= WITHIN_S
        }

    def _settle(self, now: Now) -> Collection[Key]:
        """Decide what becomes of a storm that grows no more; return what may open by itself."""
        if not self._held or self._settled or now.boot_s - self._grown_s < QUIET_S:
            return ()
        if len(self._held) > self.most:
            self._settled = self._news = self.is_changed = True
            return ()
        released = tuple(self._held)
        self._held.clear()
        return released

    def _due_event(self, now: Now, released: int, facts_hash: str) -> AlertEvent | None:
        if not self._held:
            self._settled = self._news = False
            if self._told is None:
                return None
            why = f"the last {released} open tickets of their own" if released else ""
            return self._tell(Evaluation.OK, self._told.title, now, facts_hash, reason=why)
        grown_lately = not self._settled and now.boot_s - self._told_s < TOLD_EVERY_S
        if not self._news or (self._told is not None and grown_lately):
            return None
        held = self._held.values()
        graver = any(one.evaluation == Evaluation.CRITICAL for one in held)
        wanted = Evaluation.CRITICAL if graver else Evaluation.WARNING
        title = f"{len(held)} more alerts at once" if len(held) > 1 else "One more alert at once"
        event = self._tell(wanted, title, now, facts_hash, advice=_ADVICE)
        return replace(event, evidence=_listed([one.line() for one in held]))

    def _tell(
        self, wanted: Evaluation, title: str, now: Now, facts_hash: str, **texts: str
    ) -> AlertEvent:
        order = tuple(Priority)
        asked = [Priority(one.priority) for one in self._held.values()]
        told = self._told.priority if self._told else Priority.NORMAL
        state, event = of_its_own(
            self._told,
            NAME,
            wanted,
            now,
            title=title,
            priority=min(asked, key=order.index, default=told),
            facts_hash=facts_hash,
            **texts,
        )
        self._told = None if wanted is Evaluation.OK else state
        self._told_s, self._news = now.boot_s, False
        return event

    def _restore(self, stored: str) -> None:
        try:
            tree: Any = json.loads(stored)
            held = [Held(*map(str, one)) for one in tree["held"]]
            told = parse_state(tree["told"]) if tree["told"] else None
            opened_s = {(str(r), str(t)): float(at_s) for r, t, at_s in tree["opened_s"]}
            grown_s, told_s = float(tree["grown_s"]), float(tree["told_s"])
            for one in held:
                Priority(one.priority)
        except (ValueError, TypeError, KeyError):
            return
        self._opened_s, self._told = opened_s, told
        self._held = {(one.rule, one.target): one for one in held}
        self._grown_s, self._told_s = grown_s, told_s
        self._settled = tree.get("settled") is True
        self._news = self._told is None


def _listed(lines: list[str]) -> "tuple[Evidence, ...]":
    """Return the lines as lists that fit an event; what does not fit is counted."""
    from agent.protocol.evidence import (  # noqa: PLC0415 - in a storm only
        MAX_EVIDENCE,
        MAX_LINE,
        MAX_LINES,
        Evidence,
    )

    room = (MAX_EVIDENCE - 1) * MAX_LINES  # what changed comes with them
    if len(lines) > room:
        lines = [*lines[: room - 1], f"and {len(lines) - room + 1} more"]
    shown = [storable(" ".join(line.split()), MAX_LINE) for line in lines]
    return tuple(
        Evidence("What is held back" if not at else "and", tuple(shown[at : at + MAX_LINES]))
        for at in range(0, len(shown), MAX_LINES)
    )
