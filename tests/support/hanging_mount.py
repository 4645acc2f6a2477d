"""A FUSE file system that stops answering when told: the kernel holds its callers for good.

It speaks the kernel's protocol itself (``/dev/fuse``), so it needs root and no library. The file
system lives in a process of its own: a test that hung on it could not let go of it. When that
process ends, for whatever reason, the kernel lets all callers go.
"""

import contextlib
import ctypes
import os
import select
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_LONGEST_LIFE_S = 120
_REQUEST = struct.Struct("=IIQQIIII")
_REPLY = struct.Struct("=IiQ")
_INIT, _STATFS, _GETATTR, _FORGET = 26, 17, 3, 2
_LONGEST_REQUEST = 1 << 20
_BLOCKS, _BLOCK = 1_000_000, 4096
_FREE = 250_000


class HangingMounts:
    """File systems under ``folder``, each 4 GB large and a quarter free, until they hang."""

    def __init__(self, process: subprocess.Popen[str], paths: list[Path]) -> None:
        """Take the process that serves them and where they are."""
        self._process = process
        self.paths = paths

    def hang(self) -> None:
        """Answer nothing from now on."""
        self._tell("hang")

    def answer(self) -> None:
        """Answer everything, also what was asked meanwhile."""
        self._tell("answer")

    def _tell(self, word: str) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline().strip() == word


@contextlib.contextmanager
def hanging_mounts(folder: Path, count: int = 1) -> Iterator[HangingMounts]:
    """Mount ``count`` file systems under ``folder``; they are gone afterwards."""
    paths = [folder / f"hanging{number}" for number in range(count)]
    for path in paths:
        path.mkdir()
    with subprocess.Popen(
        [sys.executable, "-I", __file__, *map(str, paths)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            assert process.stdout.readline().strip() == "mounted"
            yield HangingMounts(process, paths)
        finally:
            process.kill()
            subprocess.run(["umount", "--lazy", *map(str, paths)], check=False)


def _serve(paths: list[str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    devices = []
    for path in paths:
        device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        if libc.mount(b"hanging", path.encode(), b"fuse", 6, options):
            raise OSError(ctypes.get_errno(), "mount", path)
        _reply(device, os.read(device, _LONGEST_REQUEST))  # before it, callers can still be killed
        devices.append(device)
    _answer_requests(devices)


def _answer_requests(devices: list[int]) -> None:
    hanging = False
    held: list[tuple[int, bytes]] = []
    os.write(1, b"mounted\n")
    while True:
        ready, _, _ = select.select([0, *devices], [], [], _LONGEST_LIFE_S)
        if not ready:
            return
        for descriptor in ready:
            if descriptor == 0:
                word = os.read(0, 100)
                if not word:
                    return
                hanging = word == b"hang\n"
                os.write(1, word)
            else:
                held.append((descriptor, os.read(descriptor, _LONGEST_REQUEST)))
        while held and not hanging:
            _reply(*held.pop(0))


def _reply(device: int, request: bytes) -> None:
    _, opcode, unique, *_ = _REQUEST.unpack_from(request)
    error, body = 0, b""
    if opcode == _INIT:
        body = struct.pack("=IIIIHHIIHHI28x", 7, 23, 65_536, 0, 12, 9, 65_536, 1, 0, 0, 0)
    elif opcode == _STATFS:
        body = struct.pack("=QQQQQIIII24x", _BLOCKS, _FREE, _FREE, 9, 9, _BLOCK, 255, _BLOCK, 0)
    elif opcode == _GETATTR:
        body = struct.pack("=QII", 1, 0, 0) + struct.pack(
            "=QQQQQQIIIIIIIIII", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 0, 0
        )
    elif opcode == _FORGET:
        return
    else:
        error = -38  # ENOSYS
    # a caller that was killed has taken its question back
    with contextlib.suppress(OSError):
        os.write(device, _REPLY.pack(_REPLY.size + len(body), error, unique) + body)


if __name__ == "__main__":
    _serve(sys.argv[1:])
