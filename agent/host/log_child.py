"""Counting the new lines of logs, in a child: files that rotate, and systemd's journal.

In a child (``child_program``), because a pattern that somebody wrote may take for ever, and a log
may lie on a network.

A cursor says how far a file was read: device, inode, offset, a checksum of the file's beginning
with its length, and when it was changed. By these a file is known again after it was renamed, after
its inode was given to another file, and when it was copied and emptied in place.
"""

import binascii
import json
import os
import re
import stat

MOST_BYTES = 1 << 24
"""Read in one look; what is left is read in the next."""

_HEAD = 256
_CHUNK = 1 << 20
_LONGEST_LINE = 4_096
_LONGEST_TOLD = 300
_MOST_NAMES = 10_000
_PACKED = (".gz", ".xz", ".bz2", ".zst", ".lz4", ".Z")


class Cursor:
    """How far a file was read; ``head`` bytes from its beginning have the checksum ``crc``.

    ``changed_ns``: when the file had last been changed then; 0 for one that did not exist.
    """

    def __init__(self, *numbers: int) -> None:
        """Take device, inode, offset, crc, head and changed_ns."""
        self.device, self.inode, self.offset, self.crc, self.head, self.changed_ns = numbers

    def text(self) -> str:
        """Return the cursor as it is kept."""
        first = f"{self.device} {self.inode} {self.offset}"
        return f"{first} {self.crc} {self.head} {self.changed_ns}"


class Lines:
    """Counts the lines that are wanted, and keeps the last of them."""

    def __init__(self, match: "list[str]", ignore: "list[str]") -> None:
        """Take the patterns; raises ValueError for what is no regular expression."""
        self._match = [_compiled(one) for one in match]
        self._ignore = [_compiled(one) for one in ignore]
        self.count = 0
        self.last = ""
        self.left = MOST_BYTES

    def take(self, line: str) -> None:
        """Look at one line, or at the beginning of a very long one."""
        text = line[:_LONGEST_LINE]
        if self._match and not any(one.search(text) for one in self._match):
            return
        if not any(one.search(text) for one in self._ignore):
            self.count += 1
            self.last = text.strip()[:_LONGEST_TOLD]


def _compiled(pattern: str) -> "re.Pattern[str]":
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{pattern} is no regular expression: {error}") from error


def file(question: str) -> str:
    """Count what a file has got since the cursor; without one, begin at its end.

    ``question`` is JSON: path, cursor, match, ignore; the answer: count, cursor, last.
    """
    asked = json.loads(question)
    lines = Lines(asked["match"], asked["ignore"])
    path = asked["path"]
    if asked["cursor"]:
        cursor = _read_on(path, Cursor(*map(int, asked["cursor"].split())), lines)
    else:
        with _opened(path) as log:
            cursor = _cursor(log, os.fstat(log.fileno()).st_size)
    return json.dumps({"count": lines.count, "cursor": cursor.text(), "last": lines.last})


def _read_on(path: str, cursor: Cursor, lines: Lines) -> Cursor:
    """Read the rest of what was begun, what was rotated away since, and the file itself."""
    with _opened(path) as log:
        same = _is_same(log, cursor)
        if same and cursor.head:
            return _consume(log, cursor.offset, lines)
    # One of which nothing was read is not known again: it may have been filled and copied away.
    for name, offset in _rotated(path, cursor):
        try:
            with _opened(name) as log:
                cursor = _consume(log, offset, lines)
        except OSError:  # it was packed or removed meanwhile
            continue
        if lines.left <= 0:
            return cursor
    with _opened(path) as log:
        return _consume(log, 0, lines)


def _rotated(path: str, cursor: Cursor) -> "list[tuple[str, int]]":
    """Return what was the log and no longer is, oldest first, and from where to read each."""
    if not cursor.changed_ns:
        return []
    begun, copies, later = [], [], []
    for name, changed_ns, is_rotated in _siblings(path):
        try:
            with _opened(name) as log:
                if cursor.head and _is_same(log, cursor):
                    begun.append((changed_ns, name))
                elif changed_ns >= cursor.changed_ns and _is_copy(log, cursor):
                    copies.append((changed_ns, name))
                elif changed_ns > cursor.changed_ns and (is_rotated or _is_same(log, cursor)):
                    later.append((changed_ns, name))
        except (OSError, ValueError):
            continue
    first = sorted(begun or copies)[:1]
    since_ns = first[0][0] if first else cursor.changed_ns
    others = sorted(one for one in later + copies if one[0] > since_ns and one not in first)
    return [(name, cursor.offset) for _, name in first] + [(name, 0) for _, name in others]


def _siblings(path: str) -> "list[tuple[str, int, bool]]":
    """Return the files beside a log: path, time of change, and whether they are named after it."""
    folder, base = os.path.split(path)
    after = re.compile(re.escape(base) + r"[.-]\d[\d.T_-]*")
    found = []
    with os.scandir(folder) as entries:
        for _, entry in zip(range(_MOST_NAMES), entries, strict=False):
            if entry.path == path or entry.name.endswith(_PACKED):
                continue
            try:
                if entry.is_file():
                    changed_ns = entry.stat().st_mtime_ns
                    found.append((entry.path, changed_ns, bool(after.fullmatch(entry.name))))
            except OSError:
                continue
    return found


def _opened(path: str) -> "Log":
    """Open a regular file; raises OSError, ValueError. A pipe of that name would hold us."""
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    log = os.fdopen(descriptor, "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        log.close()
        raise ValueError("it is no regular file")
    return log


def _is_same(log: "Log", cursor: Cursor) -> bool:
    told = os.fstat(log.fileno())
    here = (told.st_dev, told.st_ino) == (cursor.device, cursor.inode)
    return here and told.st_size >= cursor.offset and _crc(log, cursor.head) == cursor.crc


def _is_copy(log: "Log", cursor: Cursor) -> bool:
    """Tell whether this is what was read, copied before the log was emptied in place."""
    size = os.fstat(log.fileno()).st_size
    return 0 < cursor.head <= size >= cursor.offset and _crc(log, cursor.head) == cursor.crc


def _crc(log: "Log", length: int) -> int:
    log.seek(0)
    return binascii.crc32(log.read(length) if length else b"")


def _cursor(log: "Log", offset: int) -> Cursor:
    told = os.fstat(log.fileno())
    head = min(_HEAD, offset)
    return Cursor(told.st_dev, told.st_ino, offset, _crc(log, head), head, told.st_mtime_ns)


def _consume(log: "Log", offset: int, lines: Lines) -> Cursor:
    """Take the whole lines from ``offset`` on; one that has no end yet waits for it."""
    log.seek(offset)
    begun = b""
    while lines.left > 0:
        chunk = log.read(min(_CHUNK, lines.left))
        if not chunk:
            break
        lines.left -= len(chunk)
        *whole, begun = (begun + chunk).split(b"\n")
        for line in whole:
            lines.take(line.decode(errors="replace"))
            offset += len(line) + 1
        if len(begun) >= _CHUNK:  # a line without an end must not be read for ever
            lines.take(begun[:_LONGEST_LINE].decode(errors="replace"))
            offset += len(begun)
            begun = b""
    return _cursor(log, offset)


def journal(question: str) -> str:
    """Count what the journal has got since the cursor; without one, begin at its end.

    ``question`` is JSON: program (journalctl's path), unit (or nothing), cursor, match, ignore.
    """
    import subprocess  # noqa: PLC0415 - files need no program

    asked = json.loads(question)
    lines = Lines(asked["match"], asked["ignore"])
    cursor = newest = asked["cursor"]
    ask = [asked["program"], "--quiet", "--no-pager", "--all", "--output=json"]
    ask.append("--output-fields=MESSAGE")
    if cursor:
        # Not --after-cursor: it leaves out the first entry when a unit's are asked for and the
        # cursor's is of another (seen with systemd 252).
        ask.append(f"--cursor={cursor}")
        if asked["unit"]:
            ask.append(f"--unit={asked['unit']}")
    else:  # of the whole journal: a unit may have written nothing yet
        ask.append("--lines=1")
    with subprocess.Popen(
        ask, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as reading:
        assert reading.stdout is not None  # noqa: S101 - it is a pipe
        assert reading.stderr is not None  # noqa: S101 - it is a pipe
        for entry in reading.stdout:
            told = json.loads(entry)
            if cursor and told.get("__CURSOR") != cursor:
                _take_message(told.get("MESSAGE"), lines)
            newest = told.get("__CURSOR", newest)
            lines.left -= len(entry)
            if lines.left <= 0:
                reading.kill()
                break
        said = reading.stderr.read(_LONGEST_LINE).decode(errors="replace").strip()
    if reading.returncode > 0:
        raise ValueError(f"journalctl failed: {said[:_LONGEST_TOLD]}")
    return json.dumps({"count": lines.count, "cursor": newest, "last": lines.last})


def _take_message(message: object, lines: Lines) -> None:
    if isinstance(message, list):  # what is no UTF-8 comes as numbers
        message = bytes(byte for byte in message if isinstance(byte, int)).decode(errors="replace")
    if isinstance(message, str):
        lines.take(message)


TYPE_CHECKING = False  # typing costs a child two milliseconds
if TYPE_CHECKING:
    from typing import BinaryIO

    Log = BinaryIO

PROBES = {"log_file": file, "log_journal": journal}
