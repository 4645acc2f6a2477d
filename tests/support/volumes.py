"""Real file systems of a test's own: ext4 on a loop device, tmpfs."""

import contextlib
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.polling import until


class Volume:
    """A mounted file system that a test may fill."""

    def __init__(self, mount_point: Path, *mount: str) -> None:
        """Take where it is mounted, and the options and source it is mounted with."""
        self.mount_point = mount_point
        self._mount = mount

    def fill(self, *, leave_percent: float) -> None:
        """Write one file until only this share of the space is free, as its users see it."""
        self.free()
        size = os.statvfs(self.mount_point)
        unit = size.f_frsize
        total = (size.f_blocks - (size.f_bfree - size.f_bavail)) * unit
        to_write = size.f_bavail * unit - int(total * leave_percent / 100)
        with (self.mount_point / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, to_write)

    def stuff(self) -> None:
        """Write until nobody can write any more, root with its reserve neither."""
        with (self.mount_point / "filler").open("wb", buffering=0) as filler:
            for piece in (65_536, 1):
                with contextlib.suppress(OSError):
                    while filler.write(b"x" * piece):
                        pass

    def free(self) -> None:
        """Remove what ``fill`` wrote."""
        (self.mount_point / "filler").unlink(missing_ok=True)

    def remount(self, option: str) -> None:
        """Mount it anew with ``ro`` or ``rw``."""
        _run("mount", "-o", f"remount,{option}", str(self.mount_point))

    def fail(self) -> None:
        """Have an ext4 meet an error, as if it had found a broken structure."""
        device = self.mount_point.stat().st_dev
        block = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").readlink().name
        words = f"a test at {time.monotonic_ns()}\n"  # the log's readers fold what is said again
        Path(f"/sys/fs/ext4/{block}/trigger_fs_error").write_text(words, encoding="ascii")

    def repair(self) -> None:
        """Unmount it, have an ext4 checked and its errors forgotten, and mount it again."""
        self.unmount()
        done = subprocess.run(["e2fsck", "-fy", self._mount[-1]], capture_output=True, check=False)
        assert done.returncode in {0, 1}, done
        _run("mount", *self._mount, str(self.mount_point))

    def unmount(self) -> None:
        """Unmount it, as soon as no agent writes there."""
        command = ("umount", str(self.mount_point))
        until(lambda: subprocess.run(command, check=False).returncode == 0, what="its unmounting")


def ext4(
    folder: Path,
    megabytes: int = 64,
    options: Sequence[str] = (),
    mount_options: Sequence[str] = (),
) -> Volume:
    """Make, loop-mount and return an ext4 file system below ``folder``.

    ``options`` are ``mkfs.ext4``'s, ``mount_options`` are mount's.
    """
    image = folder / "volume.img"
    with image.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    _run("mkfs.ext4", "-q", "-F", *options, str(image))
    return _mounted(folder, "-o", ",".join(["loop", *mount_options]), str(image))


def tmpfs(folder: Path, megabytes: int = 32) -> Volume:
    """Mount and return a tmpfs below ``folder``."""
    return _mounted(folder, "-t", "tmpfs", "-o", f"size={megabytes}m", "watchdesk-test")


def _mounted(folder: Path, *options: str) -> Volume:
    mount_point = folder / "volume"
    mount_point.mkdir()
    _run("mount", *options, str(mount_point))
    return Volume(mount_point, *options)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
