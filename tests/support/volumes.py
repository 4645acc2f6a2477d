"""Real file systems of a test's own: ext4 on a loop device, tmpfs."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path


class Volume:
    """A mounted file system that a test may fill."""

    def __init__(self, mount_point: Path) -> None:
        """Take where it is mounted."""
        self.mount_point = mount_point

    def fill(self, *, leave_percent: float) -> None:
        """Write one file until only this share of the space is free, as its users see it."""
        self.free()
        size = os.statvfs(self.mount_point)
        unit = size.f_frsize
        total = (size.f_blocks - (size.f_bfree - size.f_bavail)) * unit
        to_write = size.f_bavail * unit - int(total * leave_percent / 100)
        with (self.mount_point / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, to_write)

    def free(self) -> None:
        """Remove what ``fill`` wrote."""
        (self.mount_point / "filler").unlink(missing_ok=True)

    def unmount(self) -> None:
        """Unmount it."""
        _run("umount", str(self.mount_point))


def ext4(folder: Path, megabytes: int = 64, options: Sequence[str] = ()) -> Volume:
    """Make, loop-mount and return an ext4 file system below ``folder``.

    ``options`` are ``mkfs.ext4``'s.
    """
    image = folder / "volume.img"
    with image.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    _run("mkfs.ext4", "-q", "-F", *options, str(image))
    return _mounted(folder, "-o", "loop", str(image))


def tmpfs(folder: Path, megabytes: int = 32) -> Volume:
    """Mount and return a tmpfs below ``folder``."""
    return _mounted(folder, "-t", "tmpfs", "-o", f"size={megabytes}m", "watchdesk-test")


def _mounted(folder: Path, *options: str) -> Volume:
    mount_point = folder / "volume"
    mount_point.mkdir()
    _run("mount", *options, str(mount_point))
    return Volume(mount_point)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
