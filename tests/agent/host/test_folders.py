"""The largest folders of a volume, on real file systems."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.host import folders
from agent.host.folders import Folder, largest
from tests.support import volumes as real_volumes

_MIB = 1024 * 1024


def write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))


def told(found: list[Folder], root: Path) -> list[str]:
    return [str(Path(one.path).relative_to(root)) for one in found]


def test_the_one_that_holds_most_comes_first_with_all_below_it(tmp_path: Path) -> None:
    write(tmp_path / "a/b/c/d/e/big.bin", 3 * _MIB)
    write(tmp_path / "a/other.bin", _MIB)
    write(tmp_path / "logs/x.log", 2 * _MIB)
    write(tmp_path / "at the top.bin", 5 * _MIB)
    found = largest(str(tmp_path))
    assert told(found, tmp_path) == ["a", "a/b/c", "logs"], "what is deeper counts for c"
    assert 4 * _MIB <= found[0].bytes < 4.2 * _MIB
    assert found[0].entries == 6
    assert not found[0].cut


def test_a_file_with_holes_is_as_large_as_what_it_takes(tmp_path: Path) -> None:
    write(tmp_path / "real/file", _MIB)
    (tmp_path / "thin").mkdir()
    with (tmp_path / "thin" / "image").open("wb") as file:
        file.truncate(10**12)
    assert told(largest(str(tmp_path)), tmp_path)[0] == "real"


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "outside/file", 4 * _MIB)
    volume = tmp_path / "volume"
    write(volume / "own/file", 1)
    (volume / "own" / "link").symlink_to(tmp_path / "outside")
    (volume / "ring").symlink_to(volume)
    found = largest(str(volume))
    assert told(found, volume) == ["own"]
    assert found[0].bytes < _MIB


def test_folders_that_hold_the_most_files(tmp_path: Path) -> None:
    write(tmp_path / "one/large", _MIB)
    for number in range(30):
        write(tmp_path / "spool" / "in" / f"{number}", 1)
    found = largest(str(tmp_path), by_entries=True)
    assert told(found, tmp_path) == ["spool/in", "one"], "spool is told by what is in it"
    assert found[0].entries == 30


def test_the_look_is_bounded_and_says_that_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_ENTRIES", 40)
    monkeypatch.setattr(folders, "MOST_IN_ONE", 20)
    for name in ("a", "b", "c"):
        for number in range(30):
            write(tmp_path / name / f"{number}", 10)
    found = {Path(one.path).name: one for one in largest(str(tmp_path), by_entries=True)}
    assert sum(one.entries for one in found.values()) <= 40
    assert all(one.cut for one in found.values())
    assert max(one.entries for one in found.values()) <= 20


def test_time_bounds_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a/file", 1)
    monkeypatch.setattr(folders, "MOST_S", -1.0)
    assert largest(str(tmp_path)) == []


def test_a_folder_that_may_not_be_read_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path / "a/file", _MIB)
    (tmp_path / "gone").mkdir()
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("gone"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        assert told(largest(str(tmp_path)), tmp_path)[0] == "a"
    with pytest.raises(OSError, match="No such file"):
        largest(str(tmp_path / "nowhere"))


@pytest.mark.needs_root
@pytest.mark.needs("mkfs.ext4")
class TestARealVolume:
    @pytest.fixture
    def volume(self, tmp_path: Path) -> Iterator[Path]:
        made = real_volumes.ext4(tmp_path, megabytes=32)
        yield made.mount_point
        made.unmount()

    def test_another_file_system_mounted_on_it_is_none_of_its_room(self, volume: Path) -> None:
        write(volume / "var/log/app/big.log", 8 * _MIB)
        inner = volume / "inner"
        inner.mkdir()
        other = real_volumes.tmpfs(inner)
        try:
            write(other.mount_point / "larger", 16 * _MIB)
            found = largest(str(volume))
        finally:
            other.unmount()
        assert told(found, volume)[0] == "var/log/app"
        assert all(one.bytes < 9 * _MIB for one in found)
