"""Unix sockets in folders of any depth: the kernel takes no path longer than about 100 bytes."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.errors import LinkError

LONGEST_PATH_BYTES = 100
"""Linux takes 107, macOS 103."""


@contextmanager
def reachable(folder: Path) -> Iterator[Path]:
    """Yield a path of ``folder`` that is short enough for a socket in it, while the block lasts.

    Raises LinkError where the system has no way to shorten it.
    """
    if len(os.fsencode(folder)) + 40 <= LONGEST_PATH_BYTES:  # room for the socket's own name
        yield folder
        return
    if sys.platform != "linux":
        raise LinkError(
            f"the path of {folder} is too long for the local link: choose a shorter one"
        )
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
