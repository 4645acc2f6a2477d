"""When each rule is due, and what becomes of what its check finds.

One worker thread sleeps until the next rule is due, probes, evaluates, steps the alerts and
commits, in this order. Only probes that may take long run aside (``probing``); what they find is
judged here, in the next turn. Should a probe hang, ``supervise`` gives its thread up, lets a new
one go on and leaves that rule alone until the lost probe comes back.
"""

import json
import logging
import threading
from collections.abc import Callable, Collection, Sequence

from agent.alerts import AlertState, held_back, paused, step, withdraw
from agent.changes import AlertKey, Changes, Record
from agent.check_api import CheckError, Measured, UnsupportedCheckError
from agent.clock import Now
from agent.errors import NotNowError
from agent.evaluate import WHOLE_CHECK, TargetEvaluation, absentees, evaluate, unreadable
from agent.probing import GRACE, Aside, Found, GivenUpError, Watch, memory_of
from agent.protocol.words import Evaluation
from agent.quiet import Quiet
from agent.rules.model import Rule
from agent.schedule import Plan, Schedule
from agent.trends import Trends

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 60.0
"""A sleeping computer stops the wait's clock but not the due times': look again this often."""

QUIET_NAME = "held_back"
"""The name under which it is stored what was held back."""


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
        aside: bool = False,
    ) -> None:
        """Take what to do, the alert states of before, and where changes go.

        ``reload`` is asked every turn and returns a new plan when the rules have changed;
        ``recall`` returns a text that was recorded, or raises NotNowError; ``at`` tells at which
        places this computer is at a time since boot; ``trends`` adds what follows from history.
        ``aside``: checks that may take long are probed by a second worker.
        """
        self.schedules = list(plan.schedules)
        self._changes = Changes(states, record)
        self._reload = reload
        self._clock = clock
        self._boot_id = boot_id
        self._facts_hash = facts_hash
        self._recall = recall
        self._at = at
        self._trends = trends
        self.quiet = Quiet(plan.maintenance, _held_back(recall))
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._watch = Watch(self._boot_s)
        self._aside = Aside(self._boot_s, self._wake.set) if aside else None

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
        for key, state in tuple(self._changes.states.items()):
            counted = paused(state, rules[key[0]], now) if key[0] in rules else state
            if counted != state:
                self._changes.remember(key, counted)
        self._commit(at_once=True)

    def check_now(self) -> None:
        """Make every rule due."""
        for schedule in self.schedules:
            schedule.due_boot_s = 0.0
        self._wake.set()

    def open_alerts(self) -> list[AlertState]:
        """Return the alerts that the server was told of and that are not over."""
        states = tuple(self._changes.states.values())
        return [state for state in states if state.announced is not Evaluation.OK]

    def is_due(self) -> bool:
        """Tell whether some rule waits for its turn or is being looked at."""
        busy = self._watch.is_busy or (self._aside is not None and self._aside.is_busy)
        return busy or self._next_due() <= self._boot_s()

    def state_texts(self) -> dict[str, str]:
        """Return every alert's state as it is stored, by fingerprint."""
        return {s.fingerprint: s.to_text() for s in tuple(self._changes.states.values())}

    def supervise(self) -> float:
        """Give up a worker whose probe is long past its deadline, and start another.

        Returns when to call again, in seconds since boot: the earliest moment at which a probe
        that runs, or else the next one, can be that late.
        """
        now_s = self._boot_s()
        if self._watch.give_up(now_s):
            self.start()
            return now_s
        if self._aside and self._aside.watch.give_up(now_s):
            self._aside.start()
            return now_s
        watches = [self._watch, self._aside.watch] if self._aside else [self._watch]
        late = [late_at for watch in watches if (late_at := watch.late_at()) is not None]
        longest_s = max((s.check.deadline_s for s in self.schedules), default=0.0)
        return min([*late, max(now_s, self._next_due()) + longest_s * GRACE])

    def adopt(self, plan: Plan) -> None:
        """Go by this plan from now on: alerts of rules that are still there live on.

        Those of rules that are gone are closed, for nothing would ever end them.
        """
        self.schedules = list(plan.schedules)
        self.quiet.windows = plan.maintenance
        rules = {schedule.rule.name for schedule in self.schedules}
        for key in tuple(self._changes.states):
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
        for found in self._aside.answers() if self._aside else ():
            if any(one is found.schedule for one in self.schedules):
                self._judge(found)
        for schedule in self.schedules:
            if schedule.due_boot_s <= now.boot_s and not schedule.unsupported:
                schedule.advance(now)
                if not schedule.rule.only.at or schedule.rule.only.is_at(self._at(now.boot_s)):
                    self._look(schedule, now)
        self._commit()
        return min(LONGEST_WAIT_S, max(0.0, self._next_due() - self._boot_s()))

    def _boot_s(self) -> float:
        return self._clock().boot_s

    def _next_due(self) -> float:
        due = [s.due_boot_s for s in self.schedules if not s.unsupported]
        return min(due, default=float("inf"))

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                wait_s = self.turn()
            except GivenUpError:
                return
            except Exception:
                log.exception("a turn of checks failed; the next one comes")
                wait_s = LONGEST_WAIT_S
            self._wake.wait(wait_s)
            self._wake.clear()
        self._ended.set()

    def _commit(self, *, at_once: bool = False) -> None:
        now = self._clock()
        self._changes.commit(now, at_once=at_once)
        if self._trends:
            self._trends.write(now, at_once=at_once)

    def _look(self, schedule: Schedule, turn: Now) -> None:
        """Probe one rule's targets and judge what is found; one that may take long, aside."""
        check = schedule.check
        if check.remembers and schedule.memory is None:
            try:
                schedule.memory = memory_of(self._recall(_memory_name(schedule)))
            except NotNowError as error:  # to begin anew would be to forget what was counted
                self._judge(Found(schedule, turn, error=CheckError(str(error))))
                return
        if self._aside is None or not check.aside:
            self._judge(self._watch.probe(schedule, turn))
        elif not schedule.aside:
            schedule.aside = True
            self._aside.ask((schedule, turn))

    def _judge(self, found: Found) -> None:
        """Step the alerts of one rule's targets."""
        schedule = found.schedule
        schedule.aside = False
        schedule.looked_boot_s = found.turn.boot_s
        if isinstance(found.error, UnsupportedCheckError):
            schedule.unsupported = found.error.reason
            log.info("rule=%s is not for this computer: %s", schedule.rule.name, found.error.reason)
            return
        if found.memory is not None:
            schedule.memory = found.memory
            self._changes.keep(_memory_name(schedule), json.dumps(found.memory))
        readings = found.readings
        if self._trends and not found.again:
            complete, check, judged = self._trends.complete, schedule.check, schedule.judged
            readings = [
                complete(check, one, judged, found.turn) if isinstance(one, Measured) else one
                for one in readings
            ]
        settled = found.error is None and not self._changes.has_states(schedule.rule.name)
        if not (settled and schedule.stays_well(readings)):
            self._step_all(found._replace(readings=readings))

    def _evaluated(self, found: Found) -> list[TargetEvaluation]:
        rule, check = found.schedule.rule, found.schedule.check
        stated = self._changes.targets(rule.name)
        if found.error is not None:
            known = {*stated, *found.schedule.evaluations}
            failed = unreadable(rule, known, found.error.reason)
            return [evaluate(rule, check, one) for one in failed]
        evaluated = [evaluate(rule, check, one) for one in found.readings]
        seen = {one.target for one in evaluated}
        return evaluated + absentees(self._still_watched(rule, stated, seen), seen)

    def _step_all(self, found: Found) -> None:
        schedule, rule = found.schedule, found.schedule.rule
        evaluated = self._evaluated(found)
        now = self._clock()
        schedule.note(found.readings, [one for one in evaluated if not one.absent], now)
        down: Collection[str] = ()
        if rule.depends_on and schedule.finds_trouble:
            parents = [one for one in self.schedules if one.rule.name in rule.depends_on]
            if not found.again and self._ask_first(parents, found):
                return
            down = [one.rule.name for one in parents if one.finds_trouble]
            now = self._clock()
        reason = self.quiet.reason(rule, now, down)
        for one in evaluated:
            self._step(rule, one, now, reason, explained=bool(down))

    def _ask_first(self, parents: Sequence[Schedule], found: Found) -> bool:
        """Look at the rules that may explain what was found; tell whether it waits for them.

        It does while one of them is probed aside: then it is judged again behind that one.
        """
        for parent in parents:
            stale = parent.looked_boot_s < found.turn.boot_s
            if stale and not parent.unsupported:
                self._look(parent, found.turn)
        waits = self._aside is not None and any(parent.aside for parent in parents)
        if waits and self._aside:
            found.schedule.aside = True
            self._aside.ask(found._replace(again=True))
        return waits

    def _step(
        self, rule: Rule, one: TargetEvaluation, now: Now, reason: str, *, explained: bool
    ) -> None:
        """Step one alert; ``reason`` tells why nothing may open now."""
        key = (rule.name, one.target)
        before = self._changes.states.get(key)
        after, event = step(
            before, one, rule, now, self._boot_id,
            quiet=bool(reason), explained=explained, facts_hash=self._facts_hash(),
        )  # fmt: skip
        if after is not before:
            self._changes.remember(key, after)
        if event is not None:
            self._changes.tell(event, before.announced if before else Evaluation.OK)
        held = (explained and one.finds_trouble) or (after is not None and held_back(after, rule))
        if self.quiet.note(key, (reason or "the computer has just started") if held else "", now):
            self._changes.keep(QUIET_NAME, self.quiet.to_text())

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
        state = self._changes.states[key]
        event = withdraw(state, reason, self._clock(), facts_hash=self._facts_hash())
        self._changes.remember(key, None)
        if event is not None:
            self._changes.tell(event, state.announced)


def _memory_name(schedule: Schedule) -> str:
    return f"memory:{schedule.rule.name}"


def _held_back(recall: Callable[[str], str | None]) -> str | None:
    """Return the record of what was held back; it begins anew when it cannot be read."""
    try:
        return recall(QUIET_NAME)
    except NotNowError:
        return None
