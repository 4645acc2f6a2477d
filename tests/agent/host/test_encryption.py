"""Whether the system's volume is encrypted, by what each system tells."""

from pathlib import Path

import pytest

from agent.errors import CheckError, UnsupportedCheckError
from agent.host.encryption import by_bitlocker, by_filevault, on_linux, root_source


class Disks:
    """A sysfs with these block devices: number, name, kind (device mapper's), what lies below."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "sys"
        self.mounts = folder / "mountinfo"

    def add(self, number: str, place: str, uuid: str = "", slaves: tuple[str, ...] = ()) -> None:
        device = self.folder / "devices" / place
        (device / "slaves").mkdir(parents=True)
        if uuid:
            (device / "dm").mkdir()
            (device / "dm" / "uuid").write_text(uuid + "\n")
        for slave in slaves:
            (device / "slaves" / Path(slave).name).symlink_to(self.folder / "devices" / slave)
        self.number(number, place)

    def partition(self, number: str, place: str) -> None:
        (self.folder / "devices" / place).mkdir(parents=True)
        self.number(number, place)

    def number(self, number: str, place: str) -> None:
        numbers = self.folder / "dev" / "block"
        numbers.mkdir(parents=True, exist_ok=True)
        (numbers / number).symlink_to(self.folder / "devices" / place)

    def read(self, number: str, kind: str = "ext4", source: str = "/dev/root") -> str:
        self.mounts.write_text(
            f"20 1 0:3 / /proc rw - proc proc rw\n22 1 {number} / / rw,relatime shared:1 - "
            f"{kind} {source} rw\n"
        )
        return on_linux(self.mounts, self.folder)


@pytest.fixture
def disks(tmp_path: Path) -> Disks:
    made = Disks(tmp_path)
    made.add("8:0", "ata1/sda")
    made.partition("8:2", "ata1/sda/sda2")
    made.add("8:16", "ata2/sdb")
    return made


def test_a_plain_partition_is_open(disks: Disks) -> None:
    assert disks.read("8:2") == "off"


def test_luks_is_encrypted_alone_and_below_lvm(disks: Disks) -> None:
    disks.add("254:0", "virtual/dm-0", "CRYPT-LUKS2-ab-sda2_crypt", ("ata1/sda/sda2",))
    disks.add("254:1", "virtual/dm-1", "LVM-x", ("virtual/dm-0",))
    assert disks.read("254:0") == "on"
    assert disks.read("254:1") == "on"


def test_lvm_on_open_disks_is_open_and_one_of_two_is_enough(disks: Disks) -> None:
    disks.add("254:0", "virtual/dm-0", "CRYPT-LUKS2-ab-sda2_crypt", ("ata1/sda/sda2",))
    disks.add("254:2", "virtual/dm-2", "LVM-y", ("ata2/sdb",))
    disks.add("254:3", "virtual/dm-3", "LVM-z", ("virtual/dm-0", "ata2/sdb"))
    assert disks.read("254:2") == "off"
    assert disks.read("254:3") == "off"


def test_what_is_on_no_disk_is_unsupported(disks: Disks) -> None:
    for number, kind, source in [("0:55", "overlay", "overlay"), ("0:25", "zfs", "rpool/ROOT")]:
        with pytest.raises(UnsupportedCheckError, match="on no disk"):
            disks.read(number, kind, source)


def test_a_source_that_is_gone_is_unknown(disks: Disks) -> None:
    with pytest.raises(CheckError, match="cannot be read"):
        disks.read("0:30", "btrfs", "/dev/no-such-device-here")


def test_the_last_mount_of_the_root_counts() -> None:
    line = "22 1 {} / / rw - ext4 {} rw\n"
    assert root_source(line.format("8:1", "/dev/a") + line.format("8:2", "/dev/b")) == (
        "8:2",
        "/dev/b",
    )
    assert root_source("22 1 8:1 / /home rw - ext4 /dev/a rw\nnonsense\n") is None


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "on"), (2, "off"), (3, "changing"), (4, "changing"), (5, "suspended"), (6, "on"),
     (0, None), (7, None)],
)  # fmt: skip
def test_bitlocker_is_a_number(number: int, word: str | None) -> None:
    assert by_bitlocker(number) == word


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("FileVault is On.\n", "on"),
        ("FileVault is Off.\n", "off"),
        ("FileVault is Off, but will be enabled after the next restart.\n", "off"),
        ("FileVault is On.\nEncryption in progress: Percent completed = 12\n", "changing"),
        ("FileVault is On.\nDecryption in progress: Percent completed = 80\n", "changing"),
        ("Error: Unable to determine.\n", None),
    ],
)
def test_filevault_is_a_sentence(said: str, word: str | None) -> None:
    assert by_filevault(said) == word
