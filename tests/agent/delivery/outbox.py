"""The real store as the courier's outbox, and a clock that stands still."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.clock import Now
from agent.protocol.ids import uuid7
from agent.protocol.receipts import Receipt, ReceiptResult
from agent.store import Envelope, Importance, Store
from tests.agent.delivery.samples import event_text

_ALL = 1_000_000_000


@dataclass(slots=True)
class Outbox:
    """A store, and the ids it was told are delivered; ``troubles`` are raised by ``settle``."""

    store: Store
    settled: list[str] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)

    @classmethod
    def open(cls, state_dir: Path) -> "Outbox":
        """Open the store in a folder."""
        return cls(Store(state_dir))

    def add(self, count: int = 1, kind: str = "event") -> list[str]:
        """Put in so many new envelopes and return their ids."""
        ids = [uuid7() for _ in range(count)]
        self.store.record(
            {}, [Envelope(one, kind, Importance.WARNING, event_text(one), "now") for one in ids]
        )
        return ids

    @property
    def waiting(self) -> list[str]:
        """The ids that wait, in order."""
        return [envelope.id for envelope in self.store.pending(_ALL, _ALL)]

    @property
    def parked(self) -> dict[str, str]:
        """Why each parked envelope is."""
        return {one.envelope.id: one.problem for one in self.store.parked()}

    def pending(self, limit: int, max_bytes: int) -> list[Envelope]:
        """Return the next envelopes."""
        return self.store.pending(limit, max_bytes)

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """Hand receipts on, unless trouble is due."""
        if self.troubles:
            raise self.troubles.pop(0)
        self.store.settle(receipts)
        self.settled += [r.id for r in receipts if r.result is not ReceiptResult.REFUSED]

    def park(self, identifier: str, problem: str) -> None:
        """Set one aside."""
        self.store.park(identifier, problem)


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
