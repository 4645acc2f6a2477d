"""Healing at the edge: runs actions one at a time in a thread, and remembers what was tried.

The thread is there only while an action runs. What is begun is stored before it is done, so an
agent that dies of it does not try for ever.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from agent.action_api import ActionError, RefusedActionError
from agent.actions import action
from agent.alerts import AlertState, healed, step
from agent.changes import AlertKey, Changes
from agent.clock import Now
from agent.errors import CheckError, NotNowError
from agent.evaluate import TargetEvaluation
from agent.heal import Attempt, Order, Treatment, acted, begun, order, over, parse_treatment, tries
from agent.protocol.events import AlertEvent
from agent.protocol.evidence import Try
from agent.protocol.words import Outcome
from agent.rules.model import Heal, Rule
from agent.wording import summary

log = logging.getLogger(__name__)


class _Begun(NamedTuple):
    key: AlertKey
    attempt: Attempt
    heal: Heal
    dry: bool


_UNSTORED = "nothing was done: that it is tried could not be stored first"
_UNREAD = "nothing was done: what was tried before cannot be read now"


class _Ended(NamedTuple):
    begun: _Begun
    outcome: Outcome | None
    detail: str


class Healing:
    """What is tried against the alerts of one device. ``look`` and ``over`` are of one thread."""

    def __init__(
        self, changes: Changes, recall: Callable[[str], str | None], ended: Callable[[], None]
    ) -> None:
        """Take where it is stored, what returns a stored text, and what to call at an action's end.

        ``ended`` is called in the thread that runs the actions.
        """
        self._changes = changes
        self._recall = recall
        self._wake = ended
        self._treatments: dict[AlertKey, Treatment] = {}
        self._unread: set[AlertKey] = set()
        self._waiting: deque[_Begun] = deque()
        self._ended: deque[_Ended] = deque()
        self._lock = threading.Lock()
        self._works = False

    def looks(self, now: Now) -> dict[str, float]:
        """Return by rule when to look whether what has ended by now has helped (since boot)."""
        looks: dict[str, float] = {}
        for _ in range(len(self._ended)):
            one, outcome, detail = self._ended.popleft()
            wait_s = one.heal.wait_s if outcome in {None, Outcome.FAILED} else 0.0
            log.info("rule=%s target=%s %s: %s", *one.key, outcome or "done", detail)
            if self._awaits(one):
                look_s = now.boot_s + wait_s
                self._keep(one.key, acted(self._known(one.key), outcome, detail, look_s))
        for (rule, _), treatment in self._treatments.items():
            look_s = treatment.late_s if treatment.look_s is None else treatment.look_s
            if treatment.ours and look_s >= now.boot_s:
                looks[rule] = min(look_s, looks.get(rule, look_s))
        return looks

    def see_to(
        self,
        heal: Heal,
        rule: Rule,
        one: TargetEvaluation,
        states: tuple[AlertState | None, AlertState | None],
        now: Now,
        *,
        looked_s: float,
        boot_id: str,
        facts_hash: str,
    ) -> tuple[AlertState | None, list[AlertEvent]]:
        """Try to heal what is raised and not told; return the next state, and what is told.

        ``states`` are the one before this look, and the one by this look alone. While something is
        tried the alert stays as it was: whether that helped is asked when the wait is over.
        """
        before, after = states
        key = (rule.name, one.target)
        state = after if after is not None and after.is_untold else None
        if state is None and before is not None and before.is_untold and self._known(key).ours:
            state = before
        if state is None:
            self.over(key)
            return after, []
        holds = bool(one.reason) or not _clears(state, one)
        what, tried = self._look(key, heal, one, now, (looked_s, holds))
        if what is Order.TELL:
            after, event = step(state, one, rule, now, boot_id, facts_hash=facts_hash)
            return after, [replace(event, tried=tried)] if event is not None else []
        if what is Order.OVER:
            if state is not after:
                self.over(key)
            return after, []
        if what is not Order.HEALED:
            return state, []
        events = healed(state, one, rule, now, facts_hash=facts_hash)
        told = heal.tells == "always"
        return None, [replace(event, tried=tried) for event in events] if told else []

    def _look(
        self,
        key: AlertKey,
        heal: Heal,
        one: TargetEvaluation,
        now: Now,
        look: tuple[float, bool],
    ) -> tuple[Order, tuple[Try, ...]]:
        """Return what to do about an alert that is raised and not told, and what was tried.

        ``look`` is when it was looked at (since boot), and whether it is not well. An attempt that
        is due is begun.
        """
        treatment = self._known(key)
        now_s, (looked_s, holds) = now.wall.timestamp(), look
        treatment, what = order(treatment, heal, holds=holds, now_s=now_s, boot_s=looked_s)
        reads = one.reason or summary(one.readings())
        if what is Order.ACT and key in self._unread:
            return Order.TELL, tries(replace(treatment, note=_UNREAD), now.label(), reads)
        if what is Order.ACT:
            attempt = Attempt(_words(heal), now.label(), now_s, reads)
            treatment = begun(treatment, attempt, now.boot_s)
            self._keep(key, treatment)
            if self._changes.commit(now, at_once=True):
                log.info("rule=%s target=%s it is tried to heal: %s", *key, attempt.action)
                self._begin(_Begun(key, attempt, heal, heal.mode == "dry-run"))
            else:  # a restart would forget it and try again, for ever
                treatment = acted(treatment, Outcome.REFUSED, _UNSTORED, now.boot_s)
                what = Order.TELL
        if what in {Order.ACT, Order.WAIT, Order.OVER}:
            if key not in self._unread:
                self._treatments[key] = treatment
            return what, ()
        told = tries(treatment, now.label(), reads)
        self._keep(key, over(treatment))
        return what, told

    def treats(self, key: AlertKey) -> bool:
        """Tell whether something was begun against a trouble of which nobody was told yet."""
        return key in self._treatments and self._treatments[key].ours > 0

    def _awaits(self, one: _Begun) -> bool:
        """Tell whether an attempt's end is awaited: it was not given up, and its rule lives."""
        known = self._treatments.get(one.key)
        return known is not None and known.ours > 0 and known.attempts[-1] == one.attempt

    def over(self, key: AlertKey) -> None:
        """Note that a trouble is over: what comes next is another one."""
        if self.treats(key):
            self._keep(key, over(self._treatments[key]))

    def _known(self, key: AlertKey) -> Treatment:
        if key not in self._treatments:
            try:
                self._treatments[key] = parse_treatment(self._recall(_name(key)))
            except NotNowError:  # its limits are not known either
                self._unread.add(key)
                return Treatment()
            self._unread.discard(key)
        return self._treatments[key]

    def _keep(self, key: AlertKey, treatment: Treatment) -> None:
        self._treatments[key] = treatment
        self._changes.keep(_name(key), treatment.to_text())

    def _begin(self, one: _Begun) -> None:
        with self._lock:
            self._waiting.append(one)
            if self._works:
                return
            self._works = True
        try:
            threading.Thread(target=self._work, name="healing", daemon=True).start()
        except RuntimeError as error:  # no thread to be had: the attempt has failed
            self._works = False
            self._waiting.remove(one)
            self._ended.append(_Ended(one, Outcome.FAILED, str(error)))

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._works = False
                    return
                one = self._waiting.popleft()
            if self._awaits(one):  # else it was given up, and told
                self._ended.append(_Ended(one, *_acted(one)))
                self._wake()


def _clears(state: AlertState, one: TargetEvaluation) -> bool:
    """Tell whether every condition that is raised may clear: it is well, not merely better."""
    both = ((state.warning, one.warning), (state.critical, one.critical))
    return all(judged is None or judged.clears for course, judged in both if course.raised)


def _acted(one: _Begun) -> tuple[Outcome | None, str]:
    """Do it; return how it ended (None: as it should) and what there is to say."""
    heal, (_, target) = one.heal, one.key
    try:
        found = action(heal.action)
        planned = found.plan(target, heal.options)
        if one.dry:
            return Outcome.WOULD_HAVE, planned
        return None, found.act(target, heal.options)
    except RefusedActionError as error:
        return Outcome.REFUSED, str(error)
    except (ActionError, CheckError) as error:
        return Outcome.FAILED, str(error)
    except Exception as error:
        log.exception("action=%s failed", heal.action)
        return Outcome.FAILED, f"it failed: {type(error).__name__}: {error}"


def _words(heal: Heal) -> str:
    options = ", ".join(heal.options.values())
    return f"{heal.action} ({options})" if options else heal.action


def _name(key: AlertKey) -> str:
    return f"heal:{key[0]}:{key[1]}"
