"""The courier: decides when to send, hands envelopes to a sender, and settles what comes back.

At rest it is a few numbers and no thread. When something is due it starts one thread with one
sender, which ends when nothing has come for a while. What the server has not confirmed stays in
the outbox, whatever happens here.
"""

import logging
import os
import threading
from collections.abc import Callable

from agent import clock
from agent.clock import Now
from agent.delivery import schedule
from agent.delivery.batch import Feeds, Outbox, Unfed
from agent.delivery.child import SenderProcess
from agent.delivery.delivering import Delivery
from agent.delivery.messages import Answer, Job, Limits, Outcome, Settings
from agent.errors import AgentError
from agent.identity import Identity
from agent.protocol import VERSION
from agent.protocol.words import LastWord

log = logging.getLogger(__name__)

WARM_S = 20.0
"""How long a sender is kept for what may come next."""
STOP_S = 2.0
FAREWELL_S = 3.0
"""How long a last word may take: what ends the agent, or the computer, waits for it."""

_PAUSING = (Outcome.CREDENTIAL, Outcome.UNKNOWN_DEVICE)


class Courier:
    """Brings envelopes to the server; all its public methods are for any thread."""

    def __init__(
        self,
        identity: Callable[[], Identity],
        outbox: Outbox,
        heartbeat: Callable[[LastWord | None], str],
        *,
        read_clock: Callable[[], Now] = clock.now,
        chance: Callable[[], float] | None = None,
        rescheduled: Callable[[], None] = lambda: None,
        feeds: Feeds | None = None,
        start_sender: Callable[[Settings], SenderProcess] = SenderProcess,
        limits: Limits | None = None,
        warm_s: float = WARM_S,
        newly_enrolled: bool = False,
    ) -> None:
        """Take where things come from and go to.

        Args:
            identity: read anew for every sender, so a repeated enrolment is noticed.
            outbox: the store.
            heartbeat: returns the text of a heartbeat as of now, with a last word or none.
            read_clock: the clocks.
            chance: a random number of 0 ≤ n < 1, drawn for every wait.
            rescheduled: called after a sender has ended: ``due_at`` has changed.
            feeds: what the server has to be fetched.
            start_sender: starts a sender with the settings.
            limits: the sender's.
            warm_s: how long an idle sender is kept.
            newly_enrolled: the device was enrolled since this boot.
        """
        self._identity = identity
        self._heartbeat = heartbeat
        self._clock = read_clock
        self._chance = chance or (lambda: int.from_bytes(os.urandom(7)) / (1 << 56))
        self._rescheduled = rescheduled
        self._feeds = feeds or Unfed()
        self._start_sender = start_sender
        self._limits = limits or Limits()
        self._warm_s = warm_s
        self._delivery = Delivery(outbox, self._beat)  # used by the thread alone
        # Guarded by _turn: everything below that more than one thread touches.
        self._turn = threading.Condition()
        self._schedule = schedule.first(
            read_clock().boot_s, self._chance(), newly_enrolled=newly_enrolled
        )
        self._fresh = False
        self._stopping = False
        self._word: LastWord | None = None
        self._thread: threading.Thread | None = None
        self._sender: SenderProcess | None = None
        self._last_success_at: str | None = None
        self._problem: tuple[str, Answer] | None = None

    def wake(self) -> None:
        """Take note that there is something new to send; a running sender gets it at once."""
        with self._turn:
            self._fresh = True
            self._schedule = schedule.freshened(
                self._schedule, self._clock().boot_s, self._chance()
            )
            self._start_when_due()
            self._turn.notify_all()

    def tick(self) -> None:
        """Start a sender when one is due; to be called at ``due_at``, or more often."""
        with self._turn:
            self._start_when_due()

    def due_at(self) -> float:
        """Return when the next sender is due, in seconds since boot; infinity while one runs."""
        with self._turn:
            return float("inf") if self._thread else self._schedule.due_at(waiting=self._fresh)

    def farewell(self, word: LastWord, patience_s: float = FAREWELL_S) -> None:
        """Say with a heartbeat why this device will not be heard for a while.

        Returns when it was said or ``patience_s`` is over. Only a server that answered last time
        is told: what ends here must not wait for one that does not.
        """
        with self._turn:
            if self._schedule.failures or self._last_success_at is None:
                return
            self._word = word
            self._fresh = True  # a warm sender takes it at once
            self._turn.notify_all()
            self._start()
            self._turn.wait_for(lambda: self._word is None or self._thread is None, patience_s)
            self._word = None

    def stop(self, patience_s: float = STOP_S) -> None:
        """End the sender and the thread for good; what is not confirmed stays in the outbox."""
        with self._turn:
            self._stopping = True
            sender, thread = self._sender, self._thread
            self._turn.notify_all()
        if sender:
            sender.kill()
        if thread:
            thread.join(patience_s)

    def status(self) -> dict[str, str | float | None]:
        """Return when the server last answered, what is wrong since when, and the next try.

        ``last_problem`` is a sentence and ``outcome`` its kind, both None while all is well;
        ``next_try_s`` is None while a sender runs.
        """
        with self._turn:
            since, answer = self._problem or (None, None)
            wait = self._schedule.due_at(waiting=self._fresh) - self._clock().boot_s
            tries = self._schedule.failures
            return {
                "last_success_at": self._last_success_at,
                "last_problem": f"{answer.says}; since {since}, tried {tries} ×"
                if answer
                else None,
                "outcome": answer.outcome if answer else None,
                "since": since,
                "next_try_s": None if self._thread else max(0.0, wait),
            }

    def _start_when_due(self) -> None:
        if self._schedule.due_at(waiting=self._fresh) <= self._clock().boot_s:
            self._start()

    def _start(self) -> None:
        if self._thread or self._stopping:
            return
        thread = threading.Thread(target=self._run, name="courier", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no memory, no more threads allowed
            self._note_failure(Answer(Outcome.RETRY, f"this computer is short of means: {error}"))
        else:
            self._thread = thread

    def _run(self) -> None:
        while True:
            self._session()
            with self._turn:
                due = self._schedule.due_at(waiting=self._fresh)
                if self._stopping or due > self._clock().boot_s:
                    self._thread = None
                    self._turn.notify_all()
                    break
        self._rescheduled()

    def _session(self) -> None:
        """Start a sender and use it until it has been idle, has failed, or all is to stop."""
        try:
            with self._start_sender(self._settings()) as sender:
                with self._turn:
                    self._sender = sender
                self._converse(sender)
        except AgentError as error:
            self._note_failure(Answer(Outcome.RETRY, str(error)))
        except Exception as error:
            log.exception("sending failed; it will be tried again")
            self._note_failure(Answer(Outcome.RETRY, f"an error of the agent's own: {error!r}"))
        finally:
            with self._turn:
                self._sender = None

    def _settings(self) -> Settings:
        mine = self._identity()
        return Settings(
            server=mine.server,
            token=mine.device_token,
            agent_version=VERSION,
            ca_file=mine.ca_file,
            proxy=mine.proxy,
            limits=self._limits,
        )

    def _converse(self, sender: SenderProcess) -> None:
        """Send all there is, then a heartbeat, then what comes while the sender is warm."""
        beaten = False
        delivered = ""
        while not self._stopping:
            with self._turn:
                self._fresh = False  # before looking: what comes meanwhile is fresh again
            batch = self._delivery.next()
            if batch:
                if batch[0].id == delivered:  # never send the same for ever
                    raise AgentError("the outbox did not take note of what was delivered")
                answer = self._delivery.bring(sender, batch)
                delivered = batch[0].id
            elif self._word or not beaten or self._clock().boot_s >= self._schedule.beat_at:
                answer = self._beat(sender)
                beaten = True
            elif wanted := self._feeds.next():
                answer = self._fetch(sender, *wanted)
            elif self._more_within(self._warm_s):
                continue
            else:
                return
            if not self._note(answer):
                return

    def _beat(self, sender: SenderProcess) -> Answer:
        word = self._word
        answer = sender.ask(Job("post", "heartbeat", items=(self._heartbeat(word),)))
        if answer.outcome is Outcome.REFUSED:
            log.warning("the server refuses this agent's heartbeat: %s", answer.says)
        with self._turn:
            self._schedule = schedule.beaten(self._schedule, self._clock().boot_s)
            if word is not None:
                self._word = None
                self._turn.notify_all()
        return answer

    def _fetch(self, sender: SenderProcess, route: str, since: str | None) -> Answer:
        """Fetch one document; a server that answers but does not give it is no trouble."""
        answer = sender.ask(Job("get", route, since=since))
        if answer.outcome is Outcome.DELIVERED:
            self._feeds.take(route, answer.document)
        elif answer.outcome in _PAUSING or answer.problem is None:
            return answer
        else:
            log.warning("%s could not be fetched: %s", route, answer.says)
            self._feeds.give_up(route)
        return answer._replace(outcome=Outcome.DELIVERED, changes={})

    def _more_within(self, seconds: float) -> bool:
        with self._turn:
            self._turn.wait_for(lambda: self._fresh or self._stopping, seconds)
            return self._fresh

    def _note(self, answer: Answer) -> bool:
        """Take note of an answer; tell whether the conversation may go on."""
        if not answer.arrived:
            self._note_failure(answer)
            return False
        now = self._clock()
        with self._turn:
            self._schedule = schedule.succeeded(
                self._schedule, answer.heartbeat_every_s, answer.reconnect_spread_s
            )
            self._last_success_at = now.label()
            mended, self._problem = self._problem, None
        if mended:
            log.info("the server answers again; there was trouble since %s", mended[0])
        self._feeds.note(answer.changes)
        return True

    def _note_failure(self, answer: Answer) -> None:
        now = self._clock()
        with self._turn:
            if self._stopping:  # killed on purpose
                return
            since, before = self._problem or (now.label(), None)
            self._problem = (since, answer)
            if answer.outcome in _PAUSING:
                self._schedule = schedule.paused(self._schedule, now.boot_s, self._chance())
            else:
                self._schedule = schedule.failed(
                    self._schedule, now.boot_s, self._chance(), answer.retry_after_s
                )
        if before is None or before.says != answer.says:
            of = f"request={answer.request} " if answer.request else ""
            log.warning("%soutcome=%s %s", of, answer.outcome, answer.says)
