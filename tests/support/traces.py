"""What must leave no trace: words and pixels that are looked for in whatever form they may have."""

import base64
import io
import os
import random
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{400,}={0,2}")
_RUN = 12
"""So many pixels side by side are found by nobody who has not the patch."""
_ORDERS = ((0, 1, 2, -1), (2, 1, 0, -1), (2, 1, 0, 255), (2, 1, 0, 0), (0, 1, 2, 255))
"""RGB, BGR, and what X servers and browsers keep in four bytes."""
_SQLITE = b"SQLite format 3\0"


def forms(word: bytes) -> Iterator[bytes]:
    """Yield the ways in which a word may be written: plain, hex, in an address, base64."""
    yield word
    yield word.hex().encode()
    yield quote(word).encode()
    for before in range(3):  # wherever it stands in what was encoded
        coded = base64.b64encode(b"x" * before + word).decode()
        yield coded[(0, 2, 3)[before] : len(coded) // 4 * 4 - 4].encode()


class Patch:
    """Noise to be put on a screen; its pixels are found again in any stored form."""

    def __init__(self, seed: int, width: int, height: int) -> None:
        """Make the noise."""
        dice = random.Random(seed)  # noqa: S311 - to be had again
        self.image = Image.frombytes("RGB", (width, height), dice.randbytes(3 * width * height))
        runs = [
            [self.image.getpixel((left, y)) for left in range(width // 3, width // 3 + _RUN)]
            for y in (height // 5, height // 2, height * 4 // 5)
        ]
        self._plain = [bytes(channel for pixel in run for channel in pixel) for run in runs]  # type: ignore[union-attr] # RGB
        raw = [
            bytes(one for pixel in run for one in _ordered(pixel, order))  # type: ignore[arg-type] # RGB
            for run in runs
            for order in _ORDERS
        ]
        self._forms = [form for one in raw for form in forms(one)]

    def in_(self, content: bytes) -> bool:
        """Tell whether any part of it is in ``content``: raw, in base64, or in a PNG in either."""
        if any(form in content for form in self._forms) or self._in_pictures(content):
            return True
        decoded = b"".join(_decoded(one) for one in _BASE64.findall(content))
        return bool(decoded) and self._in_pictures(decoded)

    def _in_pictures(self, content: bytes) -> bool:
        at = content.find(_PNG)
        while at >= 0:
            with suppress(OSError, SyntaxError, ValueError):
                pixels = Image.open(io.BytesIO(content[at:])).convert("RGB").tobytes()
                if any(one in pixels for one in self._plain):
                    return True
            at = content.find(_PNG, at + 1)
        return False


def stored_in(folders: Iterable[Path], leaving_out: Iterable[Path] = ()) -> dict[str, bytes]:
    """Return what lies in files below some folders, by path; of an SQLite file also its values."""
    found: dict[str, bytes] = {}
    out = tuple(leaving_out)
    for path in _files(folders):
        if path.is_symlink() or any(path.is_relative_to(one) for one in out):
            continue
        with suppress(OSError):  # a socket, or gone just now
            if path.is_file():
                found[str(path)] = path.read_bytes()
                if found[str(path)].startswith(_SQLITE):
                    found[f"{path}, by value"] = _values(path)
    return found


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield all files; a folder may go away meanwhile, which ``rglob`` would not bear."""
    for folder in folders:
        for place, _folders, names in os.walk(folder):
            yield from (Path(place) / name for name in names)


def _values(path: Path) -> bytes:
    """Return all texts and blobs; of a copy, as its owner may keep it locked."""
    told: list[bytes] = []
    with tempfile.TemporaryDirectory(prefix="wd-copy-", dir="/dev/shm") as folder:
        for suffix in ("", "-wal", "-journal"):
            with suppress(FileNotFoundError):
                shutil.copy(f"{path}{suffix}", f"{folder}/copy{suffix}")
        with closing(sqlite3.connect(f"{folder}/copy")) as file, suppress(sqlite3.DatabaseError):
            file.text_factory = bytes
            tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in tables:
                quoted = name.decode().replace('"', '""')
                for row in file.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - its own name
                    told += [value for value in row if isinstance(value, bytes)]
    return b"\n".join(told)


def _decoded(text: bytes) -> bytes:
    with suppress(ValueError):
        return base64.b64decode(text + b"=" * (-len(text) % 4))
    return b""


def _ordered(pixel: tuple[int, int, int], order: tuple[int, ...]) -> Iterator[int]:
    yield from (pixel[one] for one in order[:3])
    if order[3] >= 0:
        yield order[3]
