"""An outbox that forgets at exit, and clocks that stand still: what the courier is wired to."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.clock import Now
from agent.protocol.events import Receipt
from agent.protocol.ids import uuid7
from agent.protocol.words import ReceiptResult
from tests.agent.delivery.samples import event_text


@dataclass(frozen=True, slots=True)
class Kept:
    """One envelope."""

    id: str
    kind: str
    body: str


@dataclass(slots=True)
class OutboxInMemory:
    """Keeps envelopes in order; ``parked`` are the reasons by id.

    ``troubles`` are raised by the next calls of ``settle``.
    """

    waiting: dict[str, Kept] = field(default_factory=dict)
    parked: dict[str, str] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, count: int = 1, kind: str = "event") -> list[str]:
        """Put in so many new envelopes and return their ids."""
        ids = [uuid7() for _ in range(count)]
        with self._lock:
            self.waiting |= {one: Kept(one, kind, event_text(one)) for one in ids}
        return ids

    def pending(self, limit: int, max_bytes: int) -> Sequence[Kept]:
        """Return the next envelopes, one at least."""
        chosen: list[Kept] = []
        with self._lock:
            for envelope in self.waiting.values():
                max_bytes -= len(envelope.body.encode())
                if chosen and (max_bytes < 0 or len(chosen) == limit):
                    break
                chosen.append(envelope)
        return chosen

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """Take out what was accepted, park what was refused."""
        if self.troubles:
            raise self.troubles.pop(0)
        for receipt in receipts:
            if receipt.result is ReceiptResult.REFUSED:
                self.park(receipt.id, receipt.problem or "")
            else:
                with self._lock:
                    del self.waiting[receipt.id]
                    self.settled.append(receipt.id)

    def park(self, identifier: str, problem: str) -> None:
        """Set one aside."""
        with self._lock:
            del self.waiting[identifier]
            self.parked[identifier] = problem


@dataclass(slots=True)
class StoppedClock:
    """A clock that goes only when told to."""

    boot_s: float = 10_000.0

    def __call__(self) -> Now:
        """Return the moment it shows."""
        return Now(self.boot_s, self.boot_s, datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.boot_s += seconds
