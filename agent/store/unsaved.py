"""What is to be written to agent.db next; while it cannot be written, what is kept in memory."""

import sqlite3
from dataclasses import dataclass, field

from agent.store.envelope import Envelope
from agent.store.outbox import Outbox, dropped
from agent.store.schema import checksum

MOST_ENVELOPES = 500
MOST_BYTES = 2 * 1024 * 1024
"""What is kept in memory while the file cannot be written; the rest is dropped and counted."""

_PUT_STATE = "INSERT OR REPLACE INTO alert_states (fingerprint, state, crc) VALUES (?, ?, ?)"
_PUT_TEXT = "INSERT OR REPLACE INTO texts (name, text, crc) VALUES (?, ?, ?)"
_COUNT = (
    "INSERT INTO counters (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """The file cannot be written: why, since when (RFC 3339), and what is kept meanwhile."""

    reason: str
    since_at: str
    kept: int

    def sentence(self) -> str:
        """Return what happened, since when, what is kept, what to do."""
        return (
            f"The agent's store cannot be written since {self.since_at}: {self.reason}. Checks go "
            f"on, {self.kept} messages are kept in memory and sent from there. See to the disk "
            "with the state folder; the agent goes on by itself."
        )


@dataclass(slots=True)
class Unsaved:
    """Changes that one transaction will make, or make again after a failed one.

    ``states``: text by fingerprint, ``texts`` by name, None to forget one. ``settled`` are
    delivered and ``parked`` refused (with the problem) by id. ``counters`` are additions.
    """

    states: dict[str, str | None] = field(default_factory=dict)
    envelopes: dict[str, Envelope] = field(default_factory=dict)
    texts: dict[str, str | None] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    parked: dict[str, str] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    _bytes: int = 0

    def __bool__(self) -> bool:
        return any(
            (self.states, self.envelopes, self.texts, self.settled, self.parked, self.counters)
        )

    def add(self, envelope: Envelope) -> None:
        """Take an envelope along."""
        self.envelopes[envelope.id] = envelope
        self._bytes += len(envelope.body)

    def settle(self, identifier: str) -> None:
        """Take note that an envelope is delivered, wherever it is."""
        self._discard(identifier)
        self.parked.pop(identifier, None)
        self.settled.add(identifier)

    def bound(self) -> None:
        """Keep what memory has room for: the least important go first, the oldest of these."""
        while len(self.envelopes) > MOST_ENVELOPES or self._bytes > MOST_BYTES:
            least = min(self.envelopes.values(), key=lambda envelope: envelope.importance.rank)
            self._discard(least.id)
            self.count(dropped(least.importance))

    def count(self, name: str, more: int = 1) -> None:
        """Add to a counter."""
        self.counters[name] = self.counters.get(name, 0) + more

    def is_done(self, identifier: str) -> bool:
        """Tell whether a stored envelope is delivered or refused, and still in the file."""
        return identifier in self.settled or identifier in self.parked

    def write(self, db: sqlite3.Connection, outbox: Outbox, at: str) -> dict[str, int]:
        """Write all of it in the open transaction; return what was added to the counters."""
        for fingerprint, state in self.states.items():
            if state is None:
                db.execute("DELETE FROM alert_states WHERE fingerprint = ?", (fingerprint,))
            else:
                db.execute(_PUT_STATE, (fingerprint, state, checksum(fingerprint, state)))
        for name, kept in self.texts.items():
            if kept is None:
                db.execute("DELETE FROM texts WHERE name = ?", (name,))
            else:
                db.execute(_PUT_TEXT, (name, kept, checksum(name, kept)))
        for envelope in self.envelopes.values():
            outbox.add(db, envelope)
        for identifier in self.settled:
            outbox.take(db, identifier)
        for identifier, problem in self.parked.items():
            outbox.park(db, identifier, problem, at)
        counted = dict(self.counters)
        for name, more in outbox.trim(db).items():
            counted[name] = counted.get(name, 0) + more
        db.executemany(_COUNT, counted.items())
        return counted

    def _discard(self, identifier: str) -> None:
        envelope = self.envelopes.pop(identifier, None)
        if envelope is not None:
            self._bytes -= len(envelope.body)
