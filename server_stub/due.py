"""All that can be due, and the worker that does it, inside ``serve`` or as a process of its own."""

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta

from server_stub.audit.sealing import SEAL_EVERY, seal_new
from server_stub.fleet import due as fleet_due
from server_stub.retention.actions import TRIM_EVERY, trim
from server_stub.tickets import due as tickets_due
from server_stub.work.engine import LEASE, Act
from server_stub.work.recurring import Recurring
from server_stub.work.worker import Worker

RECURRING: Sequence[Recurring] = (
    *tickets_due.RECURRING,
    *fleet_due.RECURRING,
    Recurring("audit", SEAL_EVERY, seal_new),
    Recurring("retention", TRIM_EVERY, trim),
)
"""What is done every so often; ``init`` plants it."""

ACTS: Mapping[str, Act] = {**tickets_due.ACTS, **{one.kind: one.act for one in RECURRING}}
"""What is done, by kind of due work."""


def worker(lease: timedelta = LEASE) -> Worker:
    """Return a worker that does everything; what recurs is tried again as often as it recurs."""
    often = {one.kind: one.every for one in RECURRING}
    return Worker(ACTS, lease, longest=often)


def start() -> Worker:
    """Return a worker that works in a thread of this process from now on."""
    one = worker()
    threading.Thread(target=one.run, name="due-work", daemon=True).start()
    return one
