"""Linux: errors of main memory that its controllers have met (EDAC)."""

from pathlib import Path
from typing import NamedTuple

from agent.host import procfs

FOLDER = Path("/sys/devices/system/edac/mc")


class Controller(NamedTuple):
    """One memory controller and the errors since its driver was loaded.

    ``corrected`` did no harm; ``uncorrected`` lost content.
    """

    name: str
    corrected: int
    uncorrected: int


def controllers(folder: Path = FOLDER) -> list[Controller]:
    """Return the controllers that count errors."""
    found = []
    for controller in sorted(folder.glob("mc[0-9]*")):
        counts = [procfs.text(f"{controller}/{kind}_count") for kind in ("ce", "ue")]
        if all(count.isdecimal() for count in counts):
            found.append(Controller(controller.name, *map(int, counts)))
    return found
