"""What every test gets: Django without a database, databases on request, no network."""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import in_memory, needs

# No test reaches a database by accident: until the fixture names one, there is none.
os.environ["DJANGO_SETTINGS_MODULE"] = "server_stub.settings"
os.environ["WATCHDESK_DATA"] = "/nonexistent/no-database-without-the-fixture"
os.environ.pop("WATCHDESK_DATABASE_URL", None)
os.environ["WATCHDESK_LOG"] = "WARNING"

import django

django.setup()

from server_stub import walls  # noqa: E402 - needs Django's set-up

# How long an example takes tells of the machine's other work alone.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

walls.open_to_all()  # rows are made by tests as by a command; what is served closes itself

from tests.support.databases import (  # noqa: E402 - needs Django's set-up
    VENDORS,
    Databases,
    ServerDatabase,
)
from tests.support.server_process import ServerProcess  # noqa: E402 - the same


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker ``long`` known."""
    config.addinivalue_line("markers", "long: takes about half a minute or more: begun first")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: begun last, it would keep one process busy and others idle."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look at the markers ``needs`` and ``needs_root``."""
    needs.check(item)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes databases; most tests want ``database``, ``sqlite`` or ``postgresql``."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """Where a server's data folder is to be made: every commit waits for what it is on."""
    with tempfile.TemporaryDirectory(prefix="wd-data-", dir=in_memory.place()) as folder:
        yield Path(folder) / "server"


@pytest.fixture(params=VENDORS)
def database(
    request: pytest.FixtureRequest, databases: Databases, data_folder: Path
) -> Iterator[ServerDatabase]:
    """A fresh database behind Django's default connection; the test runs once on each product."""
    fresh = databases.fresh(request.param, data_folder)
    yield fresh
    databases.drop(fresh)


@pytest.fixture
def sqlite(databases: Databases, data_folder: Path) -> Iterator[ServerDatabase]:
    """A fresh SQLite database, for what is about SQLite only or about neither."""
    fresh = databases.fresh("sqlite", data_folder)
    yield fresh
    databases.drop(fresh)


@pytest.fixture
def postgresql(databases: Databases, data_folder: Path) -> Iterator[ServerDatabase]:
    """A fresh PostgreSQL database, for what is about PostgreSQL only."""
    fresh = databases.fresh("postgresql", data_folder)
    yield fresh
    databases.drop(fresh)


@pytest.fixture
def server_process(data_folder: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Start real servers: ``server_process(database, *serve_arguments, **environment)``.

    All are stopped at the end of the test, before their data folder goes.
    """
    started: list[ServerProcess] = []

    def start(database: ServerDatabase, *arguments: str, **environment: str) -> ServerProcess:
        started.append(ServerProcess(database, *arguments, **environment))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0]) if isinstance(address, tuple) else ""
            if not (host.startswith("127.") or host in ("::1", "localhost")):
                raise AssertionError(f"a test may not connect to {host}")
        connect(self, address)  # type: ignore[arg-type] # any family's address

    monkeypatch.setattr(socket.socket, "connect", guarded)
