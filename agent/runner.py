"""When each rule is due, and what becomes of what its check finds.

One worker thread sleeps until the next rule is due, probes, evaluates, steps the alerts and
commits, in this order. What may block in the kernel runs in a child (``host.abandonable``);
should a probe hang all the same, ``supervise`` gives the thread up, lets a new one go on and
leaves that rule alone until the lost probe comes back.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from agent.alerts import AlertState, fingerprint, held_back, paused, step, withdraw
from agent.check_api import CheckError, Measured, Unreadable, UnsupportedCheckError
from agent.clock import Now
from agent.evaluate import WHOLE_CHECK, TargetEvaluation, absentees, evaluate, unreadable
from agent.protocol.words import Evaluation
from agent.quiet import Quiet
from agent.rules.model import Rule
from agent.schedule import Plan, Schedule, measured
from agent.store import Envelope, event_envelope
from agent.trends import Trends

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 60.0
"""A sleeping computer stops the wait's clock but not the due times': look again this often."""

IDLE_COMMIT_S = 300.0
"""What checks remember, and nothing depends on yet, is stored this often."""

QUIET_NAME = "held_back"
"""The name under which it is stored what was held back."""

GRACE = 1.5
"""A probe ends itself at its check's deadline; this many times that long, it is lost."""

AlertKey = tuple[str, str]
"""Rule and target."""
Record = Callable[[Mapping[str, str | None], Sequence[Envelope], Mapping[str, str | None]], object]
"""Takes states as text by fingerprint (None forgets one), envelopes and texts, to store as one."""


class Runner:
    """Runs the rules of one device."""

    def __init__(
        self,
        plan: Plan,
        states: dict[AlertKey, AlertState],
        record: Record,
        *,
        clock: Callable[[], Now],
        boot_id: str,
        facts_hash: Callable[[], str] = str,
        reload: Callable[[Now], Plan | None] = lambda _: None,
        recall: Callable[[str], str | None] = lambda _: None,
        at: Callable[[float], Collection[str]] = lambda _: (),
        trends: Trends | None = None,
    ) -> None:
        """Take what to do, the alert states of before, and where changes go.

        ``reload`` is asked every turn and returns a new plan when the rules have changed;
        ``recall`` returns a text that was recorded; ``at`` tells at which places this computer is
        at a time since boot; ``trends`` adds what follows from history.
        """
        self.schedules = list(plan.schedules)
        self._states = states
        self._record = record
        self._reload = reload
        self._clock = clock
        self._boot_id = boot_id
        self._facts_hash = facts_hash
        self._recall = recall
        self._at = at
        self._trends = trends
        self.quiet = Quiet(plan.maintenance, recall(QUIET_NAME))
        self._texts: dict[str, str | None] = {}
        self._texts_due_s = 0.0
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._changed: dict[str, str | None] = {}
        self._envelopes: list[Envelope] = []
        self._probing: tuple[Schedule, float] | None = None

    def start(self) -> None:
        """Start the worker thread; one that was given up ends when its probe comes back."""
        threading.Thread(target=self._work, name="checks", daemon=True).start()

    def stop(self, patience_s: float) -> None:
        """Let the worker end its turn, wait no longer than ``patience_s``, store running spans."""
        self._stopping.set()
        self._wake.set()
        self._ended.wait(patience_s)
        now = self._clock()
        rules = {schedule.rule.name: schedule.rule for schedule in self.schedules}
        for key, state in tuple(self._states.items()):
            counted = paused(state, rules[key[0]], now) if key[0] in rules else state
            if counted != state:
                self._remember(key, counted)
        self._commit(at_once=True)

    def check_now(self) -> None:
        """Make every rule due."""
        for schedule in self.schedules:
            schedule.due_boot_s = 0.0
        self._wake.set()

    def open_alerts(self) -> list[AlertState]:
        """Return the alerts that the server was told of and that are not over."""
        states = tuple(self._states.values())
        return [state for state in states if state.announced is not Evaluation.OK]

    def is_due(self) -> bool:
        """Tell whether some rule waits for its turn or is being looked at."""
        now_s = self._clock().boot_s
        return self._probing is not None or self._next_due() <= now_s

    def state_texts(self) -> dict[str, str]:
        """Return every alert's state as it is stored, by fingerprint."""
        return {state.fingerprint: state.to_text() for state in tuple(self._states.values())}

    def supervise(self) -> float:
        """Give up a worker whose probe is long past its deadline, and start another.

        Returns when to call again, in seconds since boot: the earliest moment at which a probe
        that runs, or else the next one, can be that late.
        """
        now_s = self._clock().boot_s
        with self._lock:
            if self._probing is None:
                longest_s = max((s.check.deadline_s for s in self.schedules), default=0.0)
                return max(now_s, self._next_due()) + longest_s * GRACE
            schedule, began = self._probing
            late_at = began + schedule.check.deadline_s * GRACE
            if now_s < late_at:
                return late_at
            self._probing = None
            schedule.lost_since = began
        log.error("rule=%s a probe did not come back; the rule waits for it", schedule.rule.name)
        self.start()
        return now_s

    def adopt(self, plan: Plan) -> None:
        """Go by this plan from now on: alerts of rules that are still there live on.

        Those of rules that are gone are closed, for nothing would ever end them.
        """
        self.schedules = list(plan.schedules)
        self.quiet.windows = plan.maintenance
        rules = {schedule.rule.name for schedule in self.schedules}
        for key in tuple(self._states):
            if key[0] not in rules:
                self._withdraw(key, f"the rule {key[0]} no longer watches this computer")

    def turn(self) -> float:
        """Run every rule that is due, commit once, and return the seconds until the next."""
        now = self._clock()  # one for all: rules of one interval stay due at one moment
        plan = self._reload(now)
        if plan is not None:
            self.adopt(plan)
        if self.quiet.tick(now):
            self.check_now()
        for schedule in self.schedules:
            if schedule.due_boot_s <= now.boot_s and not schedule.unsupported:
                if schedule.rule.only.is_at(self._at(now.boot_s)):
                    self._look(schedule, now)
                else:
                    schedule.advance(now)
        self._commit()
        return min(LONGEST_WAIT_S, max(0.0, self._next_due() - self._clock().boot_s))

    def _next_due(self) -> float:
        due = (s.due_boot_s for s in self.schedules if not s.unsupported)
        return min(due, default=float("inf"))

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                wait_s = self.turn()
            except _GivenUpError:
                return
            except Exception:
                log.exception("a turn of checks failed; the next one comes")
                wait_s = LONGEST_WAIT_S
            self._wake.wait(wait_s)
            self._wake.clear()
        self._ended.set()

    def _commit(self, *, at_once: bool = False) -> None:
        """Store what changed, also what a worker that was given up had not stored yet.

        Texts that checks remember and samples wait for company, for some minutes.
        """
        now = self._clock()
        late = bool(self._texts) and (at_once or now.boot_s >= self._texts_due_s)
        if self._changed or self._envelopes or late:
            self._record(self._changed, self._envelopes, self._texts)
            self._changed, self._envelopes, self._texts = {}, [], {}
            self._texts_due_s = now.boot_s + IDLE_COMMIT_S
        if self._trends:
            self._trends.write(now, at_once=at_once)

    def _look(self, schedule: Schedule, turn: Now) -> None:
        """Probe one rule's targets and step their alerts."""
        rule = schedule.rule
        schedule.looked_boot_s = turn.boot_s
        if schedule.due_boot_s <= turn.boot_s:
            schedule.advance(turn)
        stated = [target for name, target in self._states if name == rule.name]
        try:
            readings, texts = self._probe(schedule)
            self._texts |= texts
            found = [evaluate(rule, schedule.check, one) for one in readings]
            seen = {one.target for one in found}
            found += absentees(self._still_watched(rule, stated, seen), seen)
        except UnsupportedCheckError as error:
            schedule.unsupported = error.reason
            log.info("rule=%s is not for this computer: %s", rule.name, error.reason)
            return
        except CheckError as error:
            known = {*stated, *schedule.evaluations}
            found = [
                evaluate(rule, schedule.check, one) for one in unreadable(rule, known, error.reason)
            ]
        schedule.note([one for one in found if not one.absent], self._clock())
        down = self._down(rule, turn) if rule.depends_on and schedule.finds_trouble else ()
        now = self._clock()
        reason = self.quiet.reason(rule, now, down)
        for one in found:
            self._step(rule, one, now, reason, explained=bool(down))

    def _step(
        self, rule: Rule, one: TargetEvaluation, now: Now, reason: str, *, explained: bool
    ) -> None:
        """Step one alert; ``reason`` tells why nothing may open now."""
        key = (rule.name, one.target)
        before = self._states.get(key)
        after, event = step(
            before, one, rule, now, self._boot_id,
            quiet=bool(reason), explained=explained, facts_hash=self._facts_hash(),
        )  # fmt: skip
        if after is not before:
            self._remember(key, after)
        if event is not None:
            announced = before.announced if before else Evaluation.OK
            self._envelopes.append(event_envelope(event, announced))
        held = (explained and one.finds_trouble) or (after is not None and held_back(after, rule))
        if self.quiet.note(key, (reason or "the computer has just started") if held else "", now):
            self._texts[QUIET_NAME] = self.quiet.to_text()

    def _down(self, rule: Rule, turn: Now) -> list[str]:
        """Return the rules it depends on that find something wrong, looked at in this turn."""
        down = []
        for parent in self.schedules:
            if parent.rule.name in rule.depends_on and not parent.unsupported:
                if parent.looked_boot_s != turn.boot_s:
                    self._look(parent, turn)
                if parent.finds_trouble:
                    down.append(parent.rule.name)
        return down

    def _still_watched(self, rule: Rule, stated: Sequence[str], seen: Collection[str]) -> list[str]:
        """Return the targets the rule is still about; alerts of the others are closed."""
        watched = []
        for target in stated:
            if target in seen or target == WHOLE_CHECK or rule.targets.wants(target):
                watched.append(target)
            else:
                self._withdraw((rule.name, target), f"the rule {rule.name} no longer names it")
        return watched

    def _withdraw(self, key: AlertKey, reason: str) -> None:
        state = self._states[key]
        event = withdraw(state, reason, self._clock(), facts_hash=self._facts_hash())
        self._remember(key, None)
        if event is not None:
            self._envelopes.append(event_envelope(event, state.announced))

    def _remember(self, key: AlertKey, state: AlertState | None) -> None:
        if state is None:
            self._states.pop(key, None)
        else:
            self._states[key] = state
        self._changed[fingerprint(*key)] = state.to_text() if state else None

    def _probe(self, schedule: Schedule) -> tuple[list[Measured | Unreadable], dict[str, str]]:
        """Return what the check finds and the texts to store with it.

        Raises CheckError, also for a probe that is broken.
        """
        began = self._clock().boot_s
        if schedule.lost_since is not None:
            raise CheckError(f"the check has not come back for {began - schedule.lost_since:.0f} s")
        with self._lock:
            self._probing = (schedule, began)
        try:
            return measured(schedule, self._recall, self._trends, self._clock)
        except CheckError:
            raise
        except Exception as error:
            log.exception("check=%s failed", schedule.check.name)
            raise CheckError(f"the check failed: {type(error).__name__}: {error}") from error
        finally:
            self._came_back(schedule, began)

    def _came_back(self, schedule: Schedule, began: float) -> None:
        with self._lock:
            if schedule.lost_since == began:
                schedule.lost_since = None
                raise _GivenUpError
            self._probing = None


class _GivenUpError(Exception):
    """This worker's probe came back after it was given up: another one works, this one ends."""
