"""Healing: what follows for one alert from what was tried so far. Pure.

Act → wait → check again → only then tell. By these rules:

1. An attempt begins when the rule's condition is raised and the server was not told yet.
2. When its action has ended well, the rule waits and looks again: well means healed; else the
   next attempt begins, or the alert opens with the list of all attempts.
3. An action that a guard refused, or that would only have been done, opens the alert at once.
4. No attempt begins when ``attempts`` of this trouble are spent, when the last trouble's last
   attempt is younger than ``cool_down``, or when there were ``per_day`` in the last 24 hours: a
   thing that must be healed all the time is not healed. The alert opens and says so.
5. An attempt that the agent did not survive has failed, and so has one that does not end.
6. What is well after an attempt, even one that failed, is told as healed, with all that was tried.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple

from agent.protocol.evidence import MAX_ACTION, MAX_DETAIL, MAX_TRIED, Try
from agent.protocol.words import Outcome
from agent.rules.model import Heal
from agent.wording import storable

DAY_S = 86_400.0
LONGEST_S = 300.0
"""An action that has not ended after this time, its wait for others included, is told."""


class Order(Enum):
    """What is to be done about an alert now."""

    ACT = auto()
    WAIT = auto()
    TELL = auto()
    HEALED = auto()
    OVER = auto()


class Attempt(NamedTuple):
    """One attempt: ``at_s`` is Unix time, ``ended`` the outcome (empty while it is not known)."""

    action: str
    at: str
    at_s: float
    before: str
    ended: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Treatment:
    """What was tried against one alert in the last day, the oldest first.

    ``ours`` of the latest belong to the trouble of now. ``look_s`` is when (seconds since boot) it
    is looked whether the last one helped, or the next one begins; None while the action runs.
    ``late_s`` is when an action that has not ended is told. ``done``: the action ended well, and
    what matters is how things are. ``told``: it is to be told without another attempt; ``note``
    says why there is none.
    """

    attempts: tuple[Attempt, ...] = ()
    ours: int = 0
    look_s: float | None = 0.0
    late_s: float = 0.0
    done: bool = False
    told: bool = False
    note: str = ""

    @property
    def of_now(self) -> tuple[Attempt, ...]:
        """The attempts of the trouble of now."""
        return self.attempts[len(self.attempts) - self.ours :]

    def to_text(self) -> str:
        """Return what outlives the agent, as JSON."""
        return json.dumps({"ours": self.ours, "attempts": self.attempts}, separators=(",", ":"))


def parse_treatment(text: str | None) -> Treatment:
    """Return what was stored; an attempt whose end is not known has failed.

    What cannot be read is begun anew.
    """
    try:
        tree = json.loads(text or "{}")
        attempts = [Attempt(*one) for one in tree.get("attempts", ())]
        ours = int(tree.get("ours", 0))
        ended = tuple(
            one._replace(at_s=float(one.at_s), ended=Outcome(one.ended)) if one.ended
            else one._replace(at_s=float(one.at_s), ended=Outcome.FAILED, detail=_INTERRUPTED)
            for one in attempts
        )  # fmt: skip
    except (ValueError, TypeError, AttributeError):
        return Treatment()
    return Treatment(ended, max(0, min(ours, len(ended))))


_INTERRUPTED = "the agent ended before it was known how it went"


def order(
    treatment: Treatment, heal: Heal, *, holds: bool, now_s: float, boot_s: float
) -> tuple[Treatment, Order]:
    """Return what to do at a look; ``holds``: the condition holds, or nobody can tell.

    ``now_s`` is Unix time, ``boot_s`` seconds since boot.
    """
    if treatment.look_s is None and boot_s >= treatment.late_s:
        late = f"it did not end within {LONGEST_S / 60:.0f} minutes"
        treatment = replace(_ended(treatment, Outcome.FAILED, late), look_s=boot_s, told=True)
    if treatment.look_s is None or boot_s < treatment.look_s:
        return treatment, Order.WAIT
    if treatment.done:
        outcome = Outcome.NOT_HEALED if holds else Outcome.HEALED
        treatment = replace(_ended(treatment, outcome), done=False)
    if not holds:
        return treatment, Order.HEALED if treatment.ours else Order.OVER
    spent = _spent(treatment, heal, now_s)
    if treatment.told or spent is not None:
        return replace(treatment, note="" if treatment.told else spent or ""), Order.TELL
    return treatment, Order.ACT


def begun(treatment: Treatment, attempt: Attempt, boot_s: float) -> Treatment:
    """Return the treatment with an attempt that begins; those older than a day are let go."""
    kept = [one for one in treatment.attempts if abs(attempt.at_s - one.at_s) < DAY_S]
    ours = min(treatment.ours, len(kept)) + 1
    return Treatment((*kept, attempt), ours, None, boot_s + LONGEST_S)


def acted(treatment: Treatment, ended: Outcome | None, detail: str, look_s: float) -> Treatment:
    """Return the treatment when the action has ended; None: as it should.

    ``look_s`` is when it is looked again, in seconds since boot.
    """
    treatment = replace(_ended(treatment, ended or "", detail), look_s=look_s)
    if ended is None:
        return replace(treatment, done=True)
    return treatment if ended is Outcome.FAILED else replace(treatment, told=True)


def tries(treatment: Treatment, now: str, after: str) -> tuple[Try, ...]:
    """Return for the server what was tried for the trouble of now, or why nothing was.

    ``now`` is the wall clock, ``after`` what the check reads now, in words.
    """
    shown = treatment.of_now or treatment.attempts
    told = [_told(one, after if one is treatment.attempts[-1] else "") for one in shown]
    if treatment.note:
        action = shown[-1].action if shown else "heal"
        told.append(Try(action, now, Outcome.REFUSED, treatment.note))
    return tuple(told[-MAX_TRIED:])


def _told(one: Attempt, after: str) -> Try:
    parts = [one.detail, one.before and f"before: {one.before}", after and f"after: {after}"]
    detail = storable("; ".join(filter(None, parts)), MAX_DETAIL)
    return Try(storable(one.action, MAX_ACTION), one.at, Outcome(one.ended), detail)


def over(treatment: Treatment) -> Treatment:
    """Return the treatment when the trouble is over or was told: what comes next is another one."""
    if treatment.attempts and not treatment.attempts[-1].ended:
        treatment = _ended(treatment, Outcome.HEALED if treatment.done else Outcome.FAILED)
    return Treatment(treatment.attempts)


def _ended(treatment: Treatment, outcome: str, detail: str = "") -> Treatment:
    last = treatment.attempts[-1]
    ended = last._replace(ended=outcome, detail=detail or last.detail)
    return replace(treatment, attempts=(*treatment.attempts[:-1], ended))


def _spent(treatment: Treatment, heal: Heal, now_s: float) -> str | None:
    """Return why no attempt may begin, in words; empty when all of this trouble's are spent."""
    if treatment.ours >= heal.attempts:
        return ""
    if _within(treatment.attempts, DAY_S, now_s) >= heal.per_day:
        return f"not tried again: {heal.per_day} times in 24 hours are allowed"
    earlier = treatment.attempts[: len(treatment.attempts) - treatment.ours]
    if not treatment.ours and _within(earlier, heal.cool_down_s, now_s):
        minutes = round(heal.cool_down_s / 60)
        return f"not tried again so soon: {minutes} minutes must pass after the last time"
    return None


def _within(attempts: Iterable[Attempt], span_s: float, now_s: float) -> int:
    """Return how many began within a span; a clock that was set back makes none too old."""
    return sum(abs(now_s - one.at_s) < span_s for one in attempts)
