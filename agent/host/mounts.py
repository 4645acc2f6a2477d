"""Linux: the mount table, and which of its entries are real local volumes.

``/proc/self/mountinfo`` rather than ``/proc/self/mounts``: it tells a file system that is
read-only from one that only this service sees read-only, and a bind mount from its origin.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from agent.host import procfs
from agent.host.room import Volume, target_of


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


PLAIN = _words(
    "bcachefs btrfs exfat ext2 ext3 ext4 f2fs hfs hfsplus jfs msdos nilfs2 ntfs ntfs3 overlay"
    " ramfs reiserfs tmpfs ufs vfat xfs"
)
"""File systems whose ``statvfs`` the kernel answers from memory: it cannot hang."""

_LOCAL = PLAIN - {"overlay", "ramfs", "tmpfs"} | {"fuseblk", "zfs"}
_NEVER_FULL = _words("cramfs erofs iso9660 romfs squashfs udf")  # images, optical
_ROOTS = _words("9p aufs fuse.fuse-overlayfs overlay unionfs virtiofs")  # containers
_PSEUDO = _words(
    "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts efivarfs fuse.portal fusectl"
    " hugetlbfs mqueue nsfs proc pstore rpc_pipefs securityfs selinuxfs sysfs tracefs"
)
_PASSING = ("/dev/", "/proc/", "/run/", "/sys/", "/var/lib/containers/", "/var/lib/docker/")
"""Below these nothing is kept for long: devices, sessions, layers of containers."""

_ESCAPE = re.compile(rb"\\([0-7]{3})")


class Mount(NamedTuple):
    """One mounted file system.

    ``device`` is ``major:minor``, the same for all mounts of one file system; ``root`` is the
    part of it that is mounted (``/``: all); ``path`` where; ``kind`` its type (``ext4``);
    ``source`` what it is made of (``/dev/sda1``). ``read_only`` is the file system's own;
    ``closed``: it cannot be written through this mount, as a service in a sandbox sees it.
    """

    device: str
    root: str
    path: str
    kind: str
    source: str
    read_only: bool
    closed: bool = False


def parse(table: bytes) -> list[Mount]:
    """Return the mounts of a ``mountinfo`` table; of several at one path the last, seen one."""
    seen = {}
    for line in table.splitlines():
        fields = line.split(b" ")
        try:
            rest = fields.index(b"-", 6)
            device, root, path = (unescape(field) for field in fields[2:5])
            kind, source = (unescape(field) for field in fields[rest + 1 : rest + 3])
            closed = b"ro" in fields[5].split(b",")
            read_only = b"ro" in fields[rest + 3].split(b",")
        except (ValueError, IndexError):
            continue  # a kernel that writes a line we cannot read must not hide the others
        seen[path] = Mount(device, root, path, kind, source, read_only, closed)
    return list(seen.values())


def mounted(mounts: Iterable[Mount]) -> list[Volume]:
    """Return every mount that has room to measure, for rules that name it.

    A folder mounted on itself is none: so a service in a sandbox sees what it may not write.
    """
    by_path = {mount.path: mount for mount in mounts}
    return [
        _volume(mount)
        for mount in by_path.values()
        if mount.kind not in _PSEUDO and not _on_itself(mount, by_path)
    ]


def _on_itself(mount: Mount, by_path: Mapping[str, Mount]) -> bool:
    folder = mount.path
    while len(folder) > 1:
        folder = os.path.dirname(folder)  # noqa: PTH120 - a name that need not be text
        above = by_path.get(folder)
        if above:
            rest = os.path.relpath(mount.path, folder)
            return above.device == mount.device and f"{above.root.rstrip('/')}/{rest}" == mount.root
    return False


def real(
    mounts: Iterable[Mount],
    removable: Callable[[str], bool],
    is_folder: Callable[[str], bool],
) -> list[Volume]:
    """Return the real local volumes, each once, at its shortest mount point.

    Left out: network, optical and image file systems, snapshots, what lives in memory, what
    is mounted under ``/run``, containers' layers, file systems that are read-only (nothing
    can fill them) and removable media. The root of a container counts whatever it is made of.
    A ZFS pool is one volume: its file systems share the pool's room.
    ``removable(device)`` and ``is_folder(path)`` look at this computer.
    """
    volumes = []
    writable = [mount for mount in mounts if not mount.read_only]
    for first, *others in groups(writable, removable, is_folder):
        pooled = tuple(mount.path for mount in others if first.kind == "zfs")
        volumes.append(_volume(first)._replace(pooled=pooled))
    return sorted(volumes)


def groups(
    mounts: Iterable[Mount],
    removable: Callable[[str], bool],
    is_folder: Callable[[str], bool],
) -> list[list[Mount]]:
    """Return the mounts of each real local volume, the shortest first; read-only ones, too."""
    found: dict[str, list[Mount]] = {}
    for mount in mounts:
        if _is_real(mount) and (mount.root == "/" or is_folder(mount.path)):
            found.setdefault(_shared_room(mount), []).append(mount)
    for group in found.values():
        group.sort(key=lambda mount: (len(mount.path), mount.path))
    return [
        group for group in found.values() if group[0].path == "/" or not removable(group[0].device)
    ]


def _is_real(mount: Mount) -> bool:
    if mount.path.startswith(_PASSING) or mount.kind in _NEVER_FULL:
        return False
    if mount.path == "/" and mount.kind in _ROOTS:
        return True
    if mount.kind in _LOCAL:
        return "@" not in mount.source  # pool/home@monday is a snapshot
    return mount.source.startswith("/dev/") and not mount.kind.startswith("fuse")


def _shared_room(mount: Mount) -> str:
    return f"zfs {mount.source.partition('/')[0]}" if mount.kind == "zfs" else mount.device


def _volume(mount: Mount) -> Volume:
    return Volume(target_of(mount.path), mount.path, mount.kind, mount.kind in PLAIN)


def unescape(field: bytes) -> str:
    """Return a name from ``mountinfo`` or ``fstab``, where a blank in it is an octal number."""
    return os.fsdecode(_ESCAPE.sub(lambda code: bytes([int(code[1], 8) & 0xFF]), field))


def is_removable(device: str) -> bool:
    """Tell whether a device (``8:17``) is a stick or card, which nobody keeps room on."""
    node = f"/sys/dev/block/{device}"
    return "1" in (procfs.text(f"{node}/removable"), procfs.text(f"{node}/../removable"))


class MountTable:
    """The computer's mounts, judged again only when the table has changed."""

    def __init__(self, path: str = "/proc/self/mountinfo") -> None:
        """Take the table's place."""
        self._path = path
        self._table = b""
        self._volumes: tuple[list[Volume], list[Volume]] = ([], [])

    def read(self) -> tuple[list[Volume], list[Volume]]:
        """Return the real volumes and all that can be named; raises OSError."""
        table = procfs.read(self._path)
        if table != self._table:
            mounts = parse(table)
            self._volumes = real(mounts, is_removable, os.path.isdir), mounted(mounts)
            self._table = table
        return self._volumes
