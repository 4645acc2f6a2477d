"""Counting the new lines of logs that are files and rotate, in a child.

In a child (``child_program``), because a pattern that somebody wrote may take for ever, and a log
may lie on a network.

A mark says how far a file was read: device, inode, offset, a checksum of the file's beginning
with its length, and when it was changed. By these a file is known again after it was renamed, after
its inode was given to another file, and when it was copied and emptied in place. A cursor is the
marks of the log and of the files beside it: a program may write to a log for a while after it was
renamed, and what is written then must not make the whole file look new.
"""

import binascii
import json
import os
import re
import stat

MOST_BYTES = 1 << 24
"""Read in one look; what is left is read in the next."""

LEFT = -1

_HEAD = 256
_CHUNK = 1 << 20
_LONGEST_LINE = 4_096
_LONGEST_TOLD = 300
_MOST_NAMES = 10_000
_MOST_MARKS = 8
_PACKED = (".gz", ".xz", ".bz2", ".zst", ".lz4", ".Z")


class Mark:
    """How far one file was read; ``head`` bytes from its beginning have the checksum ``crc``.

    ``offset`` is LEFT for a file beside the log that is not read on. ``changed_ns``: when the file
    had last been changed then; 0 for one that did not exist.
    """

    def __init__(self, *numbers: int) -> None:
        """Take device, inode, offset, crc, head and changed_ns."""
        self.device, self.inode, self.offset, self.crc, self.head, self.changed_ns = numbers

    def text(self) -> str:
        """Return the mark as it is kept."""
        first = f"{self.device} {self.inode} {self.offset}"
        return f"{first} {self.crc} {self.head} {self.changed_ns}"


_NOTHING = Mark(0, 0, 0, 0, 0, 0)


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
    if asked["cursor"]:
        marks = _read_on(asked["path"], _marks(asked["cursor"]), lines)
    else:
        marks = _begun(asked["path"])
    cursor = " ".join(mark.text() for mark in marks[: 1 + _MOST_MARKS])
    return json.dumps({"count": lines.count, "cursor": cursor, "last": lines.last})


def _marks(cursor: str) -> "list[Mark]":
    numbers = [int(number) for number in cursor.split()]
    return [Mark(*numbers[at : at + 6]) for at in range(0, len(numbers), 6)]


def _begun(path: str) -> "list[Mark]":
    """Return the marks of a first look: what is there is history, also what was rotated away."""
    with _opened(path) as log:
        first = _mark(log, os.fstat(log.fileno()).st_size)
    return [first, *_latest_first([mark for _, mark in _beside(path, first, _NOTHING, [])])]


def _read_on(path: str, marks: "list[Mark]", lines: Lines) -> "list[Mark]":
    """Read the rest of what was begun, what was rotated away since, and the file itself.

    ``marks``, as those that are returned: of the file at which reading ended, which is the log
    unless there was too much, and of those beside it, the latest changed first.
    """
    last, *others = marks
    with _opened(path) as log:
        here = _mark(log, 0)
        # One of which nothing was read is not known again: it may have been filled, copied away
        # and emptied.
        if last.head and _is_same(log, last):
            return [_consume(log, last.offset, lines), *_read_late(path, others, lines)]
    beside = _beside(path, here, last, others)
    read: list[Mark] = []
    while beside:
        name, mark = beside.pop(0)
        if mark.offset != LEFT:
            try:
                with _opened(name) as log:
                    now = _consume(log, mark.offset, lines)
            except (OSError, ValueError):  # it was packed or removed meanwhile
                continue
            if lines.left <= 0:
                return [now, *_latest_first([*read, *(mark for _, mark in beside)])]
            if now.inode != mark.inode:  # only what was the log itself is still written
                now.offset = LEFT
            mark = now
        read.append(mark)
    with _opened(path) as log:
        return [_consume(log, 0, lines), *_latest_first(read)]


def _read_late(path: str, others: "list[Mark]", lines: Lines) -> "list[Mark]":
    """Read what is still written to files that were the log, until their program opens it anew."""
    inodes = {mark.inode for mark in others if mark.offset != LEFT}
    if not inodes:
        return others
    names = {entry.inode(): (entry.path, is_rotated) for entry, is_rotated in _names(path)}
    now = []
    for mark in others:
        name, is_rotated = names.get(mark.inode, ("", False))
        if name and mark.offset != LEFT and lines.left > 0:
            try:
                with _opened(name) as log:
                    if _known(log, [mark], is_rotated=is_rotated):
                        mark = _consume(log, mark.offset, lines)  # noqa: PLW2901 - its next state
            except (OSError, ValueError):  # it was packed or removed
                continue
        now.append(mark)
    return now


def _beside(path: str, here: Mark, last: Mark, others: "list[Mark]") -> "list[tuple[str, Mark]]":
    """Return the files that were or may be parts of the log, and from where to read each.

    What was begun comes first, then the others, the oldest first. ``here`` is the log itself.
    """
    begun, copies, found = [], [], []
    seen = {(here.device, here.inode)}
    for entry, is_rotated in _names(path):
        try:
            with _opened(entry.path) as log:
                now = _mark(log, 0)
                order = (now.changed_ns, entry.path)
                if (now.device, now.inode) in seen:  # by another name
                    continue
                known = _known(log, [last, *others], is_rotated=is_rotated)
                mark = known or _unknown(log, last, is_rotated=is_rotated)
                if known is last:
                    begun.append((order, last))
                elif not known and 0 < last.changed_ns <= now.changed_ns and _is_copy(log, last):
                    copies.append((order, mark))
                elif mark:
                    found.append((order, mark))
                seen.add((now.device, now.inode))
        except (OSError, ValueError):
            continue
    copies.sort(key=_order)
    if not begun and copies:
        begun.append((copies.pop(0)[0], last))
    found.extend((order, mark) for order, mark in copies if mark)
    found.sort(key=_order)
    return [(order[1], mark) for order, mark in [*begun, *found]]


def _order(one: "tuple[tuple[int, str], object]") -> "tuple[int, str]":
    return one[0]


def _known(log: "Log", marks: "list[Mark]", *, is_rotated: bool) -> "Mark | None":
    """Return the file's mark; by its inode alone only one that is named after the log."""
    return next((one for one in marks if (one.head or is_rotated) and _is_same(log, one)), None)


def _unknown(log: "Log", last: Mark, *, is_rotated: bool) -> "Mark | None":
    """Return from where to read a file that was not beside the log when it was last looked at.

    One that has not changed since then was brought here, and unpacked perhaps.
    """
    begin = _mark(log, 0)
    if 0 < last.changed_ns < begin.changed_ns and (is_rotated or _is_same(log, last)):
        return begin
    size = os.fstat(log.fileno()).st_size
    if not is_rotated or not size:
        return None
    left = _mark(log, size)
    left.offset = LEFT
    return left


def _latest_first(marks: "list[Mark]") -> "list[Mark]":
    return sorted(marks, key=lambda mark: -mark.changed_ns)


def _names(path: str) -> "Iterator[tuple[os.DirEntry[str], bool]]":
    """Yield the files beside a log that are not packed, and whether they are named after it."""
    folder, base = os.path.split(path)
    after = re.compile(re.escape(base) + r"[.-]\d[\d.T_-]*")
    with os.scandir(folder) as entries:
        for _, entry in zip(range(_MOST_NAMES), entries, strict=False):
            try:
                if entry.name != base and not entry.name.endswith(_PACKED) and entry.is_file():
                    yield entry, bool(after.fullmatch(entry.name))
            except OSError:
                continue


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


def _is_same(log: "Log", mark: Mark) -> bool:
    told = os.fstat(log.fileno())
    here = (told.st_dev, told.st_ino) == (mark.device, mark.inode)
    return here and told.st_size >= mark.offset and _crc(log, mark.head) == mark.crc


def _is_copy(log: "Log", mark: Mark) -> bool:
    """Tell whether this is what was read, copied before the log was emptied in place."""
    size = os.fstat(log.fileno()).st_size
    return 0 < mark.head <= size >= mark.offset and _crc(log, mark.head) == mark.crc


def _crc(log: "Log", length: int) -> int:
    log.seek(0)
    return binascii.crc32(log.read(length) if length else b"")


def _mark(log: "Log", offset: int) -> Mark:
    told = os.fstat(log.fileno())
    head = min(_HEAD, offset)
    return Mark(told.st_dev, told.st_ino, offset, _crc(log, head), head, told.st_mtime_ns)


def _consume(log: "Log", offset: int, lines: Lines) -> Mark:
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
    return _mark(log, offset)


TYPE_CHECKING = False  # typing costs a child two milliseconds
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    Log = BinaryIO

PROBES = {"log_file": file}
