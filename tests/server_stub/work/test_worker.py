"""A worker in a thread, as ``serve`` has one."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.db import connection

from server_stub.clients.models import Client
from server_stub.work.engine import Act, Claim, plan
from server_stub.work.models import DueWork
from server_stub.work.worker import Worker
from tests.support.databases import ServerDatabase
from tests.support.polling import until
from tests.support.rows import NOW

Started = Callable[[Act], Worker]


@pytest.fixture
def started() -> Iterator[Started]:
    """Start workers that do what is ``greet``; all have ended when the test has."""
    threads: list[tuple[Worker, threading.Thread]] = []

    def start(act: Act) -> Worker:
        worker = Worker({"greet": act})
        thread = threading.Thread(target=worker.run)
        threads.append((worker, thread))
        thread.start()
        return worker

    yield start
    for worker, thread in threads:
        worker.stop()
        thread.join(30)
        assert not thread.is_alive()


def greet(one: Claim, _now: datetime) -> None:
    Client.objects.create(name=one.key)


def test_it_does_what_is_due_until_it_is_stopped(
    database: ServerDatabase, started: Started
) -> None:
    plan("greet", "before", NOW)
    started(greet)
    until(lambda: Client.objects.filter(name="before").exists(), 30)

    plan("greet", "meanwhile", NOW)

    until(lambda: Client.objects.filter(name="meanwhile").exists(), 30)
    assert not DueWork.objects.exists()


def test_it_sees_every_clients_rows_and_the_caller_no_more_than_before(
    postgresql: ServerDatabase, started: Started
) -> None:
    seen = list[str]()

    def look(_one: Claim, _now: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('watchdesk.clients')")
            seen.append(cursor.fetchone()[0])
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            seen.append(cursor.fetchone()[0])

    plan("greet", "a", NOW)
    started(look)
    until(lambda: len(seen) == 2, 30)

    assert seen == ["*", "1min"]


def test_told_to_stop_it_leaves_the_rest_of_its_claims(database: ServerDatabase) -> None:
    for number in range(3):
        plan("greet", str(number), NOW)

    def once(one: Claim, now: datetime) -> None:
        greet(one, now)
        worker.stop()

    worker = Worker({"greet": once}, clock=lambda: NOW)
    worker.turn()

    assert Client.objects.count() == 1
    assert DueWork.objects.count() == 2
