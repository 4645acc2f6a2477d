"""A server's clock that once ran ahead hides nobody's silence."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from agent.protocol.words import LastWord as Word
from server_stub import database as databases
from server_stub.clients.models import Device
from server_stub.errors import SetupError
from server_stub.fleet.future import pull_back
from server_stub.fleet.models import LastSweep, Watch
from server_stub.intake.models import LastWord
from server_stub.tickets.models import Ticket
from tests.server_stub.fleet.conftest import Fleet
from tests.support.databases import ServerDatabase

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FAR = datetime(2126, 3, 4, 9, tzinfo=UTC)
"""Later than the database's own clock, beside which ours counts."""


def test_who_dies_after_the_clock_was_set_right_is_told(fleet: Fleet) -> None:
    fleet.now = FAR + timedelta(days=1)
    lost, slept, *others = fleet.add(5, kind="server")
    fleet.passes(10 * MINUTE, *fleet.devices, step=5 * MINUTE)
    fleet.hear(slept, word=Word.SHUTDOWN)
    fleet.now = FAR
    LastSweep.objects.update(at=FAR - MINUTE, hears_since=FAR - HOUR)
    fleet.sweep()
    fleet.now += MINUTE
    fleet.hear(slept)

    fleet.passes(HOUR, slept, *others, step=5 * MINUTE)

    assert Ticket.objects.get().device_id == lost.id
    assert LastWord.objects.get().taken_back_at == FAR + MINUTE


def test_what_our_own_late_clock_takes_for_the_future_stays(database: ServerDatabase) -> None:
    """A worker whose clock is behind would take everybody's last sign of life back."""
    fleet = Fleet()
    heard_at = datetime.now(UTC)
    fleet.add(last_seen_at=heard_at)
    Watch.objects.create(device=Device.objects.get(), look_at=heard_at)

    with transaction.atomic():
        pull_back(heard_at - HOUR)

    assert Device.objects.get().last_seen_at == heard_at


def test_a_clock_that_differs_from_the_databases_is_not_worked_by(
    postgresql: ServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    databases.demand_ready()
    monkeypatch.setattr(databases, "clock", lambda: datetime.now(UTC) - 13 * MINUTE)

    with pytest.raises(SetupError, match="780 s ahead of the database's"):
        databases.demand_ready()
