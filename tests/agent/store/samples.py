"""Envelopes, receipts and a clock that stands until it is moved."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from agent.clock import Now
from agent.protocol.ids import uuid7
from agent.protocol.receipts import Receipt, ReceiptResult
from agent.store import Envelope, Importance, Store

ALL = 1_000_000


@dataclass
class HandClock:
    """Reads the same until ``pass_s``."""

    seconds: float = 1000.0
    start: datetime = field(default=datetime(2026, 11, 21, 8, tzinfo=UTC))

    def __call__(self) -> Now:
        return Now(self.seconds, self.seconds, self.start + timedelta(seconds=self.seconds))

    def pass_s(self, seconds: float) -> None:
        self.seconds += seconds


def envelope(
    body: str = "{}", importance: Importance = Importance.WARNING, identifier: str = ""
) -> Envelope:
    return Envelope(identifier or uuid7(), "event", importance, body, "2026-11-21T08:00:00.000Z")


def accepted(identifier: str) -> Receipt:
    return Receipt(identifier, ReceiptResult.ACCEPTED, 1)


def bodies(store: Store) -> list[str]:
    return [waiting.body for waiting in store.pending(ALL, ALL * 1000)]
