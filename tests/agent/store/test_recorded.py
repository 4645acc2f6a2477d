"""All of history.db read at once, beside an agent that writes; damaged or not there."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from agent.errors import StateError
from agent.store.history_file import NAME, HistoryFile, SeriesKey
from agent.store.recorded import recorded

DISK = SeriesKey("disk.space", "C:", "free_bytes")
CPU = SeriesKey("cpu", "cpu", "busy_percent")


def test_every_series_comes_back_in_the_order_of_its_making(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.append([(DISK, 10.0, 1.0), (CPU, 10.0, 50.0), (DISK, 20.0, 2.0), (DISK, 15.0, 3.0)])

    assert recorded(tmp_path) == {
        DISK: [(10.0, 1.0), (20.0, 2.0), (15.0, 3.0)],
        CPU: [(10.0, 50.0)],
    }
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_without_a_history_it_says_so_and_begins_none(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="there is no"):
        recorded(tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_is_told_or_read_and_never_changed(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    HistoryFile(tmp_path).append([(DISK, float(n), float(n)) for n in range(500)])
    path = tmp_path / NAME
    content = bytearray(path.read_bytes())
    for _ in range(dice.randint(1, 100)):
        content[dice.randrange(len(content))] = dice.randrange(256)
    path.write_bytes(content)

    with suppress(StateError):
        found = recorded(tmp_path)
        assert all(isinstance(v, float) for one in found.values() for row in one for v in row)

    assert path.read_bytes() == bytes(content)
