"""The fleet is looked over by whoever works, once at a time."""

from datetime import timedelta

from server_stub.fleet.due import RECURRING
from server_stub.tickets.models import Ticket
from server_stub.work.models import DueWork
from server_stub.work.recurring import plant
from server_stub.work.worker import Worker
from tests.server_stub.fleet.conftest import Fleet

ACTS = {one.kind: one.act for one in RECURRING}


def test_a_worker_sweeps_again_and_again(fleet: Fleet) -> None:
    fleet.add(kind="server")
    plant(RECURRING, fleet.now)
    plant(RECURRING, fleet.now)
    worker = Worker(ACTS, clock=lambda: fleet.now)

    turns = []
    for _ in range(60):
        turns.append(worker.turn())
        fleet.now += timedelta(seconds=20)

    assert DueWork.objects.filter(kind="fleet").count() == 1
    assert sum(turns) == 30, "every 30 seconds; looked at every 20 it is every other time"
    assert Ticket.objects.count() == 1
