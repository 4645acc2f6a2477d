"""A real btrfs RAID1 of two loop devices that a test may corrupt and take apart."""

import contextlib
import os
import subprocess
import uuid
from pathlib import Path

from tests.support.polling import until

_MEGABYTES = 160  # btrfs wants 125 for each device


class Mirror:
    """Two mirrors, mounted."""

    def __init__(self, folder: Path) -> None:
        """Make it below ``folder``, with a label of its own."""
        self.label = f"watchdesk-{uuid.uuid4().hex[:8]}"
        self.mount_point = folder / "mirror"
        self.mount_point.mkdir()
        self._images = [folder / f"mirror-{number}.img" for number in (1, 2)]
        for image in self._images:
            with image.open("wb") as file:
                file.truncate(_MEGABYTES * 1024 * 1024)
        self._devices = [_loop(image) for image in self._images]
        _run("mkfs.btrfs", "-q", "-L", self.label, "-d", "raid1", "-m", "raid1", *self._devices)
        self._mount()
        (self.mount_point / "content").write_bytes(b"watchdesk" * 1_000_000)
        _run("sync", "-f", str(self.mount_point))

    def fill(self) -> None:
        """Write until nobody can write any more."""
        with (self.mount_point / "filler").open("wb", buffering=0) as filler:
            for piece in (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while filler.write(bytes(piece)):
                        pass
        _run("sync", "-f", str(self.mount_point))

    def free(self) -> None:
        """Remove what ``fill`` wrote; its room is there when that is on the disks."""
        (self.mount_point / "filler").unlink()
        _run("btrfs", "filesystem", "sync", str(self.mount_point))

    def corrupt_one(self) -> None:
        """Write over one mirror and have btrfs find it out."""
        self._unmount()
        first = 16 * 1024 * 1024  # superblocks, which would make the device another's, lie before
        with Path(self._devices[1]).open("r+b", buffering=0) as device:
            device.seek(first)
            device.write(bytes(_MEGABYTES * 1024 * 1024 - first))
            os.fsync(device.fileno())  # btrfs reads past the device's cache, which others may hold
        self._mount()
        done = subprocess.run(
            ["btrfs", "scrub", "start", "-B", str(self.mount_point)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "csum=" in done.stdout, done

    def forget_errors(self) -> None:
        """Set the counters back, as one does after a repair."""
        _run("btrfs", "device", "stats", "-z", str(self.mount_point))

    def lose_one(self) -> None:
        """Take a device away and mount what is left."""
        self._unmount()
        _run("losetup", "-d", self._devices.pop())
        _run("btrfs", "device", "scan", "--forget", *self._devices)
        self._mount("-o", "degraded")

    def bring_back(self) -> None:
        """Give the lost device back and mount the whole."""
        self._unmount()
        self._devices.append(_loop(self._images[1]))
        self._mount()

    def remove(self) -> None:
        """Unmount it and free its devices."""
        self._unmount()
        while self._devices:
            _run("losetup", "-d", self._devices.pop())

    def _mount(self, *options: str) -> None:
        if len(self._devices) > 1:
            _run("btrfs", "device", "scan", *self._devices)
        _run("mount", *options, self._devices[0], str(self.mount_point))

    def _unmount(self) -> None:
        command = ("umount", str(self.mount_point))
        until(lambda: subprocess.run(command, check=False).returncode == 0, what="its unmounting")


def _loop(image: Path) -> str:
    return _run("losetup", "-f", "--show", str(image)).strip()


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout
