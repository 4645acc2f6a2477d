"""One Windows for all tests of a worker: setting it up takes five seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.windows import TOOLS, Windows


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here as needing Wine."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.needs(*TOOLS))


@pytest.fixture(scope="session")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    made = Windows(tmp_path_factory.mktemp("windows"))
    yield made
    made.close()
