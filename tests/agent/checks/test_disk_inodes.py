"""Inodes: of a real volume that fills up, and which volumes have any to tell."""

import shutil
from pathlib import Path

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks.disk_inodes import CHECK, values
from agent.host import probe_child, volumes
from agent.host.room import Room, Volume
from tests.support import volumes as real_volumes


def probe(*include: str) -> dict[str, Measured | Unreadable]:
    return {found.target: found for found in CHECK.probe(TargetFilter(include))}


def measured(target: str) -> dict[str, float]:
    found = probe(target)[target]
    assert isinstance(found, Measured), found
    return {name: float(value) for name, value in found.values.items()}


@pytest.mark.needs("mkfs.ext4", "mount")
@pytest.mark.needs_root
def test_a_volume_full_of_small_files_has_room_and_no_inodes(tmp_path: Path) -> None:
    volume = real_volumes.ext4(tmp_path, options=("-N", "64"))
    target = str(volume.mount_point)
    files = volume.mount_point / "small"
    try:
        files.mkdir()
        empty = measured(target)
        for number in range(int(empty["free_count"])):
            (files / str(number)).touch()
        with pytest.raises(OSError, match="No space left"):
            (files / "one more").touch()
        full = measured(target)
        assert shutil.disk_usage(target).free > 10_000_000
        shutil.rmtree(files)
        emptied = measured(target)
        by_itself = probe()[target]
    finally:
        volume.unmount()
    assert empty["free_percent"] > 50
    assert full == {"free_percent": 0, "used_percent": 100, "free_count": 0}
    assert emptied["free_count"] == empty["free_count"] + 1
    assert isinstance(by_itself, Measured)


def test_the_shares_are_what_df_says() -> None:
    assert values(Room(10, 5, 5, inodes=400, free_inodes=100)) == {
        "free_percent": 25.0,
        "used_percent": 75.0,
        "free_count": 100,
    }


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer with volumes of many kinds; the room of each is told by its kind."""
    told = {
        "ext4": "1000 500 500 100 40",
        "xfs": "1000 500 500 100 0",
        "vfat": "1000 500 500 0 0",
        "btrfs": "1000 500 500 0 0",
        "apfs": "1000 500 500 4000 3999",
        "hfs": "1000 500 500 100 4000",
    }
    every = [Volume(f"/{kind}", f"/{kind}", kind, plain=True) for kind in told]
    monkeypatch.setattr(volumes, "read", lambda: (every, every))
    monkeypatch.setattr(probe_child, "room", lambda path: told[path[1:]])


@pytest.mark.usefixtures("known")
class TestWhichVolumes:
    def test_those_with_inodes_that_can_be_true(self) -> None:
        """More free ones than there are is no reading."""
        assert probe().keys() == {"/ext4", "/xfs"}

    def test_one_without_any_is_told_only_when_it_is_named_outright(self) -> None:
        assert probe("/ext4", "/btrfs", "/ap*") == {
            "/ext4": Measured(
                "/ext4", {"free_percent": 40.0, "used_percent": 60.0, "free_count": 40}
            ),
            "/btrfs": Unreadable("/btrfs", "btrfs has no fixed number of inodes"),
        }

    def test_one_that_is_named_and_not_there_is_told(self) -> None:
        assert probe("/gone") == {"/gone": Unreadable("/gone", "no volume is mounted there")}
