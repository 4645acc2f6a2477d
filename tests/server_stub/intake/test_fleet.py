"""How far devices are told to spread."""

from unittest.mock import patch

import pytest
from django.db import OperationalError

from server_stub.intake import fleet as fleets
from server_stub.intake.fleet import COUNT_EVERY_S, LONGEST_S, Fleet
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import a_heartbeat
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device


def test_a_heartbeats_answer_names_the_spread(device: Caller) -> None:
    response = device.post("heartbeat", a_heartbeat().to_text())

    assert response.tree["reconnect_spread_s"] == 1 / 25


@pytest.mark.parametrize(("devices", "spread_s"), [(0, 0), (25, 1), (1000, 40), (90_000, 120)])
def test_the_spread_grows_with_the_fleet_up_to_two_minutes(devices: int, spread_s: float) -> None:
    with patch.object(fleets, "in_use", return_value=devices):
        assert Fleet().spread_s(1000.0) == spread_s


def test_devices_are_counted_once_in_a_while(database: ServerDatabase) -> None:
    client = a_client()
    fleet = Fleet()
    assert fleet.spread_s(1000.0) == 0
    a_device(client)

    assert fleet.spread_s(999.0 + COUNT_EVERY_S) == 0
    assert fleet.spread_s(1000.0 + COUNT_EVERY_S) == 1 / 25


def test_a_database_that_does_not_answer_changes_nothing(database: ServerDatabase) -> None:
    """A heartbeat must not be refused for want of a number that hardly matters."""
    fleet = Fleet()
    with patch.object(fleets, "in_use", side_effect=OperationalError("gone")):
        assert fleet.spread_s(1000.0) == LONGEST_S
    fleet.spread_s(1000.0 + COUNT_EVERY_S)
    with patch.object(fleets, "in_use", side_effect=OperationalError("gone")):
        assert fleet.spread_s(1000.0 + 2 * COUNT_EVERY_S) == 0
