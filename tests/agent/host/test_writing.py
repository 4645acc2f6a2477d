"""What an answer to a write says, and which volumes are asked."""

import errno
import os
from pathlib import Path

import pytest

from agent.errors import CheckDeniedError, CheckError
from agent.host import mounts, probe_child
from agent.host.room import Volume
from agent.host.write_places import MountedPlaces, choose, on_macos, writable_by_fstab
from agent.host.writing import Place, counted_errors, verdict

HOME = Place("/home", "/home", "8:1", "ext4")
MOUNTED_RO = HOME._replace(read_only=True)


class TestWhatAnAnswerSays:
    @pytest.mark.parametrize("code", [errno.EIO, errno.EUCLEAN, errno.ENXIO, errno.EROFS])
    def test_an_error_of_the_disk_or_file_system_is_a_failure(self, code: int) -> None:
        assert verdict(HOME, f"{code} whatever", None) == "failed"

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
    def test_a_full_one_works(self, code: int) -> None:
        assert verdict(HOME, f"{code} No space left on device", 3) == "full"

    def test_a_write_that_succeeds_is_ok_whatever_was_counted_before(self) -> None:
        assert verdict(HOME, "0", 12) == "ok"

    def test_one_mounted_read_only_has_not_failed(self) -> None:
        assert verdict(MOUNTED_RO, f"{errno.EROFS} Read-only file system", 0) == "read_only"
        assert verdict(MOUNTED_RO, f"{errno.EROFS} Read-only file system", None) == "read_only"

    def test_unless_it_has_counted_errors(self) -> None:
        """Older kernels turn a failed ext4 read-only in its mount table, too."""
        assert verdict(MOUNTED_RO, f"{errno.EROFS} Read-only file system", 1) == "failed"

    def test_a_sandbox_or_a_missing_right_is_no_failure(self) -> None:
        in_sandbox = verdict(HOME._replace(closed=True), f"{errno.EROFS} Read-only", None)
        assert isinstance(in_sandbox, CheckDeniedError)
        assert isinstance(verdict(HOME, f"{errno.EACCES} Permission denied", 1), CheckDeniedError)

    @pytest.mark.parametrize("code", [errno.ENOENT, errno.EMFILE, errno.ENOMEM, errno.EISDIR])
    def test_other_errors_tell_nothing_of_the_volume(self, code: int) -> None:
        found = verdict(HOME, f"{code} some other reason", None)
        assert isinstance(found, CheckError)
        assert found.reason == "some other reason"


class TestTheProbe:
    def test_it_leaves_nothing_behind(self, tmp_path: Path) -> None:
        assert probe_child.written(str(tmp_path)) == "0"
        assert list(tmp_path.iterdir()) == []

    def test_it_replaces_what_a_killed_one_left(self, tmp_path: Path) -> None:
        (tmp_path / ".watchdesk-write-probe").write_text("half")
        assert probe_child.written(str(tmp_path)) == "0"
        assert list(tmp_path.iterdir()) == []

    def test_it_follows_no_link(self, tmp_path: Path) -> None:
        precious = tmp_path / "precious"
        precious.write_text("kept")
        (tmp_path / ".watchdesk-write-probe").symlink_to(precious)
        assert probe_child.written(str(tmp_path)) == "0"
        assert precious.read_text() == "kept"
        assert list(tmp_path.iterdir()) == [precious]

    def test_a_folder_that_is_gone_is_told_by_its_error(self, tmp_path: Path) -> None:
        assert probe_child.written(str(tmp_path / "gone")) == "2 No such file or directory"

    def test_what_comes_back_changed_is_an_input_output_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "read", lambda *_: b"another disk's block")
        assert probe_child.written(str(tmp_path)).startswith(f"{errno.EIO} ")


class TestErrorsCounted:
    def test_ext4_counts_them_by_its_device(self, tmp_path: Path) -> None:
        (tmp_path / "dev/block").mkdir(parents=True)
        (tmp_path / "dev/block/8:1").symlink_to("../../devices/pci0/ata1/block/sda/sda1")
        (tmp_path / "fs/ext4/sda1").mkdir(parents=True)
        (tmp_path / "fs/ext4/sda1/errors_count").write_text("7\n")
        assert counted_errors(HOME, str(tmp_path)) == 7
        assert counted_errors(HOME._replace(kind="ext3"), str(tmp_path)) == 7
        assert counted_errors(HOME._replace(kind="xfs"), str(tmp_path)) is None
        assert counted_errors(HOME._replace(device="8:2"), str(tmp_path)) is None


def chosen(*lines: str, should_be: tuple[str, ...] = ()) -> dict[str, Place]:
    table = mounts.parse("\n".join(lines).encode())
    found = choose(table, should_be, lambda device: device == "8:99", lambda path: "." not in path)
    return {place.target: place for place in found}


class TestWhichVolumes:
    def test_writable_ones_in_their_root(self) -> None:
        found = chosen(
            "20 1 8:1 / / rw - ext4 /dev/sda1 rw",
            "21 20 8:2 / /home rw - xfs /dev/sda2 rw",
            "22 20 0:9 / /mnt/nas rw - nfs4 nas:/ rw",
            "23 20 7:1 / /snap/core ro - squashfs /dev/loop1 ro",
            "24 20 8:99 / /media/stick rw - vfat /dev/sdc1 rw",
            "25 20 8:3 / /boot rw - ext4 /dev/sda3 rw",
            "26 25 8:4 / /boot/efi rw - vfat /dev/sda4 rw",
        )
        assert {target: place.folder for target, place in found.items()} == {
            "/": "/",
            "/home": "/home",
        }

    def test_a_read_only_one_only_if_it_should_be_writable(self) -> None:
        rescue = "21 20 8:2 / /rescue ro - ext4 /dev/sda2 ro"
        assert chosen(rescue) == {}
        assert chosen(rescue, should_be=("/rescue",))["/rescue"].read_only

    def test_in_a_sandbox_where_this_service_may_write(self) -> None:
        """As systemd makes it with ProtectSystem=strict and a state folder."""
        found = chosen(
            "20 1 8:1 / / ro - ext4 /dev/sda1 rw",
            "21 20 8:2 / /home ro - ext4 /dev/sda2 rw",
            "22 20 8:1 /var/lib/watchdesk /var/lib/watchdesk rw - ext4 /dev/sda1 rw",
        )
        assert {place.target: place.folder for place in found.values()} == {
            "/": "/var/lib/watchdesk"
        }
        assert not found["/"].closed

    def test_fstab_tells_what_should_be_writable(self) -> None:
        wanted = writable_by_fstab("""
# <file system> <mount point> <type> <options> <dump> <pass>
UUID=1 / ext4 errors=remount-ro 0 1
UUID=2 /srv/old\\040files ext4 defaults,noatime 0 2
UUID=3 /mnt/archive ext4 nodev,ro,noatime 0 2
#UUID=4 /gone ext4 defaults 0 2
broken line
""")
        assert wanted == {"/", "/srv/old files"}

    def test_one_that_was_writable_before_is_still_watched(self, tmp_path: Path) -> None:
        table = tmp_path / "mountinfo"
        places = MountedPlaces(str(table), str(tmp_path / "no-fstab"))
        seen = []
        for state in ("rw", "ro"):
            table.write_text(f"20 1 8:1 / {tmp_path} {state} - ext4 /dev/sda1 {state}\n")
            expected, every = places.read()
            seen.append([(place.target, place.read_only) for place in expected])
            assert [place.target for place in every] == [str(tmp_path)]
        assert seen == [[(str(tmp_path), False)], [(str(tmp_path), True)]]

    def test_macos_writes_beside_its_sealed_root_and_not_on_images(self) -> None:
        root, data, image = (
            Volume(path, path, "apfs", plain=True) for path in ("/", "/Volumes/Work", "/Volumes/I")
        )
        expected, every = on_macos(
            ([root, data, image], [root, data, image]), lambda path: path == "/Volumes/I"
        )
        assert [(place.target, place.folder) for place in expected] == [
            ("/", "/private/var/tmp"),
            ("/Volumes/Work", "/Volumes/Work"),
        ]
        assert len(every) == 3
