"""history.db on disks that are well, full or damaged: nothing is ever raised."""

import random
from pathlib import Path

from agent.store.history_file import MOST_WAITING, NAME, HistoryFile, SeriesKey
from tests.agent.store.samples import HandClock
from tests.agent.store.test_damage import KINDS
from tests.support.seeds import long_run

MUTATIONS = 1000 if long_run() else 60

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


def test_a_damaged_file_is_begun_anew_or_goes_on_and_nothing_is_raised(tmp_path: Path) -> None:
    """In all the ways in which agent.db is damaged, and more: the message may be garbled too."""
    path = tmp_path / "sound" / NAME
    path.parent.mkdir()
    HistoryFile(path.parent).append([(DISK, float(n), float(n)) for n in range(2_000)])
    sound, folder = path.read_bytes(), tmp_path / "state"
    folder.mkdir()
    for seed in range(MUTATIONS):
        dice = random.Random(seed)  # noqa: S311 - to be repeated
        content = bytearray(sound)
        kind = dice.choice([one for one in KINDS if one is not None])
        kind(content, dice)
        (folder / NAME).write_bytes(content)
        what = f"seed {seed}: {kind.__name__}"
        file = HistoryFile(folder)

        for n in range(3):
            file.append([(DISK, 1e6 + n, 1.0)])
            file.samples(DISK, 0)
            file.series()

        assert (1e6 + 2, 1.0) in file.samples(DISK, 0), what


def test_a_journal_of_a_file_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.append([(DISK, 1.0, 1.0)])
    (tmp_path / f"{NAME}-journal").write_bytes((tmp_path / NAME).read_bytes())
    (tmp_path / NAME).unlink()

    file.append([(DISK, 2.0, 2.0)])

    assert file.samples(DISK, 0) == [(2.0, 2.0)]


def test_what_keeps_it_from_being_used_is_told_until_it_works_again(tmp_path: Path) -> None:
    place = tmp_path / "gone"
    file = HistoryFile(place, read_clock=HandClock())
    assert file.trouble == ""

    assert not file.append([(DISK, 1.0, 1.0)])
    assert not file.append([(DISK, 2.0, 1.0)])

    assert file.trouble == (
        "The agent's history cannot be used since 2026-11-21T08:16:40.000Z: [Errno 2] No such file "
        f"or directory: '{place / NAME}'. Checks and alerts go on, 2 samples are kept in memory. "
        "See to the disk with the state folder; the agent goes on by itself."
    )
    place.mkdir()
    assert file.append([])
    assert file.trouble == ""


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
