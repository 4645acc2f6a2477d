"""The one thread of a process that writes what devices send, in groups.

Requests wait in a queue; the thread takes all that are waiting and commits them as one
transaction, so that many share one sync of the disk. A group that fails is tried once more
(another server may have opened the same ticket a moment ago: the unique indexes decide, the
second try finds it), then each request alone, then each envelope alone: only what cannot be
stored is refused, and only what the database failed on must come again.

Heartbeats are kept in memory, the latest of each device, and written a second later.
"""

import atexit
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection

from agent.protocol.device import Heartbeat
from agent.protocol.receipts import Receipt
from server_stub import metrics, walls
from server_stub.intake import group, heartbeats, session
from server_stub.intake.decode import Arrived, refused
from server_stub.intake.group import Request
from server_stub.intake.heartbeats import Seen

MAX_GROUP = 1_000
"""Envelopes in one transaction: enough to share a sync, few enough to answer within a second."""
PATIENCE_S = 10.0
"""How long a failing group is taken apart; what is left then must come again."""
WAIT_S = 25.0
"""How long a request waits for its commit; then it must come again, under the same ids. Agents
wait 30 s for an answer."""
HEARTBEATS_EVERY_S = 1.0
GATHER_S = 0.001
"""Longest pause before a group is taken, while requests come in crowds, and never longer than the
last transaction took. Who was just answered may have more, and what a transaction costs is shared
by more (measured, eight connections: a sixth less CPU for each, a seventh more in a second)."""

_UNSTORABLE = (DataError, ValueError, OverflowError)
"""What is wrong with the envelope and would be wrong again; any other error may be mended."""

_log = logging.getLogger(__name__)


class UnavailableError(Exception):
    """Nothing could be stored just now; the same request may succeed later."""


@dataclass(slots=True)
class _Waiting:
    """A request in the queue; ``answered`` is held until ``receipts`` are there, or None is."""

    request: Request
    receipts: list[Receipt] | None = None
    answered: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, receipts: list[Receipt] | None) -> None:
        self.receipts = receipts
        self.answered.release()


class Writer:
    """Stores envelopes durably and heartbeats soon; its thread starts with the first of them."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Take the server's clock."""
        self._now = now
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._seen: dict[str, Seen] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._gather_s = 0.0
        metrics.WAITING.ask = lambda: {(): float(self._queue.qsize())}

    def store(self, request: Request) -> list[Receipt]:
        """Return the receipts of a request's envelopes, in order, once they are durable.

        Raises UnavailableError when the database failed or took too long.
        """
        waiting = _Waiting(request)
        waiting.answered.acquire()
        self._started()
        self._queue.put(waiting)
        if not waiting.answered.acquire(timeout=WAIT_S) or waiting.receipts is None:
            raise UnavailableError
        return waiting.receipts

    def saw(self, device_id: str, heartbeat: Heartbeat | None = None) -> None:
        """Note that a device is alive, and what its heartbeat says when it is one."""
        if heartbeat:
            metrics.HEARTBEATS.add()
        with self._lock:
            first = not self._seen
            earlier = self._seen.get(device_id)
            self._seen[device_id] = Seen(
                self._now(), heartbeat or (earlier.heartbeat if earlier else None)
            )
        if first:
            self._started()
            self._queue.put(None)

    def close(self) -> None:
        """Write what is waiting, heartbeats too, and end the thread."""
        with self._lock:
            thread, self._closed = self._thread, True
        if thread:
            self._queue.put(None)
            thread.join()

    def _started(self) -> None:
        if self._closed:
            raise UnavailableError
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="intake-writer", daemon=True)
                    thread.start()
                    atexit.register(self.close)
                    self._thread = thread

    def _run(self) -> None:
        walls.see(None)  # a group has rows of many clients
        write_at = float("inf")
        while True:
            waiting = self._take(write_at)
            if waiting:
                self._settle(waiting, time.monotonic() + PATIENCE_S)
            now_s = time.monotonic()
            if now_s >= write_at or self._closed:
                self._write_heartbeats()
                write_at = float("inf")
            if self._seen:
                write_at = min(write_at, now_s + HEARTBEATS_EVERY_S)
            if self._closed and self._queue.empty():
                break
        connection.close()

    def _take(self, until_s: float) -> list[_Waiting]:
        """Return all that is waiting, up to a group; wait for the first, not beyond ``until_s``.

        After a group of several requests a moment passes before the next is taken.
        """
        taken: list[_Waiting] = []
        envelopes = 0
        timeout = None if until_s == float("inf") else max(0.0, until_s - time.monotonic())
        try:
            one = self._queue.get(timeout=timeout)
            if self._gather_s:
                time.sleep(self._gather_s)
            while True:
                if one:
                    taken.append(one)
                    envelopes += len(one.request.arrived)
                if envelopes >= MAX_GROUP:
                    break
                one = self._queue.get_nowait()
        except queue.Empty:
            pass
        return taken

    def _settle(self, waiting: list[_Waiting], deadline_s: float) -> None:
        """Answer each request of a group, taking it apart as far as needed to spare the others."""
        try:
            receipts = self._commit([one.request for one in waiting], deadline_s)
        except Exception as error:  # noqa: BLE001 - whatever it is, every request gets its answer
            _log.warning("a group of %d requests failed: %r", len(waiting), error)
            for one in waiting:
                alone = None if len(waiting) == 1 else self._try_alone(one.request, deadline_s)
                one.answer(alone or self._try_each(one.request, deadline_s))
        else:
            for one, its_receipts in zip(waiting, receipts, strict=True):
                one.answer(its_receipts)

    def _try_alone(self, request: Request, deadline_s: float) -> list[Receipt] | None:
        if time.monotonic() > deadline_s:
            return None
        try:
            return self._commit([request], deadline_s)[0]
        except Exception as error:  # noqa: BLE001 - told apart envelope by envelope
            _log.warning("a request of device %s failed: %r", request.device.id, error)
            return None

    def _try_each(self, request: Request, deadline_s: float) -> list[Receipt] | None:
        """Return receipts, a refused one for each envelope at fault; None when one must wait."""
        receipts = []
        for arrived in request.arrived:
            if time.monotonic() > deadline_s:
                return None
            try:
                receipts += self._commit([Request(request.device, [arrived])], deadline_s)[0]
            except _UNSTORABLE as error:
                receipts.append(self._unstorable(request, arrived, error))
            except (OperationalError, InterfaceError) as error:  # a full disk, a lost connection
                _log.warning("envelope %s must come again: %s", arrived.message.id, error)
                return None
            except Exception:  # noqa: BLE001 - ours, it may be mended by an update
                _log.exception("envelope %s could not be stored", arrived.message.id)
                return None
        return receipts

    def _unstorable(self, request: Request, arrived: Arrived, error: Exception) -> Receipt:
        identifier = arrived.message.id
        _log.error("device %s, envelope %s refused: %r", request.device.id, identifier, error)
        return refused(identifier, "the server cannot store this; its log says why")

    def _commit(self, requests: list[Request], deadline_s: float) -> list[list[Receipt]]:
        """Store requests in one transaction, twice tried when the database asks for it."""
        try:
            return self._transaction(requests)
        except IntegrityError:
            return self._transaction(requests)
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > deadline_s:
                raise
            return self._transaction(requests)

    def _transaction(self, requests: list[Request]) -> list[list[Receipt]]:
        began_s = time.perf_counter()
        with session.transaction():
            receipts = group.store(requests, self._now())
        took_s = time.perf_counter() - began_s
        self._gather_s = min(GATHER_S, took_s) if len(requests) > 1 else 0.0
        metrics.COMMIT_S.observe(took_s)
        metrics.GROUP.observe(sum(len(one.arrived) for one in requests))
        return receipts

    def _write_heartbeats(self) -> None:
        with self._lock:
            seen, self._seen = self._seen, {}
        try:
            with session.transaction():
                heartbeats.write(seen)
        except Exception as error:  # noqa: BLE001 - a sign of life is worth no more than a try
            _log.warning("%d heartbeats were not written: %r", len(seen), error)
            connection.close()
            with self._lock:
                self._seen = seen | self._seen
