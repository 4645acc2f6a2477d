"""The whole application over a fresh database."""

from collections.abc import Iterator

import pytest

from server_stub.intake import promises
from server_stub.intake.application import DeviceRoutes
from server_stub.intake.limits import Allowance, Rate
from server_stub.wsgi import django_application
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW

_UNLIMITED = Rate(per_s=1e9, burst=1e12)


@pytest.fixture
def routes(database: ServerDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeviceRoutes]:
    """Return the application, with the pages' clock held."""
    monkeypatch.setattr("server_stub.staff.access.utc_now", lambda: NOW)
    promises._policy.cache_clear()  # a version's number means another one in another database
    promises._first_due.cache_clear()
    made = DeviceRoutes(django_application, allowance=Allowance(_UNLIMITED, _UNLIMITED))
    yield made
    made.close()
