"""The only module that constructs and wires: the agent's commands as they really run."""

import gc
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import clock, identity
from agent.alert_events import about_itself
from agent.alert_state import unannounced
from agent.alerts import AlertState, parse_state
from agent.checks import discover
from agent.clock import Now, rfc3339
from agent.delivery.courier import Courier
from agent.errors import AgentError, LinkError
from agent.evaluate import TargetEvaluation
from agent.facts import device_kind
from agent.facts_upkeep import HASH_NAME, FactsUpkeep
from agent.host.boot import boot_id
from agent.host.operating_system import boot_time
from agent.local_link.peer import Peer
from agent.local_link.server import LinkServer
from agent.protocol import VERSION
from agent.protocol.link import VERBS
from agent.protocol.strict import need
from agent.protocol.words import DeviceKind
from agent.rules.model import Rule, RuleSet
from agent.rules.rules_file import RulesFile
from agent.runner import AlertKey, Plan, Runner, Schedule
from agent.settings import os_word
from agent.status import check_states, check_trees, heartbeat_text
from agent.store import Parked, Store, event_envelope
from agent.wakeup import Wakeup

log = logging.getLogger(__name__)

ENROLLED_NAME = "enrolled_at"
"""The name under which the store remembers which enrolment it has told everything."""
STOP_S = 2.0
"""How long a turn of checks may take to end when the agent is stopped."""
MEND_S = 20.0
"""How often a store or a local link that does not work is tried again."""


def enrol(
    state_dir: Path,
    *,
    server: str,
    token_file: str,
    ca_file: Path | None,
    proxy: str | None = None,
    proxy_file: Path | None = None,
    kind: str | None = None,
) -> str:
    """Make this computer known to ``server``; return a sentence for the person.

    Raises AgentError, with what to do.
    """
    from agent.delivery.enrolment import DeviceDescription, read_token  # noqa: PLC0415 - once only
    from agent.delivery.enrolment import enrol as ask_server  # noqa: PLC0415
    from agent.host import computer  # noqa: PLC0415
    from agent.store.folder import private_folder  # noqa: PLC0415

    private_folder(state_dir)
    if proxy_file is not None:
        try:
            proxy = proxy_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise AgentError(f"the proxy file {proxy_file} cannot be read: {error}") from error
    mine = ask_server(
        state_dir,
        DeviceDescription(
            name=computer.name(),
            kind=DeviceKind(kind) if kind else device_kind(),
            os=os_word(),
        ),
        server=server,
        token=read_token(token_file),
        now=clock.now(),
        ca_file=ca_file,
        proxy=proxy,
    )
    return f"This computer is enrolled at {mine.server} as device {mine.device_id}."


def look_once(rules_file: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Run every rule of this computer once; a check that compares two moments looks twice.

    Returns the check states as JSON objects, and by rule why some cannot be checked here.
    """
    checks = discover()
    now = clock.now()
    rules = RulesFile(rules_file, checks, now)
    runner = Runner(
        _plan(rules.rules, checks, device_kind()),
        {},
        lambda _states, _envelopes: None,
        clock=clock.now,
        boot_id=boot_id(),
    )
    runner.turn()
    return check_trees(check_states(_judged(runner))), _unsupported(runner)


def explain_rule(rules_file: Path, name: str) -> list[str]:
    """Run one rule's check and tell what the rule makes of it.

    Raises AgentError for a rule that does not exist or whose check cannot run here.
    """
    from agent.explain import explain  # noqa: PLC0415 - a person's command, not the service's
    from agent.rules.loader import load  # noqa: PLC0415

    checks = discover()
    rules = load(rules_file, checks)
    rule = rules.rule(name)
    if rule is None:
        known = ", ".join(each.name for each in rules.rules)
        raise AgentError(f"{rules_file} has no rule {name!r}; it has {known}")
    check = checks[rule.check]
    return explain(rule, check, list(check.probe(rule.targets)), clock.now())


def run(state_dir: Path, rules: RulesFile) -> None:
    """Check and report by these rules until SIGTERM or SIGINT.

    Raises AgentError when it cannot start: not enrolled, another agent runs.
    """
    logging.basicConfig(
        level=os.environ.get("WATCHDESK_LOG", "INFO").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.raiseExceptions = False  # of a line that finds the disk full, no traceback either
    wakeup = Wakeup()
    agent = Agent(state_dir, rules, wakeup)
    try:
        agent.work()
    finally:
        agent.close()


class Agent:
    """The running agent: store, runner, courier and local link, wired."""

    def __init__(self, state_dir: Path, rules: RulesFile, wakeup: Wakeup) -> None:
        """Take the state folder and the rules."""
        self._wakeup = wakeup
        self._started = clock.now()
        self._checks = discover()
        self._identity = identity.load_enrolled(state_dir)
        self._state_dir = state_dir
        self._kind = device_kind()
        self._boot_at = rfc3339(datetime.fromtimestamp(boot_time(), UTC))
        self._rules = rules
        self.store = Store(state_dir)
        self._begin_anew()
        self._spells = -1
        self.courier = Courier(
            lambda: identity.load_enrolled(state_dir),
            self.store,
            self._heartbeat,
            rescheduled=wakeup.wake,
            newly_enrolled=identity.enrolled_since_boot(self._identity, self._started),
        )
        self.facts = FactsUpkeep(self.store, clock.now, self.courier.wake)
        plan = _plan(self._rules.rules, self._checks, self._kind)
        self.runner = Runner(
            plan,
            self._stored_states(),
            self._record,
            clock=clock.now,
            boot_id=boot_id(),
            facts_hash=self.facts.hash,
            reload=self._changed_plan,
        )
        self.runner.adopt(plan)
        self._link: LinkServer | None = None
        self._link_problem = ""
        self._open_link()

    def work(self) -> None:
        """Keep everything moving until told to stop."""
        _settle_memory()
        self.runner.start()
        log.info("rules=%d checks are running", len(self.runner.schedules))
        while not self._wakeup.stopping:
            self.facts.tick()
            self.courier.tick()
            supervise_at = self.runner.supervise()
            self.store.retry()
            self._send_what_waits()
            self._open_link()
            self._tell_damage()
            due = min(self.courier.due_at(), self.facts.due_at(), supervise_at)
            well = self._link and not self.store.trouble
            wait_s = due - clock.now().boot_s
            self._wakeup.wait(wait_s if well else min(wait_s, MEND_S))

    def close(self) -> None:
        """Stop; what was not sent waits in the store."""
        self.courier.stop()
        self.runner.stop(STOP_S)
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
            self._link = LinkServer(self._state_dir, self._answer)
        except LinkError as error:
            if str(error) != self._link_problem:
                log.warning("%s; checks go on, and it is tried again", error)
            self._link_problem = str(error)

    def _record(self, states: Mapping[str, str | None], envelopes: Any) -> None:  # noqa: ANN401
        if not self.store.record(states, envelopes):
            self._wakeup.wake()  # to mend it
        if envelopes:
            self.courier.wake()

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
        enrolled_at = self._identity.enrolled_at or ""
        if self.store.text(ENROLLED_NAME) == enrolled_at:
            return
        states = self.store.alert_states()
        self.store.record(
            {name: unannounced(text) for name, text in states.items()},
            (),
            {ENROLLED_NAME: enrolled_at, HASH_NAME: ""},
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
        before = self._rules.problems
        if not self._rules.reread(now):
            if self._rules.problems != before:
                log.error("the changed rules have mistakes:\n%s", "\n".join(self._rules.problems))
            return None
        log.info("file=%s rules were read anew", self._rules.path)
        return _plan(self._rules.rules, self._checks, self._kind)

    def _heartbeat(self) -> str:
        counts = self.store.counts()
        return heartbeat_text(
            clock.now(),
            self._boot_at,
            waiting=counts.waiting,
            oldest_s=counts.oldest_s,
            counters=self.store.counters(),
            facts_hash=self.facts.hash(),
            states=check_states(_judged(self.runner)),
        )

    def _answer(self, request: Mapping[str, Any], peer: Peer) -> dict[str, Any]:
        del peer  # the socket is the agent's user's and root's alone
        verb = request["verb"]
        if verb == "status":
            return self.status()
        if verb == "parked":
            return {"parked": [_parked_tree(one) for one in self.store.parked()]}
        if verb in {"requeue", "drop"}:
            decide = self.store.requeue if verb == "requeue" else self.store.drop
            done = decide(need(request, "id", str, 64))
            if done:
                self.courier.wake()
            return {"done": done}
        raise AgentError(f"there is no verb {verb!r}; there are {', '.join(VERBS)}")

    def status(self) -> dict[str, Any]:
        """Return what the agent sees, what waits to be sent and what is wrong."""
        counts = self.store.counts()
        trouble = self.store.trouble
        return {
            "version": VERSION,
            "device_id": self._identity.device_id,
            "server": self._identity.server,
            "since": self._started.label(),
            "rules": {
                "file": str(self._rules.path),
                "loaded_at": self._rules.loaded_at,
                "count": len(self.runner.schedules),
                "problems": list(self._rules.problems),
            },
            "checks": check_trees(check_states(_judged(self.runner))),
            "unsupported": _unsupported(self.runner),
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
            "troubles": [trouble.sentence()] if trouble else [],
        }


def _plan(rules: RuleSet, checks: Mapping[str, Any], kind: DeviceKind) -> Plan:
    mine = rules.for_device(kind, os_word())
    return Plan([Schedule(rule, checks[rule.check]) for rule in mine.rules], mine.maintenance)


def _parked_tree(parked: Parked) -> dict[str, Any]:
    return {
        "id": parked.envelope.id,
        "kind": parked.envelope.kind,
        "problem": parked.problem,
        "parked_at": parked.parked_at,
    }


def _judged(runner: Runner) -> list[tuple[Rule, TargetEvaluation, str]]:
    return [
        (schedule.rule, one, schedule.since.get(target, ""))
        for schedule in runner.schedules
        for target, one in tuple(schedule.evaluations.items())
    ]


def _unsupported(runner: Runner) -> dict[str, str]:
    return {s.rule.name: s.unsupported for s in runner.schedules if s.unsupported}


def _settle_memory() -> None:
    """Let go of what starting needed, and keep the collector off what stays."""
    gc.collect()
    gc.freeze()
