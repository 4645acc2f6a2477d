"""A technician, and passwords that are hashed quickly."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache

from server_stub.desk.models import Technician
from tests.server_stub.desk.signing import EMAIL
from tests.support import desk_rows
from tests.support.databases import ServerDatabase


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the least memory: the real cost is a tenth of a second each time."""
    for name, value in (("time_cost", 1), ("memory_cost", 8), ("parallelism", 1)):
        monkeypatch.setattr(Argon2PasswordHasher, name, value)


@pytest.fixture(autouse=True)
def _no_tries_yet() -> Iterator[None]:
    """Forget tries and used codes: with SQLite they are counted in this process."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ana(database: ServerDatabase) -> Technician:
    """Return a technician who sees everything."""
    return desk_rows.technician(EMAIL)
