"""Linux: what the kernel logs (``/dev/kmsg``), each record seen once.

The device is opened once and kept, so that a look reads what is new and no more. What a record
means is told by ``kind``, purely; whether it is about a disk of this computer, by sysfs.
"""

import os
import re
from collections import deque
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import NamedTuple

from agent.errors import CheckDeniedError, CheckError, UnsupportedCheckError

KINDS = ("disk-bad-block", "filesystem-corrupt", "whea", "out-of-memory")

_LONGEST_RECORD = 8192  # the kernel refuses to give a part of one
_MOST_KEPT = 1000
_REPEATED_S = 60.0  # one bad block, tried again and again
_BLOCK = Path("/sys/class/block")

# Not: a repeated try (tag#…), "Buffer I/O error" (the same once more), discarding that fails.
_DISK = re.compile(
    r"(?:blk_update_request: )?(?P<what>I/O error|critical medium error), dev (?P<device>[\w!-]+),"
    r"(?P<rest>.*)"
)
_HARMLESS = re.compile(r"op 0x[39]:\((?:DISCARD|WRITE_ZEROES)\)")
_NO_DISK = re.compile(r"(?:fd|sr|loop|ram|zram|nbd)\d")
_FILE_SYSTEM = re.compile(
    r"(?:EXT[234]-fs error \(device (?P<ext>[\w!-]+)(?:\)|: inode)"
    r"|XFS \((?P<xfs>[\w!-]+)\): (?:Corruption|Metadata (?:corruption|CRC error)|Internal error)"
    r"|BTRFS (?:error|critical) \(device (?P<btrfs>[\w!-]+)[^)]*\): "
    r"(?!open_ctree|.*(?:mount|option|parameter)))"
)
# Corrected errors are normal life; so is "Machine check events logged", which is said of both.
_HARDWARE = re.compile(
    r"(?:mce: )?(?:\{\d+\})?\[Hardware Error\]: (?:CPU \d+: Machine Check Exception: "
    r"|event severity: (?:fatal|recoverable|panic)|.*\bUncorrected\b)"
)
_KILLED = re.compile(r"Kill(?:ed)? process \d+,? \((?P<name>[^)]*)\)")
_NO_MEMORY = re.compile(r"(?:Memory cgroup o|O)ut of memory: Kill(?:ed)? process")


class Record(NamedTuple):
    """One record: its number since the boot, when it was written (seconds since then), its text.

    ``from_kernel``: the kernel itself wrote it.
    """

    number: int
    at_s: float
    from_kernel: bool
    text: str


def parse(record: bytes) -> Record | None:
    """Return what ``/dev/kmsg`` gives for one record; None when it is none.

    ``PRIORITY,NUMBER,MICROSECONDS,FLAGS;TEXT``, then lines of a machine's use. Processes
    may write to the log, never as the kernel (facility 0).
    """
    head, _, body = record.partition(b";")
    fields = head.split(b",")
    if len(fields) < 3 or not all(field.isdigit() for field in fields[:3]):  # noqa: PLR2004
        return None
    text = body.partition(b"\n")[0].decode("utf-8", "replace")
    priority, number, micros = map(int, fields[:3])
    return Record(number, micros / 1e6, priority >> 3 == 0, text)


def kind(text: str, is_fixed: Callable[[str], bool | None]) -> str | None:
    """Return what a text means, one of ``KINDS``; None when it means nothing of ours.

    ``is_fixed`` tells whether a block device is a disk of the computer (not a stick), None when
    it is gone: a stick that was pulled gives errors, too.
    """
    disk = _DISK.match(text)
    if disk:
        device = disk["device"]
        if _NO_DISK.match(device) or _HARMLESS.search(disk["rest"]):
            return None
        fixed = is_fixed(device)
        certain = disk["what"] == "critical medium error"
        return "disk-bad-block" if fixed or (fixed is None and certain) else None
    volume = _FILE_SYSTEM.match(text)
    if volume:
        return "filesystem-corrupt" if is_fixed(volume[volume.lastgroup or 0]) else None
    if _HARDWARE.match(text):
        return "whea"
    return "out-of-memory" if _NO_MEMORY.match(text) else None


def is_fixed(device: str) -> bool | None:
    """Tell whether a block device, or the disk of a partition, stays in the computer."""
    place = _BLOCK / device
    try:
        path = place.resolve(strict=True)
    except OSError:
        return None
    if "/usb" in str(path):
        return False
    for folder in (path, path.parent):
        try:
            return (folder / "removable").read_text(encoding="ascii").strip() != "1"
        except OSError:
            continue
    return True


class KernelLog:
    """The log as read so far: the numbers of what meant something, and of the latest record."""

    def __init__(self, device: str = "/dev/kmsg") -> None:
        """Open nothing yet."""
        self._device = device
        self._descriptor = -1
        self._last = -1
        self._found: deque[tuple[int, str]] = deque(maxlen=_MOST_KEPT)
        self._texts: dict[str, str] = {}
        self._seen = Record(-1, 0.0, from_kernel=True, text="")

    def counts(self, memory: MutableMapping[str, str], boot: str) -> dict[str, int]:
        """Return how many records of each kind there were since the first look, by ``memory``.

        ``boot`` names this boot: numbers begin again with each. Raises CheckError.
        """
        self._read()
        if not memory:
            cursor = self._last
        else:
            cursor = int(memory.get("record", "-1")) if memory.get("boot") == boot else -1
        for number, each in self._found:
            if number > cursor:
                memory[each] = str(int(memory.get(each, "0")) + 1)
        memory["boot"], memory["record"] = boot, str(self._last)
        return {each: int(memory.get(each, "0")) for each in KINDS}

    def latest(self, which: str) -> str:
        """Return the last record of a kind in this boot; empty when there is none."""
        self._read()
        return self._texts.get(which, "")

    def _read(self) -> None:
        if self._descriptor < 0:
            self._descriptor = _opened(self._device)
        while True:
            try:
                record = parse(os.read(self._descriptor, _LONGEST_RECORD))
            except BlockingIOError:
                return
            except BrokenPipeError:
                continue  # overwritten before it was read
            except OSError as error:
                raise CheckError(f"the kernel's log cannot be read: {error.strerror}") from error
            if record is None:
                return
            self._take(record)

    def _take(self, record: Record) -> None:
        self._last = record.number
        found = kind(record.text, is_fixed) if record.from_kernel else None
        if found:
            self._texts[found] = record.text
        seen = self._seen
        if not found or (record.text == seen.text and record.at_s - seen.at_s < _REPEATED_S):
            return
        self._found.append((record.number, found))
        self._seen = record


def killed(text: str) -> str:
    """Return the program that an ``out-of-memory`` record tells of; empty when it names none."""
    found = _KILLED.search(text)
    return found["name"] if found else ""


SHARED = KernelLog()
"""This computer's, read once for all who ask."""


def _opened(device: str) -> int:
    try:
        return os.open(device, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise UnsupportedCheckError("this system has no log of its kernel") from error
    except PermissionError as error:
        raise CheckDeniedError(
            "the kernel's log may not be read: the agent lacks CAP_SYSLOG"
        ) from error
    except OSError as error:
        raise CheckError(f"the kernel's log cannot be read: {error.strerror}") from error
