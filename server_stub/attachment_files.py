"""Where the files of attachments are: by the SHA-256 of what they hold, in the data folder."""

import re
from collections.abc import Sequence
from pathlib import Path

FOLDER = "attachments"
_HASH = re.compile(r"[0-9a-f]{64}")


def place_of(data: Path, stored: str) -> Path:
    """Return where the file of this hash is; raises ValueError for what is no hash."""
    if not _HASH.fullmatch(stored):
        raise ValueError(f"{stored[:80]!r} is no SHA-256")
    return data / FOLDER / stored[:2] / stored


def files(data: Path) -> Sequence[Path]:
    """Return all files there are, in the order of their names; none that is still being written."""
    found = (data / FOLDER).glob("[0-9a-f][0-9a-f]/*")
    return sorted(path for path in found if _HASH.fullmatch(path.name))
