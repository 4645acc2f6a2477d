"""When each rule is due.

One worker thread sleeps until the next rule is due, probes, has it judged (``judging``) and
commits, in this order. Only probes that may take long run aside (``probing``); what they find is
judged here, in the next turn. Should a probe hang, ``supervise`` gives its thread up, lets a new
one go on and leaves that rule alone until the lost probe comes back.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping

from agent.alerts import AlertState
from agent.changes import AlertKey, Changes, Record
from agent.check_api import CheckError
from agent.clock import Now
from agent.errors import NotNowError
from agent.judging import Explain, Judge
from agent.probing import GRACE, Aside, Found, GivenUpError, Watch, memory_of
from agent.quiet import Quiet
from agent.rules.model import Rule
from agent.schedule import Plan, Schedule
from agent.trends import Trends

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 60.0
"""A sleeping computer stops the wait's clock but not the due times': look again this often."""


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
        boot_s: Callable[[], float] | None = None,
        facts_hash: Callable[[], str] = str,
        reload: Callable[[Now], Plan | None] = lambda _: None,
        recall: Callable[[str], str | None] = lambda _: None,
        at: Callable[[float], Collection[str]] = lambda _: (),
        trends: Trends | None = None,
        explain: Explain = lambda event, *_: event,
        aside: bool = False,
    ) -> None:
        """Take what to do, the alert states of before, and where changes go.

        ``reload`` is asked every turn and returns a new plan when the rules have changed;
        ``recall`` returns a text that was recorded, or raises NotNowError; ``at`` tells at which
        places this computer is at a time since boot; ``trends`` adds what follows from history.
        ``boot_s`` reads the first of the clocks alone, which every look asks for. ``explain`` adds
        to an event what explains it. ``aside``: checks that may take long are probed by a second
        worker.
        """
        self._clock = clock
        self._boot_s = boot_s or (lambda: clock().boot_s)
        self._reload = reload
        self._recall = recall
        self._at = at
        self._trends = trends
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._changes = Changes(states, record)
        self._judge = Judge(
            plan,
            self._changes,
            clock=clock,
            boot_id=boot_id,
            facts_hash=facts_hash,
            recall=recall,
            trends=trends,
            look=self._look,
            is_here=self._is_here,
            wake=self._wake.set,
            explain=explain,
        )
        self._watch = Watch(self._boot_s)
        self._aside = Aside(self._boot_s, self._wake.set) if aside else None

    @property
    def schedules(self) -> list[Schedule]:
        """The rules that are run."""
        return self._judge.schedules

    @property
    def quiet(self) -> Quiet:
        """What is held back just now."""
        return self._judge.quiet

    def start(self) -> None:
        """Start the worker thread; one that was given up ends when its probe comes back."""
        threading.Thread(target=self._work, name="checks", daemon=True).start()

    def stop(self, patience_s: float) -> None:
        """Let the worker end its turn, wait no longer than ``patience_s``, store running spans."""
        self._stopping.set()
        self._wake.set()
        self._ended.wait(patience_s)
        self._judge.pause()
        self._commit(at_once=True)

    def check_now(self) -> None:
        """Make every rule due."""
        for schedule in self.schedules:
            schedule.due_boot_s = 0.0
        self._wake.set()

    def look_again(self, doubted: Mapping[str, int]) -> None:
        """Look at alerts that the desk holds to be over, and tell of those that are still there.

        ``doubted`` has, by alert_id, the sequence of the last event that the desk knows.
        """
        self._judge.look_again(doubted)
        self._wake.set()

    def open_alerts(self) -> list[AlertState]:
        """Return the alerts that the server was told of and that are not over."""
        return self._changes.announced()

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
        self._judge.adopt(plan)

    def turn(self) -> float:
        """Run every rule that is due, commit once, and return the seconds until the next."""
        now = self._clock()  # one for all: rules of one interval stay due at one moment
        plan = self._reload(now)
        if plan is not None:
            self.adopt(plan)
        if self.quiet.tick(now):
            self.check_now()
        self._judge.hasten(now)
        for found in self._aside.answers() if self._aside else ():
            if any(one is found.schedule for one in self.schedules):
                self._settle(found)
        now_s = now.boot_s
        for schedule in self.schedules:
            if schedule.due_boot_s <= now_s:
                schedule.advance(now)
                if self._is_here(schedule.rule, now):
                    self._look(schedule, now)
        self._judge.tell_storm(now)
        self._commit()
        return min(LONGEST_WAIT_S, max(0.0, self._next_due() - self._boot_s()))

    def _next_due(self) -> float:
        return min([s.due_boot_s for s in self.schedules], default=float("inf"))

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

    def _is_here(self, rule: Rule, now: Now) -> bool:
        """Tell whether a rule is for the places where this computer is."""
        return not rule.only.at or rule.only.is_at(self._at(now.boot_s))

    def _look(self, schedule: Schedule, turn: Now) -> None:
        """Probe one rule's targets and have it judged; one that may take long, aside."""
        check = schedule.check
        if check.remembers and schedule.memory is None:
            try:
                schedule.memory = memory_of(self._recall(schedule.memory_name))
            except NotNowError as error:  # to begin anew would be to forget what was counted
                self._settle(Found(schedule, turn, error=CheckError(str(error))))
                return
        if self._aside is None or not check.aside:
            self._settle(self._watch.probe(schedule, turn))
        elif not schedule.aside:
            schedule.aside = True
            self._aside.ask((schedule, turn))

    def _settle(self, found: Found) -> None:
        """Have it judged; one that waits for rules which may explain it, again behind those."""
        found.schedule.aside = False
        waiting = self._judge.judge(found)
        if waiting is not None and self._aside:
            found.schedule.aside = True
            self._aside.ask(waiting)
