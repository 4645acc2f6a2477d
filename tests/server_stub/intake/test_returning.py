"""Many devices back from one power cut, some cut off: every event once, none twice.

The bench ``bench/returning.py`` in small and hurried: there 2,000 take two minutes, with figures.
"""

from collections.abc import Callable
from random import Random
from urllib.parse import urlsplit

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from bench.returning import EVENTS, Clock, Device, Kept, come_back, kept, three_events
from server_stub.sla.models import PolicyVersion
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device
from tests.support.server_process import ServerProcess

DEVICES = 60


def test_what_a_returning_fleet_sends_arrives_exactly_once(
    database: ServerDatabase,
    policy: PolicyVersion,
    server_process: Callable[..., ServerProcess],
) -> None:
    devices = [a_returning_device() for _ in range(DEVICES)]
    where = urlsplit(server_process(database).url)
    assert where.hostname
    assert where.port

    chance = Random(7)  # noqa: S311 - keeps no secret
    mishaps = come_back((where.hostname, where.port), devices, chance, Clock(speed=40))

    assert mishaps == DEVICES // 10
    results = [result for device in devices for result in device.results]
    assert len(results) == DEVICES * EVENTS
    assert 0 < results.count("duplicate") <= mishaps * EVENTS
    assert set(results) == {"accepted", "duplicate"}
    assert kept() == Kept(DEVICES * EVENTS, DEVICES * 2, DEVICES * EVENTS, doubled=0)


def a_returning_device() -> Device:
    token = new_credential(CredentialPrefix.DEVICE)
    device = a_device(a_client())
    device.token_hash = credential_hash(token)
    device.save(update_fields=["token_hash"])
    return Device(token, three_events())
