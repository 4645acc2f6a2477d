"""Cleaning is of old plain files in the system's temporary folders, and of nothing else."""

import os
from pathlib import Path

import pytest

from agent import clock
from agent.action_api import ActionError
from agent.actions import clean_temporary_files as clean

NOW_S = clock.now().wall.timestamp()
OLD_S = NOW_S - 40 * 86_400


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder whose files' changes of metadata are as old as their content.

    Nobody can set a file's ctime back, so here it does not count.
    """
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(clean, "_FOLDERS", (str(folder),))
    monkeypatch.setattr(clean, "_latest", lambda found: max(found.st_mtime, found.st_atime))
    return folder


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
    found = clean._old(str(folder), 86_400)
    one = next(found)
    (folder / "trap").rename(tmp_path / "away")
    (folder / "trap").symlink_to(precious.parent)

    assert one.remove()
    assert precious.exists()
    assert not (tmp_path / "away" / "thesis.txt").exists()


@pytest.mark.needs_root
def test_another_file_system_is_left_alone(folder: Path) -> None:
    import subprocess  # noqa: PLC0415 - here alone

    (folder / "mount").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", folder / "mount"], check=True)
    try:
        kept = old(folder / "mount" / "kept")
        old(folder / "junk")
        clean.act("", {})
        assert kept.exists()
    finally:
        subprocess.run(["umount", folder / "mount"], check=True)


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
