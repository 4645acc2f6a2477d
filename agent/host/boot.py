"""Which boot of the computer this is."""

import sys
from pathlib import Path

from agent.host.operating_system import boot_time

_LINUX_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Return a name of this boot, another one after a restart.

    Linux has one; elsewhere it is the minute of the start (the clock it is reckoned from
    wanders by seconds).
    """
    if sys.platform == "linux":
        try:
            return _LINUX_BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            pass
    return f"boot-{round(boot_time() / 60)}"
