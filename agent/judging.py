"""What becomes of what a check finds: evaluated, its alerts stepped, what changed kept."""

import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from agent import device
from agent.alerts import AlertState, held_back, paused, step, withdraw
from agent.changes import AlertKey, Changes
from agent.check_api import CheckError, UnsupportedCheckError
from agent.clock import Now
from agent.errors import NotNowError
from agent.evaluate import WHOLE_CHECK, TargetEvaluation, absentees, evaluate, unreadable
from agent.probing import Found
from agent.protocol.events import AlertEvent
from agent.protocol.words import Change, Evaluation
from agent.quiet import Quiet
from agent.rules.model import Heal, Rule
from agent.schedule import Plan, Schedule
from agent.storm import NAME as STORM_NAME
from agent.storm import Storm, may_open, waiting
from agent.trends import Trends

if TYPE_CHECKING:
    from agent.healing import Healing

log = logging.getLogger(__name__)

QUIET_NAME = "held_back"
"""The name under which it is stored what was held back."""


Explain = Callable[[AlertEvent, Evaluation, tuple[Rule, TargetEvaluation] | None, Now], AlertEvent]
"""Returns an event with what explains it; the evaluation is what was told before.

No rule found a storm.
"""


class Judge:
    """Judges what the rules of one device find. One thread uses it at a time."""

    def __init__(
        self,
        plan: Plan,
        changes: Changes,
        *,
        clock: Callable[[], Now],
        boot_id: str,
        facts_hash: Callable[[], str],
        recall: Callable[[str], str | None],
        trends: Trends | None,
        look: Callable[[Schedule, Now], None],
        is_here: Callable[[Rule, Now], bool],
        wake: Callable[[], None],
        explain: Explain,
    ) -> None:
        """Take the rules and where changes go; the rest is as ``Runner`` is given it.

        ``look`` probes and judges another rule now, or aside; ``is_here`` tells whether a rule is
        for where this computer is; ``wake`` has the next turn begin.
        """
        self.schedules = list(plan.schedules)
        self.quiet = Quiet(plan.maintenance, _recalled(recall, QUIET_NAME))
        self._storm = Storm(_recalled(recall, STORM_NAME), plan.storm)
        self._explain = explain
        self._changes = changes
        self._clock = clock
        self._boot_id = boot_id
        self._facts_hash = facts_hash
        self._recall = recall
        self._trends = trends
        self._look = look
        self._is_here = is_here
        self._wake = wake
        self._healing: Healing | None = None
        self._looked_s = 0.0

    def adopt(self, plan: Plan) -> None:
        """Go by this plan from now on; alerts of rules that are gone are closed."""
        self.schedules = list(plan.schedules)
        self.quiet.windows = plan.maintenance
        self._storm.most = plan.storm
        rules = {schedule.rule.name for schedule in self.schedules}
        for key in tuple(self._changes.states):
            if key[0] not in rules:
                self._withdraw(key, f"the rule {key[0]} no longer watches this computer")

    def pause(self) -> None:
        """Count running spans up to now: the agent stops."""
        now = self._clock()
        rules = {schedule.rule.name: schedule.rule for schedule in self.schedules}
        for key, state in tuple(self._changes.states.items()):
            counted = paused(state, rules[key[0]], now) if key[0] in rules else state
            if counted != state:
                self._changes.remember(key, counted)

    def hasten(self, now: Now) -> None:
        """Have rules looked at when it is time to see whether what was done has healed."""
        if self._healing is None:
            return
        looks = self._healing.looks(now)
        for schedule in self.schedules:
            at_s = looks.get(schedule.rule.name)
            if at_s is not None:
                schedule.due_boot_s = min(schedule.due_boot_s, at_s)

    def look_again(self, doubted: Mapping[str, int]) -> None:
        """Have the rules looked at whose alerts are doubted, as ``Runner`` is told."""
        self._changes.doubted = doubted
        rules = self._changes.doubted_rules()
        for schedule in self.schedules:
            if schedule.rule.name in rules:
                schedule.due_boot_s = 0.0

    def judge(self, found: Found) -> Found | None:
        """Step the alerts of one rule's targets.

        Returns what is to be judged again when the rules that may explain it were looked at.
        """
        schedule = found.schedule
        schedule.looked_boot_s = self._looked_s = found.turn.boot_s
        if found.error is not None and self._is_unsupported(schedule, found.error):
            return None
        schedule.unsupported = ""
        if found.memory is not None:
            schedule.memory = found.memory
            self._changes.keep(schedule.memory_name, json.dumps(found.memory))
        readings = found.readings
        if self._trends and not found.again:
            complete = self._trends.complete_all
            readings = complete(
                schedule.check, readings, schedule.judged, found.turn, schedule.source
            )
        settled = found.error is None and not self._changes.has_states(schedule.rule.name)
        if settled and schedule.stays_well(readings):
            return None
        return self._step_all(found._replace(readings=readings))

    def _is_unsupported(self, schedule: Schedule, error: CheckError) -> bool:
        """Tell whether this computer lacks the means; that is said once, and looked for seldom.

        A rule that has told of trouble here had them: to it this is a check that fails.
        """
        if not isinstance(error, UnsupportedCheckError):
            return False
        if self._changes.has_states(schedule.rule.name):
            return False
        if schedule.unsupported != error.reason:
            log.info("rule=%s is not for this computer: %s", schedule.rule.name, error.reason)
        schedule.rest(error.reason, self._clock())
        return True

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

    def _step_all(self, found: Found) -> Found | None:
        schedule, rule = found.schedule, found.schedule.rule
        evaluated = self._evaluated(found)
        now = self._clock()
        schedule.note(found.readings, [one for one in evaluated if not one.absent], now)
        down: Collection[str] = ()
        if rule.depends_on and schedule.finds_trouble:
            parents = [
                one for one in self.schedules
                if one.rule.name in rule.depends_on and self._is_here(one.rule, found.turn)
            ]  # fmt: skip
            if not found.again and self._ask_first(parents, found):
                return found._replace(again=True)
            down = [one.rule.name for one in parents if one.finds_trouble]
            now = self._clock()
        reason = self.quiet.reason(rule, now, down)
        for one in evaluated:
            self._step(rule, one, now, reason, explained=bool(down))
        return None

    def _ask_first(self, parents: Sequence[Schedule], found: Found) -> bool:
        """Look at the rules that may explain what was found; tell whether it waits for them.

        It does while one of them is probed aside: then it is judged again behind that one.
        """
        for parent in parents:
            stale = parent.looked_boot_s < found.turn.boot_s
            if stale and not parent.unsupported:
                self._look(parent, found.turn)
        return any(parent.aside for parent in parents)

    def _step(
        self, rule: Rule, one: TargetEvaluation, now: Now, reason: str, *, explained: bool
    ) -> None:
        """Step one alert; ``reason`` tells why nothing may open now."""
        key = (rule.name, one.target)
        before = self._changes.states.get(key)
        announced = before.announced if before else Evaluation.OK
        stormy = not reason and announced is Evaluation.OK and may_open(rule)
        if stormy:
            reason = self._storm.reason(key, now)
        heal = rule.heal and rule.heal.allowed(rule.name, *device.here().healing)
        heal = heal if may_open(rule) else None  # one that tells nothing does nothing either
        rests = bool(reason) or explained or now.boot_s < rule.startup_grace_s
        after, event = step(
            before, one, rule, now, self._boot_id,
            quiet=bool(reason), explained=explained, healing=heal is not None,
            doubted=self._changes.doubts(before), facts_hash=self._facts_hash(),
        )  # fmt: skip
        if after is not before:  # first: what is begun against it is stored with it
            self._changes.remember(key, after)
        told = [event] if event is not None else []
        if heal is not None and not told and not rests:
            looked = after
            after, told = self._see_to(heal, rule, one, (before, looked), now)
            if after is not looked:
                self._changes.remember(key, after)
        elif self._healing is not None and not rests:
            self._healing.over(key)
        for one_told in told:
            if one_told.change is Change.OPENED and len(told) == 1:  # what was healed is no storm
                self._storm.opened(key, now)
            self._changes.tell(self._explain(one_told, announced, (rule, one), now), announced)
        if stormy or explained or announced is not Evaluation.OK or not may_open(rule):
            # Not in planned quiet: there a storm goes on unseen.
            held_by_storm = waiting(after, one, rule) if stormy and reason else None
            self._storm.note(key, held_by_storm, now)
        held = (explained and one.finds_trouble) or (after is not None and held_back(after, rule))
        held = held or key in self._storm.held
        if self.quiet.note(key, (reason or "the computer has just started") if held else "", now):
            self._changes.keep(QUIET_NAME, self.quiet.to_text())

    def _see_to(
        self,
        heal: Heal,
        rule: Rule,
        one: TargetEvaluation,
        states: tuple[AlertState | None, AlertState | None],
        now: Now,
    ) -> tuple[AlertState | None, list[AlertEvent]]:
        """Try to heal what is raised and not told; return the next state, and what is told.

        ``states`` are the last one, and the next one by this look alone.
        """
        after = states[1]
        if self._healing is None:
            if not any(state is not None and state.is_untold for state in states):
                return after, []
            from agent.healing import Healing  # noqa: PLC0415 - most devices never heal

            self._healing = Healing(self._changes, self._recall, self._wake)
        return self._healing.see_to(
            heal, rule, one, states, now,
            looked_s=self._looked_s, boot_id=self._boot_id, facts_hash=self._facts_hash(),
        )  # fmt: skip

    def tell_storm(self, now: Now) -> None:
        """Tell of what is held back because too much opened at once, when it is time to."""
        event, rules = self._storm.tick(now, self._changes.states, self._facts_hash())
        if event is not None:
            is_new = event.change is Change.OPENED
            announced = Evaluation.OK if is_new else Evaluation.CRITICAL
            self._changes.tell(self._explain(event, announced, None, now), Evaluation.CRITICAL)
        if self._storm.is_changed:
            self._changes.keep(STORM_NAME, self._storm.to_text())
        for schedule in self.schedules if rules else ():
            if schedule.rule.name in rules:
                schedule.due_boot_s = now.boot_s

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


def _recalled(recall: Callable[[str], str | None], name: str) -> str | None:
    """Return a record that was stored; it begins anew when it cannot be read."""
    try:
        return recall(name)
    except NotNowError:
        return None
