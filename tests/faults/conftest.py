"""One server for each database, shared by the tests; devices of each test's own."""

import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.ground import Ground
from tests.faults.station import Station
from tests.support import seeds
from tests.support.databases import VENDORS, Databases, connect


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Chance that can be had again."""
    return seeds.dice(request)


@pytest.fixture(scope="session")
def grounds(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Ground]]:
    """Return the server on a database, made when first asked for."""
    made: dict[str, Ground] = {}

    def ground(vendor: str) -> Ground:
        if vendor not in made:
            folder = tmp_path_factory.mktemp(f"server-{vendor}")
            database = databases.fresh(vendor, folder)
            connect(folder / "no-database", "")  # rows are for its own processes
            made[vendor] = Ground(database)
        made[vendor].ensure_running()
        return made[vendor]

    yield ground
    for one in made.values():
        one.kill()


@pytest.fixture(params=VENDORS)
def ground(request: pytest.FixtureRequest, grounds: Callable[[str], Ground]) -> Ground:
    """A running server; the test runs once on each database."""
    return grounds(request.param)


@pytest.fixture
def sqlite_ground(grounds: Callable[[str], Ground]) -> Ground:
    """A running server on SQLite, for what concerns the agent only."""
    return grounds("sqlite")


@pytest.fixture
def station(sqlite_ground: Ground, tmp_path: Path) -> Iterator[Station]:
    """An enrolled device with one service; its agent is not started yet."""
    with Station(sqlite_ground, tmp_path / "station") as made:
        yield made


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a path so short that sockets can be opened by it directly."""
    with tempfile.TemporaryDirectory(prefix="wd-") as folder:
        yield Path(folder)
