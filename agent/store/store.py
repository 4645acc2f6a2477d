"""``Store``: the one owner of agent.db."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from agent import clock
from agent.clock import Now
from agent.errors import NotNowError
from agent.protocol.receipts import Receipt, ReceiptResult
from agent.store.envelope import Counts, Envelope, Parked
from agent.store.file import FailedError, StoreFile
from agent.store.folder import FolderLock, private_folder
from agent.store.opening import Damage
from agent.store.outbox import MAX_BYTES, MAX_ENVELOPE_BYTES, MAX_ROWS, Outbox, dropped
from agent.store.texts import read_states, read_text, read_texts
from agent.store.unsaved import Trouble, Unsaved

log = logging.getLogger(__name__)


class Store:
    """Alert states and outbox of one device, durable when ``record`` says so.

    Safe to call from any thread. Apart from the constructor nothing raises for what the disk
    does: what cannot be written is kept in memory within bounds, sent from there, and written
    at the next call that finds the disk well again. ``trouble`` says so meanwhile.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
        read_clock: Callable[[], Now] = clock.now,
    ) -> None:
        """Take the folder's lock and open agent.db, whatever state it is in.

        Raises StateLockedError when another agent has the folder, StateError when the folder
        cannot be used or agent.db was written by a newer agent.
        """
        self._max_envelope = min(MAX_ENVELOPE_BYTES, max_bytes)
        self._clock = read_clock
        self._outbox = Outbox(max_rows, max_bytes)
        self._unsaved = Unsaved()
        self._counters: dict[str, int] = {}
        self._turn = threading.RLock()
        private_folder(state_dir)
        self._lock = FolderLock(state_dir)
        try:
            self._file = StoreFile(state_dir, read_clock, self._opened)
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Write what is left, close the file and let the folder go."""
        with self._turn:
            self._commit()
            self._file.close()
            self._lock.release()

    def record(
        self,
        states: Mapping[str, str | None],
        envelopes: Iterable[Envelope],
        texts: Mapping[str, str | None] | None = None,
    ) -> bool:
        """Store alert states, envelopes and texts in one transaction; tell whether it is durable.

        ``states`` are texts by fingerprint, None to forget one; ``texts`` by name alike. When it
        returns False all of it is kept in memory, as far as there is room. Nothing to record
        costs no commit.
        """
        with self._turn:
            self._unsaved.states.update(states)
            self._unsaved.texts.update(texts or {})
            for envelope in envelopes:
                self._take_in(envelope)
            return self._commit()

    def retry(self) -> bool:
        """Try to write what could not be written; costs nothing when all is. True when it is."""
        with self._turn:
            return self._commit()

    def alert_states(self) -> dict[str, str]:
        """Return the stored alert states, text by fingerprint."""
        with self._turn:
            found = (self._file.read(read_states) or {}) | self._unsaved.states
            return {name: text for name, text in found.items() if text is not None}

    def text(self, name: str) -> str | None:
        """Return a text that ``record`` was given, None when there is none or it cannot be read."""
        try:
            return self.recall(name)
        except NotNowError:
            return None

    def recall(self, name: str) -> str | None:
        """Return the same; raises NotNowError for a disk that does not let us read."""
        with self._turn:
            if name in self._unsaved.texts:
                return self._unsaved.texts[name]
            found = self._file.read(lambda db: (read_text(db, name),))
            if found is None:
                reason = self._file.trouble[0] if self._file.trouble else "the disk fails"
                raise NotNowError(f"the agent's store cannot be read just now ({reason})")
            return found[0]

    def texts(self, beginning: str) -> dict[str, str]:
        """Return the texts whose names begin so, by name in order."""
        with self._turn:
            unsaved = {n: t for n, t in self._unsaved.texts.items() if n.startswith(beginning)}
            found = (self._file.read(lambda db: read_texts(db, beginning)) or {}) | unsaved
            return {name: text for name, text in sorted(found.items()) if text is not None}

    def pending(self, limit: int, max_bytes: int) -> list[Envelope]:
        """Return the next envelopes to send, in order; one at least, if there is any."""
        with self._turn:
            self._commit()
            return self._waiting(limit, max_bytes)

    def settle(
        self, receipts: Iterable[Receipt], texts: Mapping[str, str | None] | None = None
    ) -> None:
        """Delete what the server accepted or knew already, park what it refused.

        ``texts`` are stored as by ``record``, in the same transaction.
        """
        with self._turn:
            self._unsaved.texts.update(texts or {})
            for receipt in receipts:
                if receipt.result is ReceiptResult.REFUSED:
                    self._unsaved.parked[receipt.id] = receipt.problem or "refused, no reason given"
                else:
                    self._unsaved.settle(receipt.id)
            self._commit()

    def park(
        self, identifier: str, problem: str, texts: Mapping[str, str | None] | None = None
    ) -> None:
        """Set one waiting envelope aside, with the reason; ``texts`` as with ``settle``."""
        with self._turn:
            self._unsaved.texts.update(texts or {})
            self._unsaved.parked[identifier] = problem
            self._commit()

    def parked(self, limit: int = 100) -> list[Parked]:
        """Return parked envelopes, oldest first."""
        with self._turn:
            return self._file.read(lambda db: list(self._outbox.parked(db, limit))) or []

    def requeue(self, identifier: str) -> bool:
        """Let a parked envelope wait again, under its old id; tell whether that was done."""
        return self._decide(lambda db: self._outbox.requeue(db, identifier))

    def drop(self, identifier: str) -> bool:
        """Delete a parked envelope for good; tell whether that was done."""
        return self._decide(lambda db: self._outbox.take_parked(db, identifier))

    def counts(self) -> Counts:
        """Return what is in the outbox."""
        with self._turn:
            size, unsaved = self._outbox.size, self._unsaved
            oldest = next(iter(self._waiting(1, 0)), None)
            done = len(unsaved.settled) + len(unsaved.parked)
            return Counts(
                waiting=max(0, size.waiting - done) + len(unsaved.envelopes),
                bytes=size.bytes + sum(len(e.body) for e in unsaved.envelopes.values()),
                parked=size.parked + len(unsaved.parked),
                unsaved=len(unsaved.envelopes),
                dropped=sum(n for name, n in self.counters().items() if name.startswith("dropped")),
                oldest_at=oldest.created_at if oldest else None,
                oldest_s=self._age_s(oldest.created_at) if oldest else 0.0,
            )

    def counters(self) -> dict[str, int]:
        """Return what was counted since this device was set up, for the heartbeat.

        ``dropped_critical``, ``dropped_warning``, ``dropped_low``: envelopes given up for lack
        of room; ``store_damaged``: damaged files set aside; ``store_failures``: spells in which
        the file could not be used.
        """
        with self._turn:
            self._note_failures()
            names = self._counters.keys() | self._unsaved.counters.keys()
            return {
                name: self._counters.get(name, 0) + self._unsaved.counters.get(name, 0)
                for name in sorted(names)
            }

    @property
    def trouble(self) -> Trouble | None:
        """What keeps the file from being written, None when all is well."""
        with self._turn:
            if self._file.trouble is None:
                return None
            reason, since_at = self._file.trouble
            return Trouble(reason, since_at, len(self._unsaved.envelopes))

    def take_damage(self) -> Damage | None:
        """Return damage that was found and not asked for yet, for one event to tell it."""
        with self._turn:
            return self._file.damages.pop(0) if self._file.damages else None

    def _opened(self, db: sqlite3.Connection) -> None:
        self._outbox.measure(db)
        counters = db.execute("SELECT name, value FROM counters")
        self._counters = {name: value for name, value in counters if isinstance(value, int)}

    def _take_in(self, envelope: Envelope) -> None:
        body = envelope.body.encode(errors="backslashreplace")  # half pairs cannot be stored
        if len(body) > self._max_envelope:
            log.error("an envelope of %d bytes is too large for the outbox: dropped", len(body))
            self._unsaved.count(dropped(envelope.importance))
        else:
            self._unsaved.add(replace(envelope, body=body.decode()))

    def _commit(self) -> bool:
        """Write all that is unsaved in one transaction."""
        self._note_failures()
        if not self._unsaved:
            return True
        try:
            at = self._clock().label()
            counted = self._file.change(lambda db: self._unsaved.write(db, self._outbox, at))
        except FailedError:
            self._unsaved.bound()
            return False
        self._unsaved = Unsaved()
        for name, more in counted.items():
            self._counters[name] = self._counters.get(name, 0) + more
        return True

    def _note_failures(self) -> None:
        """Count failures; it also makes the change that ends the trouble a real write."""
        if self._file.failures:
            self._unsaved.count("store_failures", self._file.failures)
            self._file.failures = 0

    def _decide(self, change: Callable[[sqlite3.Connection], bool]) -> bool:
        """Let a person change the outbox in a transaction of its own; False when not durable."""
        with self._turn:
            try:
                return self._commit() and self._file.change(change)
            except FailedError:
                return False

    def _waiting(self, limit: int, max_bytes: int) -> list[Envelope]:
        """Return the first that wait in the file, then the first that wait in memory."""
        unsaved = self._unsaved
        most = limit + len(unsaved.settled) + len(unsaved.parked)
        kept = [e for e in unsaved.envelopes.values() if e.id not in unsaved.parked]

        def ask(db: sqlite3.Connection) -> list[Envelope]:
            stored = (e for e in self._outbox.waiting(db, most) if not unsaved.is_done(e.id))
            return _first(chain(stored, kept), limit, max_bytes)

        found = self._file.read(ask)
        return _first(kept, limit, max_bytes) if found is None else found

    def _age_s(self, label: str) -> float:
        try:
            return max(0.0, (self._clock().wall - datetime.fromisoformat(label)).total_seconds())
        except (ValueError, TypeError):
            return 0.0


def _first(envelopes: Iterable[Envelope], limit: int, max_bytes: int) -> list[Envelope]:
    """Return as many as are allowed, one at least if there is any."""
    chosen: list[Envelope] = []
    size = 0
    for envelope in envelopes:
        size += len(envelope.body.encode())
        if chosen and (size > max_bytes or len(chosen) >= limit):
            break
        chosen.append(envelope)
    return chosen
