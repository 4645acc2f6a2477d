"""Cleaning is of old plain files in the system's temporary folders, and of nothing else."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import clock
from agent.action_api import ActionError, RefusedActionError
from agent.actions import clean_temporary_files as clean
from agent.clock import Now

NOW_S = clock.now().wall.timestamp()
DAY_S = 86_400.0
HOUR_S = 3_600.0
OLD_S = NOW_S - 40 * DAY_S


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder whose files' changes of metadata are as old as their content.

    Nobody can set a file's ctime back, so here it does not count.
    """
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(clean, "_FOLDERS", (str(folder),))
    monkeypatch.setattr(clean, "_latest", lambda found: max(found.st_mtime, found.st_atime))
    monkeypatch.setattr(clean, "_LIVED", (str(tmp_path / "log"),))
    monkeypatch.setattr(clean, "default_state_dir", lambda: tmp_path / "none")
    sign_of_life(tmp_path / "log" / "journal" / "night.journal", NOW_S - HOUR_S - 60)
    set_clock(monkeypatch, 0, started_by=0)
    return folder


def sign_of_life(path: Path, at_s: float) -> None:
    """Leave what a running computer writes all the time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    for one in (path, path.parent):
        os.utime(one, (at_s, at_s))


def set_clock(monkeypatch: pytest.MonkeyPatch, by_s: float, *, started_by: float) -> None:
    """Set the wall clock by so much, on a computer that was started an hour ago.

    ``started_by``: by how much it was wrong when the agent began.
    """
    now = Now(HOUR_S, HOUR_S, datetime.fromtimestamp(NOW_S, UTC))
    first = now._replace(wall=now.wall + timedelta(seconds=started_by))
    monkeypatch.setattr(clock, "_FIRST", first)
    monkeypatch.setattr(clock, "now", lambda: now._replace(wall=now.wall + timedelta(seconds=by_s)))


def old(path: Path, size: int = 10_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (OLD_S, OLD_S))
    return path


def test_old_files_go_and_young_ones_stay(folder: Path) -> None:
    gone = [old(folder / "a.log"), old(folder / "deep" / "er" / "b.log")]
    stays = folder / "young.log"
    stays.write_text("x")

    said = clean.act("", {})

    assert not any(path.exists() for path in gone)
    assert stays.exists()
    assert said.startswith("removed 2 files of more than 10d (")


def test_a_file_that_was_read_lately_stays(folder: Path) -> None:
    path = old(folder / "read.db")
    os.utime(path, (NOW_S, OLD_S))

    with pytest.raises(ActionError, match="no file of more than 10d"):
        clean.act("", {})
    assert path.exists()


def test_links_are_not_followed_nor_removed(folder: Path, tmp_path: Path) -> None:
    precious = old(tmp_path / "home" / "thesis.txt")
    (folder / "to-file").symlink_to(precious)
    (folder / "to-folder").symlink_to(precious.parent)
    old(folder / "junk")

    clean.act("", {})

    assert precious.exists()
    assert (folder / "to-file").is_symlink()


def test_a_folder_replaced_by_a_link_meanwhile_does_no_harm(folder: Path, tmp_path: Path) -> None:
    """Anybody may write here: the file is removed in the folder that was opened."""
    precious = old(tmp_path / "home" / "thesis.txt")
    old(folder / "trap" / "thesis.txt")
    found = clean._old(str(folder), clean._known_ages({}))
    one = next(found)
    (folder / "trap").rename(tmp_path / "away")
    (folder / "trap").symlink_to(precious.parent)

    assert one.remove()
    assert precious.exists()
    assert not (tmp_path / "away" / "thesis.txt").exists()


@pytest.mark.needs_root
def test_another_file_system_is_left_alone(folder: Path) -> None:
    (folder / "mount").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", folder / "mount"], check=True)
    try:
        kept = old(folder / "mount" / "kept")
        old(folder / "junk")
        clean.act("", {})
        assert kept.exists()
    finally:
        subprocess.run(["umount", folder / "mount"], check=True)


@pytest.mark.needs_root
def test_a_folder_that_is_mounted_there_is_left_alone(folder: Path, tmp_path: Path) -> None:
    """A build in a chroot has its user's home mounted in /tmp: the same file system, no link."""
    precious = old(tmp_path / "home" / "bob" / "thesis.txt")
    inner = folder / "chroot" / "home"
    inner.mkdir(parents=True)
    junk = old(folder / "chroot" / "junk")
    subprocess.run(["mount", "--bind", tmp_path / "home", inner], check=True)
    try:
        assert clean.plan("", {}).startswith("would have removed 1 files")
        assert clean.act("", {}).startswith("removed 1 files")
    finally:
        subprocess.run(["umount", inner], check=True)
    assert precious.exists()
    assert not junk.exists()


@pytest.mark.parametrize("by_s", [2 * HOUR_S, 10 * DAY_S, 3_650 * DAY_S])
def test_nothing_goes_once_the_clock_was_set_ahead(
    folder: Path, monkeypatch: pytest.MonkeyPatch, by_s: float
) -> None:
    """By such a clock every file is old: the young ones and those that would be old anyway."""
    files = [old(folder / "old"), folder / "young"]
    files[1].touch()
    set_clock(monkeypatch, by_s, started_by=0)
    for way in (clean.plan, clean.act):
        with pytest.raises(RefusedActionError, match=r"the clock was set ahead by .* restart"):
            way("", {})
    assert all(path.exists() for path in files)

    set_clock(monkeypatch, 0, started_by=0)  # and right again
    clean.act("", {})
    assert [path.exists() for path in files] == [False, True]


@pytest.mark.parametrize("by_s", [10 * DAY_S, 3_650 * DAY_S])
def test_a_computer_that_starts_with_its_clock_ahead_makes_no_file_older(
    folder: Path, monkeypatch: pytest.MonkeyPatch, by_s: float
) -> None:
    """As one that was off for so long: what was used before it stopped is as old as it was then."""
    young = folder / "young"
    young.touch()
    os.utime(young, (NOW_S - DAY_S, NOW_S - DAY_S))
    set_clock(monkeypatch, by_s, started_by=by_s)

    with pytest.raises(ActionError, match=r"no file of more than 10d .*was off for .*may be wrong"):
        clean.act("", {})
    assert young.exists()

    gone = old(folder / "old")
    assert clean.act("", {}).startswith("removed 1 files")
    assert not gone.exists()
    assert young.exists()


def test_a_clock_that_was_set_back_makes_no_file_older(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [old(folder / "old"), folder / "young"]
    files[1].touch()
    set_clock(monkeypatch, -3_650 * DAY_S, started_by=0)
    with pytest.raises(ActionError, match="no file"):
        clean.act("", {})
    assert all(path.exists() for path in files)


def test_without_a_sign_of_life_only_the_time_since_the_start_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = old(folder / "old")
    monkeypatch.setattr(clean, "_LIVED", (str(tmp_path / "nothing"),))
    with pytest.raises(ActionError, match="nothing tells when this computer was on"):
        clean.act("", {})
    assert path.exists()


def test_what_the_system_keeps_there_stays(folder: Path) -> None:
    kept = [old(folder / ".X0-lock"), old(folder / "systemd-private-1" / "tmp" / "x")]
    old(folder / "junk")

    clean.act("", {})

    assert all(path.exists() for path in kept)


def test_the_age_is_the_rules_and_a_day_at_least(folder: Path) -> None:
    path = folder / "a"
    path.write_text("x")
    hours = NOW_S - 5 * 3600
    os.utime(path, (hours, hours))

    with pytest.raises(ActionError, match="no file"):
        clean.act("", {"older_than": "1h"})
    assert path.exists()


def test_a_plan_tells_how_much_would_go_and_removes_nothing(folder: Path) -> None:
    path = old(folder / "a.log", 3 * 2**20)

    assert clean.plan("", {}).startswith("would have removed 1 files of more than 10d (3 MiB)")
    assert path.exists()


def test_a_moved_or_linked_file_counts_as_used(tmp_path: Path) -> None:
    """The real rule looks at changes of metadata too."""
    path = old(tmp_path / "a")

    assert clean._latest(path.stat()) > NOW_S - 60
