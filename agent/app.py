"""The only module that constructs and wires: the agent's commands as they really run."""

import gc
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import clock, identity, jobs
from agent.alert_events import about_itself
from agent.changes import stored_states
from agent.checks import discover
from agent.clock import rfc3339
from agent.delivery.courier import Courier
from agent.delivery.feeds import Feeds
from agent.enrolled import Enrolled
from agent.errors import LinkError
from agent.evidence import Explainer
from agent.facts import known_kind
from agent.facts_upkeep import FactsUpkeep
from agent.host import heap, own_use, program
from agent.host.boot import boot_id
from agent.host.operating_system import boot_time
from agent.identity import Identity
from agent.link_verbs import LinkVerbs
from agent.local_link.account import account_of, is_owner
from agent.local_link.listening import public_socket
from agent.local_link.peer import Peer
from agent.local_link.server import LinkServer
from agent.plan import PlanFiles
from agent.protocol import VERSION
from agent.protocol.receipts import Receipt
from agent.protocol.words import LastWord
from agent.reports import Reports
from agent.rules.rules_file import RulesFile
from agent.runner import Runner
from agent.schedule import judged, unsupported
from agent.status import check_states, check_trees, cost_tree, heartbeat_text, outbox_tree
from agent.store import Envelope, Store, event_envelope
from agent.store.history_file import HistoryFile
from agent.supervisor import Supervisor, checks_go_on
from agent.trends import Trends
from agent.wakeup import Wakeup
from agent.whereabouts import Whereabouts

log = logging.getLogger(__name__)

TIDY_S = 20.0
"""So long after the start every check has looked once, and the first sender has left."""

STOP_S = 2.0
"""How long a turn of checks may take to end when the agent is stopped."""
MEND_S = 20.0
"""How often a store or a local link that does not work is tried again."""


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
        known = identity.load(state_dir) if identity.exists(state_dir) else identity.NOBODY
        self._state_dir = state_dir
        jobs.settle(state_dir)
        self.kind = known_kind(known.kind)
        self._boot_at = rfc3339(datetime.fromtimestamp(boot_time(), UTC))
        self._files = PlanFiles(rules, discover(), self.kind)
        self.store = Store(state_dir)
        self.history = HistoryFile(state_dir)
        self._enrolled = Enrolled(state_dir, known, self.store)
        self._enrolled.begin_anew()
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
            self._enrolled.known,
            self.reports,
            self._heartbeat,
            rescheduled=wakeup.wake,
            feeds=self.feeds,
            newly_enrolled=not known.enrolled_at
            or identity.enrolled_since_boot(known, self._started),
        )
        plan = self._files.plan()
        trends = Trends(self.history)
        self.runner = Runner(
            plan,
            stored_states(self.store.alert_states()),
            self._record,
            clock=clock.now,
            boot_s=clock.boot_s,
            boot_id=boot_id(),
            facts_hash=self.facts.hash,
            reload=self._files.changed_plan,
            recall=self.store.recall,
            at=Whereabouts().at,
            trends=trends,
            explain=Explainer(
                trends,
                {path.name: path for path in self._files.paths},
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

    @property
    def identity(self) -> Identity:
        """Who this device is, to its server as well once it is enrolled."""
        return self._enrolled.identity

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
            if self._enrolled.was_just_run():
                self.courier.wake()
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

    def _heartbeat(self, last_word: LastWord | None = None) -> str:
        counts = self.store.counts()
        return heartbeat_text(
            clock.now(),
            self._boot_at,
            waiting=counts.waiting,
            oldest_s=counts.oldest_s,
            counters=self.store.counters(),
            facts_hash=self.facts.hash(),
            states=check_states(judged(self.runner.schedules)),
            last_word=last_word,
        )

    def _answer(self, request: Mapping[str, Any], peer: Peer) -> dict[str, Any]:
        owns = is_owner(peer)
        return self._verbs.answer(request, account_of(peer), owns=owns)

    def status(self) -> dict[str, Any]:
        """Return what the agent sees, what waits to be sent and what is wrong."""
        counts = self.store.counts()
        trouble, not_enrolled = self.store.trouble, self._enrolled.trouble()
        return {
            "version": VERSION,
            "device_id": self.identity.device_id,
            "server": self.identity.server,
            "since": self._started.label(),
            "rules": self._files.tree(len(self.runner.schedules)),
            "checks": check_trees(check_states(judged(self.runner.schedules))),
            "unsupported": unsupported(self.runner.schedules),
            "held_back": [one._asdict() for one in self.runner.quiet.records],
            "outbox": outbox_tree(counts, self.store.counters()),
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
                *([not_enrolled] if not_enrolled else []),
            ],
        }


def _settle_memory() -> None:
    """Let go of what starting needed, and keep the collector off what stays."""
    gc.collect()
    gc.freeze()
