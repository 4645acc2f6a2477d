"""Several workers on one PostgreSQL, one paused past its lease, one killed: each effect once.

All of them are made to wait for the tickets' locks with their hands full; then one is stopped and
one is killed, and the locks are let go.
"""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest

from server_stub.tickets.amendment import CLOSE_WORK
from server_stub.tickets.models import Ticket, TimelineEntry
from server_stub.work.engine import BATCH
from server_stub.work.models import DueWork
from tests.server_stub.tickets.desk import a_policy
from tests.support.databases import ServerDatabase
from tests.support.polling import until
from tests.support.rows import NOW, a_client
from tests.support.seeds import long_run
from tests.support.server_process import PROJECT, server_command, server_environment

WORKERS = 8 if long_run() else 3
ACTIONS = 2_000 if long_run() else 150
LEASE_S = 2


class Workers:
    """Processes that do due work."""

    def __init__(self, database: ServerDatabase, count: int) -> None:
        """Start so many and wait until all of them look for work."""
        with (database.data / "workers.log").open("wb") as log:
            self.processes = [
                subprocess.Popen(
                    server_command("worker", "--lease", str(LEASE_S)),
                    cwd=PROJECT,
                    env=server_environment(database),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                )
                for _ in range(count)
            ]
        for one in self.processes:
            assert one.stdout is not None
            assert one.stdout.readline() == b"working\n"

    def signal(self, number: int, what: signal.Signals) -> None:
        """Send one of them a signal."""
        os.kill(self.processes[number].pid, what)

    def stop(self) -> None:
        """End all of them."""
        for one in self.processes:
            if one.poll() is None:
                one.send_signal(signal.SIGCONT)
                one.terminate()
        for one in self.processes:
            one.wait(30)
            if one.stdout is not None:
                one.stdout.close()


@pytest.fixture
def workers(postgresql: ServerDatabase) -> Iterator[Workers]:
    """Some workers with nothing to do yet."""
    started = Workers(postgresql, WORKERS)
    yield started
    started.stop()


def resolved_tickets() -> None:
    """Write tickets that were resolved long ago."""
    a_policy("default")
    client = a_client()
    Ticket.objects.bulk_create(
        Ticket(
            client=client,
            title="Done",
            priority="normal",
            status="resolved",
            stage="resolved",
            created_at=NOW,
            updated_at=NOW,
            resolved_at=NOW,
        )
        for _ in range(ACTIONS)
    )


def test_each_effect_is_there_once_though_one_was_paused_and_one_was_killed(
    workers: Workers, postgresql: ServerDatabase
) -> None:
    resolved_tickets()
    with psycopg.connect(postgresql.url) as locker:
        locker.execute("SELECT set_config('watchdesk.clients', '*', false)")
        numbers = locker.execute("SELECT id FROM tickets_ticket FOR UPDATE").fetchall()
        DueWork.objects.bulk_create(
            DueWork(kind=CLOSE_WORK, key=str(number), due_at=NOW) for (number,) in numbers
        )
        in_hands = DueWork.objects.filter(lease_until__isnull=False)
        until(lambda: in_hands.count() >= BATCH * WORKERS, 60, "a claim of every worker")
        workers.signal(0, signal.SIGSTOP)
        workers.signal(1, signal.SIGKILL)

    until(lambda: not DueWork.objects.exists(), 300, "all that is due")
    workers.signal(0, signal.SIGCONT)
    workers.stop()

    moved = Counter(TimelineEntry.objects.values_list("ticket_id", flat=True))
    assert len(moved) == ACTIONS
    assert set(moved.values()) == {1}
    assert set(Ticket.objects.values_list("status", "close_reason")) == {("closed", "resolved")}
