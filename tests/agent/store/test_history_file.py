"""history.db on disks that are well, full or damaged: nothing is ever raised."""

import random
from pathlib import Path

import pytest

from agent.store.history_file import MOST_WAITING, NAME, HistoryFile, SeriesKey

DISK = SeriesKey("disk.space", "C:", "free_bytes")
CPU = SeriesKey("cpu", "cpu", "busy_percent")


def test_samples_come_back_in_order_with_the_last_one_before(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.append([(DISK, 10.0, 1.0), (CPU, 10.0, 50.0), (DISK, 20.0, 2.0)])
    file.append([(DISK, 30.0, 3.0)])

    assert file.samples(DISK, 0) == [(10.0, 1.0), (20.0, 2.0), (30.0, 3.0)]
    assert file.samples(DISK, 25) == [(20.0, 2.0), (30.0, 3.0)]
    assert HistoryFile(tmp_path).series() == [DISK, CPU]


def test_it_is_for_the_agent_alone(tmp_path: Path) -> None:
    HistoryFile(tmp_path).append([(DISK, 1.0, 1.0)])

    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_the_oldest_samples_go_when_there_are_too_many(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path, most=10)
    for n in range(25):
        file.append([(DISK, float(n), float(n))])

    assert [at_s for at_s, _ in file.samples(DISK, 0)] == [float(n) for n in range(15, 25)]


def test_a_wrong_clock_loses_nothing(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.append([(DISK, 4e9, 1.0)])
    file.append([(DISK, 2e9, 2.0)])

    assert file.samples(DISK, 0) == [(4e9, 1.0), (2e9, 2.0)]


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_file_is_begun_anew(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    file = HistoryFile(tmp_path)
    file.append([(DISK, float(n), float(n)) for n in range(200)])
    path = tmp_path / NAME
    content = bytearray(path.read_bytes())
    for _ in range(dice.randint(1, 400)):
        content[dice.randrange(len(content))] = dice.randrange(256)
    path.write_bytes(content[: dice.randint(0, len(content))])

    for n in range(3):
        file.append([(DISK, 1000.0 + n, 1.0)])

    assert (1002.0, 1.0) in file.samples(DISK, 0)


def test_what_cannot_be_written_waits_within_bounds(tmp_path: Path) -> None:
    place = tmp_path / "gone"
    file = HistoryFile(place)
    for n in range(MOST_WAITING + 5):
        file.append([(DISK, float(n), 1.0)])
    place.mkdir()

    file.append([])

    assert [at_s for at_s, _ in HistoryFile(place).samples(DISK, 0)] == [
        float(n) for n in range(5, MOST_WAITING + 5)
    ]
