"""The only module that constructs and wires: the agent's commands as they really run."""

import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from agent import clock, identity, jobs
from agent.alert_events import about_itself
from agent.alert_state import unannounced
from agent.alerts import AlertState, parse_state
from agent.changes import AlertKey
from agent.checks import discover
from agent.clock import Now, rfc3339
from agent.delivery.courier import Courier
from agent.delivery.feeds import Feeds
from agent.device_file import DeviceFile, beside
from agent.errors import AgentError, LinkError
from agent.evidence import Explainer
from agent.facts_upkeep import HASH_NAME, FactsUpkeep
from agent.host import heap, own_use, program
from agent.host.boot import boot_id
from agent.host.operating_system import boot_time
from agent.link_verbs import LinkVerbs
from agent.local_link.account import account_of, is_owner
from agent.local_link.listening import public_socket
from agent.local_link.peer import Peer
from agent.local_link.server import LinkServer
from agent.once import judged, known_kind, plan_of, unsupported
from agent.protocol import VERSION
from agent.protocol.receipts import Receipt
from agent.protocol.words import LastWord
from agent.reports import Reports
from agent.rules.rules_file import RulesFile
from agent.runner import Runner
from agent.schedule import Plan
from agent.status import check_states, check_trees, cost_tree, heartbeat_text
from agent.store import Envelope, Store, event_envelope
from agent.store.history_file import HistoryFile
from agent.storm import NAME as STORM_NAME
from agent.trends import Trends
from agent.wakeup import Wakeup
from agent.whereabouts import Whereabouts

log = logging.getLogger(__name__)

TIDY_S = 20.0
"""So long after the start every check has looked once, and the first sender has left."""

ENROLLED_NAME = "enrolled_at"
"""The name under which the store remembers which enrolment it has told everything."""
STOP_S = 2.0
"""How long a turn of checks may take to end when the agent is stopped."""
MEND_S = 20.0
"""How often a store or a local link that does not work is tried again."""
STUCK_S = 900.0
"""A rule that is so much overdue is no longer looked at; a worker with slow probes is minutes."""


class Supervisor(Protocol):
    """Who started us as a service: systemd, or Windows' service manager."""

    every_s: float

    def ready(self, announce: Callable[[LastWord], None]) -> None:
        """Hear that the agent has started; ``announce`` is to be called before a sleep."""

    def alive(self) -> None:
        """Hear, at least every ``every_s``, that everything moves."""

    def stopping(self) -> None:
        """Hear that the agent ends."""

    def last_word(self) -> LastWord:
        """Return why it ends: with its computer, or alone."""


def run(
    state_dir: Path, rules: RulesFile, supervisor: Supervisor, wakeup: Wakeup | None = None
) -> None:
    """Check and report by these rules until SIGTERM or SIGINT, or ``wakeup`` says stop.

    Raises AgentError when it cannot start: another agent runs, the state folder is not usable.
    """
    heap.one_heap()
    logging.basicConfig(
        level=os.environ.get("WATCHDESK_LOG", "INFO").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.raiseExceptions = False  # of a line that finds the disk full, no traceback either
    agent = Agent(state_dir, rules, wakeup or Wakeup(), supervisor)
    try:
        agent.work()
    finally:
        supervisor.stopping()
        agent.close()


class Agent:
    """The running agent: store, runner, courier and local link, wired."""

    def __init__(
        self, state_dir: Path, rules: RulesFile, wakeup: Wakeup, supervisor: Supervisor
    ) -> None:
        """Take the state folder and the rules."""
        self._wakeup = wakeup
        self._supervisor = supervisor
        self._started = clock.now()
        self._checks = discover()
        known = identity.exists(state_dir)
        self.identity = identity.load(state_dir) if known else identity.NOBODY
        self._state_dir = state_dir
        jobs.settle(state_dir)
        self.kind = known_kind(self.identity.kind)
        self._boot_at = rfc3339(datetime.fromtimestamp(boot_time(), UTC))
        self._rules = rules
        self._device_file = DeviceFile(beside(rules.path))
        self.store = Store(state_dir)
        self.history = HistoryFile(state_dir)
        self._begin_anew()
        self._spells = -1
        self.feeds = Feeds(self.store, self._fetched)
        self.facts = FactsUpkeep(self.store, clock.now, self._there_is_something)
        self.reports = Reports(
            self.store,
            clock.now,
            self._there_is_something,
            facts_hash=self.facts.hash,
            is_shared=lambda account: self.feeds.is_shared(account.name),
            delivered=self._delivered,
        )
        self.courier = Courier(
            self._enrolled,
            self.reports,
            self._heartbeat,
            rescheduled=wakeup.wake,
            feeds=self.feeds,
            newly_enrolled=not self.identity.enrolled_at
            or identity.enrolled_since_boot(self.identity, self._started),
        )
        plan = plan_of(self._rules.rules, self._checks, self.kind)
        trends = Trends(self.history)
        self.runner = Runner(
            plan,
            self._stored_states(),
            self._record,
            clock=clock.now,
            boot_s=clock.boot_s,
            boot_id=boot_id(),
            facts_hash=self.facts.hash,
            reload=self._changed_plan,
            recall=self.store.recall,
            at=Whereabouts().at,
            trends=trends,
            explain=Explainer(
                trends,
                {path.name: path for path in (rules.path, beside(rules.path))},
                self.facts.changed,
            ),
            aside=True,
        )
        self.runner.adopt(plan)
        self.runner.look_again(self.feeds.doubted())
        self._verbs = LinkVerbs(self)
        self._link: LinkServer | None = None
        self._link_problem = ""
        self._open_link()

    def work(self) -> None:
        """Keep everything moving until told to stop."""
        _settle_memory()
        tidy_s = clock.now().boot_s + TIDY_S
        self.runner.start()
        log.info("rules=%d checks are running", len(self.runner.schedules))
        self._supervisor.ready(self.courier.farewell)
        while not self._wakeup.stopping:
            if checks_go_on(self.runner, clock.now().boot_s):
                self._supervisor.alive()
            self._notice_enrolment()
            self.facts.tick()
            self.courier.tick()
            supervise_at = self.runner.supervise()
            self.store.retry()
            self._send_what_waits()
            self._open_link()
            self._tell_damage()
            if clock.now().boot_s >= tidy_s:
                tidy_s = float("inf")
                heap.give_back()
            due = min(self.courier.due_at(), self.facts.due_at(), supervise_at, tidy_s)
            well = self._link and not self.store.trouble
            wait_s = min(due - clock.now().boot_s, self._supervisor.every_s)
            self._wakeup.wait(wait_s if well else min(wait_s, MEND_S))

    def close(self) -> None:
        """Stop, and say so; what was not sent waits in the store."""
        self.courier.farewell(self._supervisor.last_word())
        self.courier.stop()
        self.runner.stop(STOP_S)
        program.end_all()
        if self._link:
            self._link.close()
        self.store.close()

    def _send_what_waits(self) -> None:
        """Have it sent at the start, and after each spell in which the store could not be read."""
        spells = self.store.counters().get("store_failures", 0)
        if self.store.trouble is None and spells != self._spells:
            self._spells = spells
            self.courier.wake()

    def _enrolled(self) -> identity.Identity:
        """Return who the server knows, read anew; enrols first where that waits.

        Called by the courier, for each sender; raises AgentError.
        """
        if self.identity.enrolled_at:
            return identity.load_enrolled(self._state_dir)
        from agent.delivery.waiting import enrol_by_child  # noqa: PLC0415 - once in its life

        mine = enrol_by_child(self._state_dir)
        log.info("device=%s is enrolled at %s", mine.device_id, mine.server)
        self.store.record({}, (), {ENROLLED_NAME: mine.enrolled_at})
        self.identity = mine
        return mine

    def _notice_enrolment(self) -> None:
        """Send at once when ``enroll`` was run meanwhile."""
        if self.identity.enrolled_at or (self._state_dir / identity.WAITING_NAME).exists():
            return
        with suppress(AgentError):
            identity.load_enrolled(self._state_dir)
            self.courier.wake()

    def _open_link(self) -> None:
        """Open the local link unless it is open; a full disk that forbids it stops no check."""
        if self._link:
            return
        try:
            self._link = LinkServer(self._state_dir, self._answer, public_socket(self._state_dir))
        except LinkError as error:
            if str(error) != self._link_problem:
                log.warning("%s; checks go on, and it is tried again", error)
            self._link_problem = str(error)

    def _record(
        self,
        states: Mapping[str, str | None],
        envelopes: Sequence[Envelope],
        texts: Mapping[str, str | None] | None = None,
    ) -> bool:
        stored = self.store.record(states, envelopes, texts)
        if not stored:
            self._wakeup.wake()  # to mend it
        if envelopes:
            self.courier.wake()
        return stored

    def _there_is_something(self) -> None:
        self.courier.wake()

    def _delivered(self, receipts: Sequence[Receipt]) -> None:
        """Fetch the tickets when one has come that they do not tell of."""
        numbers = {receipt.ticket for receipt in receipts if receipt.ticket is not None}
        if numbers - self.feeds.numbers():
            self.feeds.look_again("tickets")

    def _fetched(self, name: str) -> None:
        """Look again at what the desk, by the tickets just fetched, holds to be over."""
        if name == "tickets":
            self.runner.look_again(self.feeds.doubted())

    def _tell_damage(self) -> None:
        """Report a damaged store once, and store again what it may have lost."""
        damage = self.store.take_damage()
        if damage is None:
            return
        event = about_itself(
            "agent.db",
            "The watchdesk agent's store was damaged",
            damage.sentence(),
            clock.now(),
            facts_hash=self.facts.hash(),
        )
        self._record(self.runner.state_texts(), [event_envelope(event)])

    def _begin_anew(self) -> None:
        """Tell a server that enrolled us anew everything: it may know nothing of before.

        Open alerts are announced again (a server that has their tickets joins them by the
        fingerprint) and the facts are sent again.
        """
        enrolled_at = self.identity.enrolled_at or ""
        if self.store.text(ENROLLED_NAME) == enrolled_at:
            return
        states = self.store.alert_states()
        self.store.record(
            {name: unannounced(text) for name, text in states.items()},
            (),
            {ENROLLED_NAME: enrolled_at, HASH_NAME: "", STORM_NAME: None},
        )

    def _stored_states(self) -> dict[AlertKey, AlertState]:
        states: dict[AlertKey, AlertState] = {}
        for name, text in self.store.alert_states().items():
            try:
                state = parse_state(text)
            except ValueError:
                log.warning("alert=%s a stored state cannot be read; it begins anew", name)
                continue
            states[state.rule, state.target] = state
        return states

    def _changed_plan(self, now: Now) -> Plan | None:
        changed = [file for file in (self._rules, self._device_file) if self._reread(file, now)]
        if not changed:
            return None
        return plan_of(self._rules.rules, self._checks, self.kind)

    def _reread(self, file: RulesFile | DeviceFile, now: Now) -> bool:
        before = file.problems
        changed = file.reread(now)
        if changed:
            log.info("file=%s was read anew", file.path)
        elif file.problems != before:
            log.error("file=%s has mistakes now:\n%s", file.path, "\n".join(file.problems))
        return changed

    def _heartbeat(self, last_word: LastWord | None = None) -> str:
        counts = self.store.counts()
        return heartbeat_text(
            clock.now(),
            self._boot_at,
            waiting=counts.waiting,
            oldest_s=counts.oldest_s,
            counters=self.store.counters(),
            facts_hash=self.facts.hash(),
            states=check_states(judged(self.runner)),
            last_word=last_word,
        )

    def _answer(self, request: Mapping[str, Any], peer: Peer) -> dict[str, Any]:
        owns = is_owner(peer)
        return self._verbs.answer(request, account_of(peer), owns=owns)

    def status(self) -> dict[str, Any]:
        """Return what the agent sees, what waits to be sent and what is wrong."""
        counts = self.store.counts()
        trouble = self.store.trouble
        return {
            "version": VERSION,
            "device_id": self.identity.device_id,
            "server": self.identity.server,
            "since": self._started.label(),
            "rules": {
                "file": str(self._rules.path),
                "loaded_at": self._rules.loaded_at,
                "count": len(self.runner.schedules),
                "problems": [*self._rules.problems, *self._device_file.problems],
            },
            "checks": check_trees(check_states(judged(self.runner))),
            "unsupported": unsupported(self.runner),
            "held_back": [one._asdict() for one in self.runner.quiet.records],
            "outbox": {
                "waiting": counts.waiting,
                "bytes": counts.bytes,
                "oldest_s": counts.oldest_s,
                "parked": counts.parked,
                "dropped": {
                    name.removeprefix("dropped_"): number
                    for name, number in self.store.counters().items()
                    if name.startswith("dropped_")
                },
            },
            "delivery": self.courier.status(),
            "cost": cost_tree(
                self.runner.schedules,
                processor_s=own_use.processor_s(),
                memory_bytes=own_use.memory_bytes(),
                running_s=clock.now().boot_s - self._started.boot_s,
            ),
            "troubles": [
                *([trouble.sentence()] if trouble else []),
                *([self.history.trouble] if self.history.trouble else []),
                *([] if self.identity.enrolled_at else [self._not_enrolled()]),
            ],
        }

    def _not_enrolled(self) -> str:
        waits = (self._state_dir / identity.WAITING_NAME).exists()
        what = (
            "it enrols by itself when the server answers"
            if waits
            else "watchdesk-agent enroll --server URL --token-file FILE"
        )
        return f"this computer is not enrolled yet; what is found is kept for then: {what}"


def checks_go_on(runner: Runner, now_s: float) -> bool:
    """Tell whether a worker lives and gets round, so that rules are looked at.

    One probe that hangs is the runner's own affair (``Runner.supervise``).
    """
    works = any(thread.name.startswith("checks") for thread in threading.enumerate())
    due = (s.due_boot_s or now_s for s in tuple(runner.schedules) if not s.unsupported)
    return works and now_s - min(due, default=now_s) < STUCK_S


def _settle_memory() -> None:
    """Let go of what starting needed, and keep the collector off what stays."""
    gc.collect()
    gc.freeze()
