"""Windows and macOS: the volumes, from psutil."""

import re
from typing import TYPE_CHECKING

from agent.host.room import Volume, target_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_CONTAINER = re.compile(r"(/dev/disk\d+)s")


def read() -> tuple[list[Volume], list[Volume]]:
    """Return the real local volumes, and all that a rule can name; raises OSError."""
    import psutil  # noqa: PLC0415 - 3 MB that Linux need not pay

    return choose(
        (part.device, part.mountpoint, part.fstype, part.opts)
        for part in psutil.disk_partitions(all=True)
    )


def choose(parts: "Iterable[tuple[str, str, str, str]]") -> tuple[list[Volume], list[Volume]]:
    """Return real and all volumes among (device, mount point, type, options).

    Windows: fixed drives are real; removable, optical and network ones only when named.
    macOS: the volumes of one APFS container share its room and are counted once, at the
    shortest mount point; Time Machine's snapshots have an ``@`` in their device.
    """
    every: list[Volume] = []
    groups: dict[str, Volume] = {}
    for device, path, kind, options in sorted(parts, key=lambda part: (len(part[1]), part[1])):
        words = options.split(",")
        local = "fixed" in words if "\\" in path else device.startswith("/dev/disk")
        volume = Volume(_name(path), path, kind.lower(), plain=local)
        every.append(volume)
        if local and kind and "@" not in device and "cdrom" not in words:
            shared = _CONTAINER.match(device) if kind == "apfs" else None
            groups.setdefault(shared[1] if shared else device, volume)
    return sorted(groups.values()), every


def _name(path: str) -> str:
    return target_of(path.rstrip("\\") if "\\" in path else path)
