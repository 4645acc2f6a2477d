"""Linux: how the boot before this one ended, by systemd's journal.

Newer systems keep no wtmp (Debian 13 and later). A journal that is kept over restarts tells the
same: PID 1 says there that it stops ``basic.target``, early in every orderly end and in no other.
"""

import re
from pathlib import Path

from agent.host import procfs, program

_KEPT = "/var/log/journal"
_DEADLINE_S = 15.0
_BOOT = re.compile(r"^\s*-?\d+ ([0-9a-f]{32}) ", re.MULTILINE)
_STOPS = ("_PID=1", "JOB_TYPE=stop", "UNIT=basic.target")


def read_meant(boot_id: str) -> bool | None:
    """Tell whether the system was shut down in order before this boot, a first one included.

    None where no journal is kept over restarts, or its tool fails. Raises CheckError.
    """
    journalctl = program.find("journalctl")
    folder = Path(_KEPT, procfs.text("/etc/machine-id").strip())
    if journalctl is None or folder == Path(_KEPT) or not folder.is_dir():
        return None
    asked = [str(journalctl), f"--directory={folder}", "--quiet", "--no-pager"]
    listed = program.run([*asked, "--list-boots"], _DEADLINE_S)
    boots = boots_of(listed.out.decode(errors="replace"))
    if listed.code or not boots:
        return None
    before = boot_before(boots, boot_id)
    if before is None:
        return True
    told = program.run(
        [*asked, f"--boot={before}", "--lines=1", "--output=cat", *_STOPS], _DEADLINE_S
    )
    return None if told.code else bool(told.out.strip())


def boots_of(listed: str) -> list[str]:
    """Return the ids of the boots that ``journalctl --list-boots`` prints, oldest first."""
    return _BOOT.findall(listed)


def boot_before(boots: list[str], boot_id: str) -> str | None:
    """Return the boot before this one, which may not be listed yet; None when there is none."""
    this = boot_id.replace("-", "")
    earlier = boots[: boots.index(this)] if this in boots else boots
    return earlier[-1] if earlier else None
