"""Bringing envelopes to the server batch by batch, so that a bad one holds up no other."""

import logging
from collections.abc import Callable, Sequence

from agent.delivery.batch import Envelope, Outbox, first_batch, job_of
from agent.delivery.child import SenderProcess
from agent.delivery.messages import Answer, Outcome

log = logging.getLogger(__name__)

BATCH_ITEMS = 200
BATCH_BYTES = 512 * 1024
"""Below what the wire allows: a batch is in the agent's memory three times over."""
STRIKES = 3
"""Refused this often by something on the way, while other messages pass, an envelope is parked."""

_CLIENT_ERRORS = range(400, 500)


class Delivery:
    """What waits in the outbox, on its way; the courier's thread uses it."""

    def __init__(self, outbox: Outbox, beat: Callable[[SenderProcess], Answer]) -> None:
        """Take the store, and what sends a heartbeat: it shows whether other messages pass."""
        self._outbox = outbox
        self._beat = beat
        self._batch_items = BATCH_ITEMS
        self._struck: tuple[str, int] = ("", 0)

    def next(self) -> Sequence[Envelope]:
        """Return the envelopes of the next request; none when nothing waits."""
        return first_batch(self._outbox.pending(self._batch_items, BATCH_BYTES))

    def bring(self, sender: SenderProcess, batch: Sequence[Envelope]) -> Answer:
        """Send envelopes of one kind and settle their receipts.

        A batch that the server refuses as a whole is halved until the guilty envelope is alone,
        and that one is parked: one bad envelope must not hold up the others.
        """
        answer = sender.ask(job_of(batch))
        if answer.outcome is Outcome.DELIVERED:
            log.info("request=%s delivered=%d %s", answer.request, len(batch), _tickets(answer))
            self._outbox.settle(answer.receipts)
            self._batch_items = min(BATCH_ITEMS, self._batch_items * 2)
        elif answer.outcome is Outcome.REFUSED and len(batch) > 1:
            middle = len(batch) // 2
            first = self.bring(sender, batch[:middle])
            return self.bring(sender, batch[middle:]) if first.arrived else first
        elif answer.outcome is Outcome.REFUSED:
            self._park(batch[0], answer.says)
        elif len(batch) > 1:  # a slow line, a proxy's limit: less at a time may pass
            self._batch_items = len(batch) // 2
        elif self._blocked(answer):
            return self._strike(sender, batch[0], answer)
        return answer

    def _blocked(self, answer: Answer) -> bool:
        """Tell whether something on the way refused the envelope; it may not like its words."""
        return answer.outcome is Outcome.INTERCEPTED and answer.status in _CLIENT_ERRORS

    def _strike(self, sender: SenderProcess, envelope: Envelope, answer: Answer) -> Answer:
        """Park the envelope when it alone does not pass, again and again."""
        passing = self._beat(sender)
        if not passing.arrived:
            return passing
        count = self._struck[1] + 1 if self._struck[0] == envelope.id else 1
        self._struck = (envelope.id, count)
        if count < STRIKES:
            return answer
        self._park(envelope, f"{answer.says}, {count} times, while other messages pass")
        return passing

    def _park(self, envelope: Envelope, problem: str) -> None:
        log.warning("envelope=%s set aside: %s", envelope.id, problem)
        self._outbox.park(envelope.id, problem)


def _tickets(answer: Answer) -> str:
    numbers = sorted({receipt.ticket for receipt in answer.receipts if receipt.ticket})
    return f"tickets={','.join(map(str, numbers))}" if numbers else ""
