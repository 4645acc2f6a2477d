"""Device routes over a fresh database, and devices to call them."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from server_stub.clients.models import Device
from server_stub.intake import promises
from server_stub.intake.application import DeviceRoutes
from server_stub.intake.limits import Allowance, Rate
from server_stub.sla.models import PolicyVersion
from server_stub.sla.policy import DEFAULT, load
from tests.server_stub.intake.caller import Caller
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device, a_site

UNLIMITED = Rate(per_s=1e9, burst=1e12)


def no_django(_environ: Any, start_response: Any) -> list[bytes]:
    """Stand for Django: whatever is no device route ends here."""
    start_response("299 Django", [])
    return [b"django"]


@pytest.fixture
def policy(database: ServerDatabase) -> PolicyVersion:
    """Return the default policy, stored as ``init`` does."""
    promises._policy.cache_clear()  # a version's number means another one in another database
    promises._first_due.cache_clear()
    found = load(DEFAULT)
    return PolicyVersion.objects.create(name="default", hash=found.hash, text=found.text)


@pytest.fixture
def routes(database: ServerDatabase, policy: PolicyVersion) -> Iterator[DeviceRoutes]:
    """Return device routes without rate limits; their writer ends with the test."""
    made = DeviceRoutes(no_django, allowance=Allowance(UNLIMITED, UNLIMITED))
    yield made
    made.close()


@pytest.fixture
def new_device(routes: DeviceRoutes) -> Callable[..., Caller]:
    """Return a function that makes a device, of a new client unless told, and its caller."""

    def make(**fields: Any) -> Caller:
        token = new_credential(CredentialPrefix.DEVICE)
        client = fields.pop("client", None) or a_client()
        site = fields.pop("site", None) or a_site(client, time_zone="Europe/Paris")
        device = a_device(client, site=site, **fields)
        Device.objects.filter(id=device.id).update(token_hash=credential_hash(token))
        return Caller(routes, token)

    return make


@pytest.fixture
def device(new_device: Callable[..., Caller]) -> Caller:
    """Return the caller of one device."""
    return new_device()


@pytest.fixture
def in_threads() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """Return a function that calls another one in ``count`` threads at once, in order of number.

    Each closes its own database connection, as a thread that ends does not.
    """

    def run(count: int, function: Callable[[int], Any]) -> list[Any]:
        results: list[Any] = [None] * count
        start = threading.Barrier(count)

        def work(number: int) -> None:
            start.wait()
            try:
                results[number] = function(number)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    return run
