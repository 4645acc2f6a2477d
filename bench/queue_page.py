"""How long the first page of the queue takes with 100,000 open tickets, by next due instant.

    python bench/queue_page.py [--tickets 100000] [--postgresql]

Of the query layer, as the page and REST ask it, with the clocks of each ticket; the median and the
slowest of many. Ends with 1 when the goal was missed.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["DJANGO_SETTINGS_MODULE"] = "server_stub.settings"
os.environ["WATCHDESK_DATA"] = "/nonexistent/none-before-it-is-made"

import django

django.setup()

from django.db import connection  # noqa: E402 - needs the set-up above

from agent.protocol.words import Priority  # noqa: E402 - the same
from server_stub import walls  # noqa: E402 - the same
from server_stub.clients.models import Client  # noqa: E402 - the same
from server_stub.clients.scope import ALL, Scope  # noqa: E402 - the same
from server_stub.sla.models import Clock, PolicyVersion  # noqa: E402 - the same
from server_stub.tickets.models import Ticket  # noqa: E402 - the same
from server_stub.tickets.queries import Only, clocks_of, queue  # noqa: E402 - the same
from tests.support.databases import Databases  # noqa: E402 - the same

GOAL_MS = 150.0
ROUNDS = 30
START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def main() -> int:
    """Measure on a database made for it, which is removed afterwards."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tickets", type=int, default=100_000)
    options.add_argument("--postgresql", action="store_true", help="else SQLite")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        walls.open_to_all()
        databases = Databases(Path(folder) / "made")
        (Path(folder) / "made").mkdir()
        product = "postgresql" if given.postgresql else "sqlite"
        made = databases.fresh(product, Path(folder) / "server")
        fill(given.tickets)
        slowest = measured(given.tickets, product)
        databases.drop(made)
        databases.close()
    return int(slowest > GOAL_MS)


def fill(tickets: int) -> None:
    """Write open tickets of a hundred clients, each with a resolution clock."""
    clients = [Client.objects.create(name=f"Client {number}") for number in range(100)]
    version = PolicyVersion.objects.create(name="default", hash="0" * 64, text="")
    for first in range(0, tickets, 5_000):
        dues = [START + timedelta(seconds=n * 7919 % 864_000) for n in range(first, first + 5_000)]
        rows = Ticket.objects.bulk_create(
            Ticket(
                client=clients[number % 100],
                title=f"Matter {number}",
                priority=("urgent", "high", "normal", "low")[number % 4],
                next_due_at=due_at,
            )
            for number, due_at in enumerate(dues, first)
        )
        Clock.objects.bulk_create(
            Clock(
                ticket=row,
                policy_version=version,
                name="resolution",
                started_at=START,
                due_at=row.next_due_at,
            )
            for row in rows
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measured(tickets: int, product: str) -> float:
    """Print how long it takes; return the median in milliseconds, of the slowest of three ways."""
    asked = {
        "whole": (ALL, Only()),
        "one priority": (ALL, Only(priority=Priority.HIGH.value)),
        "one client": (Scope.of([1]), Only()),
    }
    worst = 0.0
    for name, (scope, only) in asked.items():
        spent = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            page = queue(scope, only=only)
            clocks_of(scope, page.tickets)
            spent.append((time.perf_counter() - began) * 1000)
        median = statistics.median(spent)
        worst = max(worst, median)
        print(
            f"{product}, {tickets} open tickets, queue {name}: median {median:.1f} ms, slowest "
            f"{max(spent):.1f} ms (goal {GOAL_MS:.0f} ms)"
        )
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
