"""A log as a file, where nobody keeps what a service writes: bounded, the one before it kept."""

import io
from pathlib import Path

LARGEST = 1 << 20
"""Bytes at which the file becomes the one before."""


class LogFile(io.TextIOBase):
    """A text stream that appends to a file; what cannot be written is lost, and nothing fails."""

    _file: io.FileIO | None = None

    def __init__(self, path: Path, largest: int = LARGEST) -> None:
        """Open the file when something is written."""
        self._path = path
        self._largest = largest

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def write(self, text: str) -> int:
        """Append the text."""
        try:
            if self._file is None:
                self._file = io.FileIO(self._path, "a")
            self._file.write(text.encode(errors="backslashreplace"))
            if self._file.tell() > self._largest:
                self.close()
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        except OSError:
            self._file = None
        return len(text)

    def close(self) -> None:
        """Close the file; what is written afterwards opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None
