"""Which volumes are real, on recorded mount tables of many kinds of systems.

Each file holds what it shows, the volumes expected, which devices are removable and which
mount points are folders (default: all), then the table as the kernel writes it.
"""

from pathlib import Path

import pytest

from agent.host import mounts
from agent.host.mounts import MountTable
from agent.host.room import target_of

TABLES = sorted(Path(__file__).parent.glob("mount_tables/*.txt"))


class Recorded:
    def __init__(self, file: Path) -> None:
        self.expected: dict[str, list[str]] = {}
        lines = file.read_bytes().splitlines(keepends=True)
        while lines and not lines[0][:1].isdigit():
            name, _, values = lines.pop(0).decode().strip().partition(":")
            self.expected[name] = [
                value.strip(" ") for value in values.split(" | ") if value.strip()
            ]
        self.table = b"".join(lines)

    def removable(self, device: str) -> bool:
        return device in self.expected["removable"]

    def is_folder(self, path: str) -> bool:
        return path in self.expected.get("folders", [path])


@pytest.mark.parametrize("file", TABLES, ids=lambda file: file.stem)
def test_the_real_volumes_are_found(file: Path) -> None:
    recorded = Recorded(file)
    found = mounts.real(mounts.parse(recorded.table), recorded.removable, recorded.is_folder)
    assert [volume.target for volume in found] == recorded.expected["real"]
    risky = [volume.target for volume in found if not volume.plain and volume.kind != "zfs"]
    assert risky == recorded.expected.get("risky", [])


def test_there_are_tables_of_many_systems() -> None:
    assert len(TABLES) >= 15


def test_a_pool_knows_the_other_file_systems_in_it() -> None:
    recorded = Recorded(Path(__file__).parent / "mount_tables" / "ubuntu_zfs.txt")
    found = mounts.real(mounts.parse(recorded.table), recorded.removable, recorded.is_folder)
    pooled = {volume.target: volume.pooled for volume in found}
    assert pooled == {"/": ("/home/ann_1", "/var/lib/apt"), "/boot": (), "/tank": ()}
    assert not any(volume.plain for volume in found), "a suspended pool blocks its callers"


def test_a_rule_can_name_what_is_not_found_by_itself() -> None:
    recorded = Recorded(Path(__file__).parent / "mount_tables" / "office_client_network_shares.txt")
    named = {volume.target: volume for volume in mounts.mounted(mounts.parse(recorded.table))}
    assert {"/mnt/nas", "/mnt/share", "/home/ann/remote"} <= named.keys()
    assert not named["/mnt/nas"].plain
    assert "/net" not in named, "asking an automounter would mount"


def test_what_a_sandbox_mounts_on_itself_is_no_volume_of_its_own() -> None:
    """Else a rule for /boot would watch the room of / a second time on a computer without one."""
    table = mounts.parse(
        b"20 1 8:1 / / rw - ext4 /dev/root rw\n"
        b"21 20 8:1 /boot /boot ro - ext4 /dev/root rw\n"
        b"22 20 8:2 / /data rw - btrfs /dev/sdb rw\n"
        b"23 22 8:2 /a /data/a ro - btrfs /dev/sdb rw\n"
        b"24 20 8:1 /srv/www /var/www rw - ext4 /dev/root rw\n"
    )
    assert [volume.target for volume in mounts.mounted(table)] == ["/", "/data", "/var/www"]


def test_a_name_that_is_not_text_can_be_shown_and_still_be_asked() -> None:
    [mount] = mounts.parse(b"20 1 8:1 / /mnt/\xff\xe9 rw - ext4 /dev/root rw\n")
    [volume] = mounts.mounted([mount])
    assert volume.path.encode(errors="surrogateescape") == b"/mnt/\xff\xe9"
    assert volume.target == "/mnt/\ufffd\ufffd"
    volume.target.encode()


def test_a_target_is_never_longer_than_the_wire_takes() -> None:
    name = target_of("/" + "x" * 300)
    assert len(name) == 200
    assert name.startswith("…x")


def test_a_changed_table_is_read_again_and_an_unchanged_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mountinfo"
    file.write_bytes(b"20 1 8:1 / / rw - ext4 /dev/root rw\n")
    table = MountTable(str(file))
    first = table.read()
    assert [volume.target for volume in first[0]] == ["/"]
    with monkeypatch.context() as patch:
        patch.setattr(mounts, "parse", lambda _table: pytest.fail("judged again"))
        assert table.read() is first
    with file.open("ab") as more:
        more.write(b"21 20 8:2 / /mnt rw - ext4 /dev/sdb rw\n")
    assert [volume.target for volume in table.read()[0]] == ["/", "/mnt"]


def test_this_computers_own_table_is_understood() -> None:
    _, every = MountTable().read()
    assert {"/"} <= {volume.target for volume in every}
