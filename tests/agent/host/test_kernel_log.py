"""The kernel's log: what its records mean, and each counted once."""

import fcntl
import os
from pathlib import Path

import pytest

from agent.errors import CheckDeniedError, CheckError, UnsupportedCheckError
from agent.host import kernel_log
from agent.host.kernel_log import KernelLog, Record, killed, kind, parse

FIXED = {"sda": True, "sda1": True, "nvme0n1": True, "dm-0": True, "sdb": False, "sdb1": False}
"""``sdb`` is a stick; what is not here was pulled."""


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x0 phys_seg 1", "disk-bad-block"),
        ("blk_update_request: I/O error, dev nvme0n1, sector 9 op 0x1:(WRITE)", "disk-bad-block"),
        ("blk_update_request: critical medium error, dev sda, sector 7", "disk-bad-block"),
        ("critical medium error, dev sdz, sector 7 op 0x0:(READ)", "disk-bad-block"),
        ("EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2", "filesystem-corrupt"),
        ("EXT4-fs error (device sda1) in ext4_reserve_inode_write:5800", "filesystem-corrupt"),
        ("XFS (dm-0): Metadata corruption detected at xfs_agi_verify", "filesystem-corrupt"),
        ("XFS (dm-0): Corruption detected. Unmount and run xfs_repair", "filesystem-corrupt"),
        ("XFS (sda1): Internal error i != 1 at line 17", "filesystem-corrupt"),
        ("BTRFS error (device sda1): parent transid verify failed", "filesystem-corrupt"),
        ("BTRFS critical (device sda1: state EA): corrupt leaf", "filesystem-corrupt"),
        ("mce: [Hardware Error]: CPU 0: Machine Check Exception: 5 Bank 4: b2", "whea"),
        ("{1}[Hardware Error]: event severity: fatal", "whea"),
        ("Out of memory: Killed process 812 (java) total-vm:9kB", "out-of-memory"),
        ("Memory cgroup out of memory: Killed process 9 (php)", "out-of-memory"),
        # Quiet: sticks, pulled ones, other media, retries, repetitions, discards, corrected errors.
        ("I/O error, dev sdb, sector 2048 op 0x0:(READ)", None),
        ("critical medium error, dev sdb, sector 2048", None),
        ("I/O error, dev sdz, sector 2048 op 0x0:(READ)", None),
        ("I/O error, dev sr0, sector 0 op 0x0:(READ)", None),
        ("I/O error, dev loop7, sector 0 op 0x0:(READ)", None),
        ("I/O error, dev fd0, sector 0 op 0x0:(READ)", None),
        ("I/O error, dev sda, sector 5 op 0x3:(DISCARD) flags 0x800", None),
        ("Buffer I/O error on dev sda1, logical block 0, async page read", None),
        ("sd 0:0:0:0: [sda] tag#3 FAILED Result: hostbyte=DID_OK", None),
        ("critical target error, dev sda, sector 5 op 0x9:(WRITE_ZEROES)", None),
        ("EXT4-fs error (device sdb1): ext4_find_entry:1455", None),
        ("EXT4-fs (sda1): mounted filesystem with ordered data mode", None),
        ("EXT4-fs warning (device sda1): ext4_dirblock", None),
        ("XFS (sda1): Mounting V5 Filesystem", None),
        ("BTRFS error (device sda1): open_ctree failed", None),
        ("BTRFS error (device sda1): unrecognized mount option 'x'", None),
        ("BTRFS warning (device sda1): csum failed root 5", None),
        ("mce: [Hardware Error]: Machine check events logged", None),
        ("{1}[Hardware Error]: event severity: corrected", None),
        ("oom_reaper: reaped process 812 (java)", None),
        ("java invoked oom-killer: gfp_mask=0x100cca", None),
        ("evil[3]: Out of memory: Killed process 1 (x)", None),
    ],
)
def test_texts_of_the_kernel_mean_what_they_mean(text: str, means: str | None) -> None:
    assert kind(text, FIXED.get) == means


def test_a_record_is_read() -> None:
    assert parse(b"3,972,3853,-;EXT4-fs error\n SUBSYSTEM=block\n DEVICE=b8:0\n") == Record(
        972, at_s=0.003853, from_kernel=True, text="EXT4-fs error"
    )
    assert parse(b"12,973,3853,-;Out of memory: Killed process 1 (x)\n") == Record(
        973, at_s=0.003853, from_kernel=False, text="Out of memory: Killed process 1 (x)"
    )
    assert parse(b"") is None
    assert parse(b"a,b,c;d") is None


class Kernel:
    """A log in a folder of ours: a FIFO of packets gives record by record, as the device does."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "kmsg"
        os.mkfifo(self.path)
        self._writing = os.open(self.path, os.O_RDWR)
        fcntl.fcntl(self._writing, fcntl.F_SETFL, os.O_DIRECT)
        self._number = 0

    def says(self, text: str, priority: int = 3, at_s: int = 1) -> None:
        micros = at_s * 1_000_000
        os.write(self._writing, f"{priority},{self._number},{micros},-;{text}\n".encode())
        self._number += 1


def test_each_record_is_counted_once_over_looks_restarts_and_boots(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    log, memory = KernelLog(str(kernel.path)), dict[str, str]()
    kernel.says("Out of memory: Killed process 1 (before)")
    assert log.counts(memory, "boot 1")["out-of-memory"] == 0, "history"
    kernel.says("Out of memory: Killed process 2 (java)")
    assert log.counts(memory, "boot 1")["out-of-memory"] == 1
    assert log.counts(memory, "boot 1")["out-of-memory"] == 1

    restarted = KernelLog(str(kernel.path))
    restarted._found, restarted._last = log._found.copy(), log._last  # the device gives all anew
    assert restarted.counts(memory, "boot 1")["out-of-memory"] == 1
    kernel.says("usb 1-1: new device")
    assert restarted.counts(memory, "boot 1")["out-of-memory"] == 1

    assert restarted.counts(memory, "boot 2")["out-of-memory"] == 3, "another boot: all is new"


def test_the_last_record_of_a_kind_is_kept_with_the_program_it_tells_of(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    log = KernelLog(str(kernel.path))
    assert killed(log.latest("out-of-memory")) == ""
    kernel.says("Out of memory: Killed process 1 (java) total-vm:3kB")
    kernel.says("Memory cgroup out of memory: Killed process 2 (soffice.bin) total-vm:3kB")
    assert killed(log.latest("out-of-memory")) == "soffice.bin"
    assert log.latest("whea") == ""
    assert log.counts({}, "boot")["out-of-memory"] == 0


def test_what_a_process_writes_to_the_log_is_not_believed(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    log, memory = KernelLog(str(kernel.path)), dict[str, str]()
    log.counts(memory, "boot")
    kernel.says("Out of memory: Killed process 1 (x)", priority=8 + 3)
    assert log.counts(memory, "boot")["out-of-memory"] == 0


def test_one_error_said_again_and_again_is_one(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    log, memory = KernelLog(str(kernel.path)), dict[str, str]()
    log.counts(memory, "boot")
    for _ in range(3):
        kernel.says("critical medium error, dev gone, sector 7")
    kernel.says("critical medium error, dev gone, sector 8")
    assert log.counts(memory, "boot")["disk-bad-block"] == 2
    kernel.says("critical medium error, dev gone, sector 8", at_s=90)
    assert log.counts(memory, "boot")["disk-bad-block"] == 3


def test_a_log_that_cannot_be_had_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsupportedCheckError, match="no log of its kernel"):
        KernelLog(str(tmp_path / "none")).counts({}, "boot")

    def denied(*_arguments: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(CheckDeniedError, match="CAP_SYSLOG"):
        KernelLog().counts({}, "boot")
    monkeypatch.undo()
    with pytest.raises(CheckError, match="cannot be read: Is a directory"):
        KernelLog(str(tmp_path)).counts({}, "boot")


def test_a_device_stays_or_comes_and_goes_by_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_log, "_BLOCK", tmp_path / "class")
    (tmp_path / "class").mkdir()
    for name, place, removable in [
        ("sda", "pci0/ata1/sda", "0"),
        ("sdb", "pci0/usb1/1-1/sdb", "0"),
        ("mmcblk0", "soc/mmcblk0", "1"),
    ]:
        device = tmp_path / "devices" / place
        device.mkdir(parents=True)
        (device / "removable").write_text(removable + "\n")
        (device / f"{name}1").mkdir()
        (tmp_path / "class" / name).symlink_to(device)
        (tmp_path / "class" / f"{name}1").symlink_to(device / f"{name}1")
    found = {name: kernel_log.is_fixed(name) for name in ("sda", "sda1", "sdb", "sdb1", "sdz")}
    assert found == {"sda": True, "sda1": True, "sdb": False, "sdb1": False, "sdz": None}
    assert kernel_log.is_fixed("mmcblk01") is False
