"""Where files of tests are kept that need no disk: what waits for a disk waits for all others."""

import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of random name is made in it
_ROOM_BYTES = 1 << 30


def place() -> Path:
    """Return the folder to make folders in: memory where there is room, else the usual one.

    Both paths are short: a socket's path has at most 107 characters.
    """
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES:
        return _MEMORY
    return Path(tempfile.gettempdir())
