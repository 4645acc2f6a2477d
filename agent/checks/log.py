"""Lines of logs that match a pattern: of files that rotate, the journal, Windows' event log."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from agent.check_api import (
    Check,
    CheckError,
    Increase,
    Measured,
    Metric,
    TargetFilter,
    Unit,
    Unreadable,
)
from agent.host import abandonable

JOURNAL, EVENTS = "journal", "eventlog:"

_DEADLINE_S = 20.0
_UNREAD = (
    "0 0 0 0 0 0"  # the cursor of a file that did not exist: it will be read from its beginning
)
_HOUR_S = 3600.0
_LONGEST_UNIT = 256
_LONGEST_CHANNEL = 256


def probe(targets: TargetFilter, memory: dict[str, str]) -> Iterator[Measured | Unreadable]:
    """Yield how many matching lines each log got since the rule's first look."""
    for target in list(memory):
        if not targets.named(target):
            del memory[target]
    files, journals, channels = [], [], []
    for target in filter(targets.named, targets.include):
        if target == JOURNAL or target.startswith(f"{JOURNAL}:"):
            journals.append(target)
        elif target.startswith(EVENTS):
            channels.append(target)
        elif PurePosixPath(target).is_absolute() or PureWindowsPath(target).is_absolute():
            files.append(target)
        else:
            yield Unreadable(
                target, "this is no file's whole path, journal:UNIT or eventlog:CHANNEL"
            )
    patterns = {name: targets.options.get(name, ()) for name in ("match", "ignore")}
    yield from _of_files(files, patterns, memory, absent_ignored=targets.absent_ignored)
    yield from _of_journals(journals, patterns, memory)
    yield from _of_channels(channels, patterns, memory)


def _of_files(
    paths: list[str],
    patterns: dict[str, tuple[str, ...]],
    memory: dict[str, str],
    *,
    absent_ignored: bool,
) -> Iterator[Measured | Unreadable]:
    questions = {}
    for path in paths:
        total, cursor, last = _remembered(memory, path)
        there = _place(path)
        if there is None:
            memory[path] = _text(total, cursor or _UNREAD, last)
            if absent_ignored:
                yield _measured(path, total, last)
            else:
                yield Unreadable(path, "there is no such file")
        elif cursor.split()[:3] == there:  # nothing was written, so no child is needed
            yield _measured(path, total, last)
        else:
            questions[path] = json.dumps({"path": path, "cursor": cursor, **patterns})
    yield from _asked("log_file", questions, memory)


def _of_journals(
    targets: list[str], patterns: dict[str, tuple[str, ...]], memory: dict[str, str]
) -> Iterator[Measured | Unreadable]:
    if not targets:
        return
    from agent.host import program  # noqa: PLC0415 - for journals only

    journalctl = program.find("journalctl")
    questions = {}
    for target in targets:
        unit = target.partition(":")[2]
        if journalctl is None:
            yield Unreadable(target, "this computer has no journal (journalctl)")
        elif (target != JOURNAL and not unit) or len(unit) > _LONGEST_UNIT:
            yield Unreadable(target, "this names no unit; write journal:nginx.service")
        else:
            asked = {"program": str(journalctl), "unit": unit}
            cursor = _remembered(memory, target)[1]
            questions[target] = json.dumps(asked | {"cursor": cursor, **patterns})
    yield from _asked("log_journal", questions, memory)


def _of_channels(
    targets: list[str], patterns: dict[str, tuple[str, ...]], memory: dict[str, str]
) -> Iterator[Measured | Unreadable]:
    questions: dict[str, str] = {}
    for target in targets:
        channel = target.removeprefix(EVENTS)
        if not 0 < len(channel) <= _LONGEST_CHANNEL:
            yield Unreadable(target, "this names no channel; write eventlog:Application")
        elif sys.platform != "win32":
            yield Unreadable(target, "this computer has no event log: it is no Windows")
        else:
            asked = {"channel": channel, "cursor": _remembered(memory, target)[1]}
            questions[target] = json.dumps(asked | patterns)
    yield from _asked("log_channel", questions, memory)


def _asked(
    probe: str, questions: dict[str, str], memory: dict[str, str]
) -> Iterator[Measured | Unreadable]:
    answers = dict(abandonable.ask(probe, list(questions.values()), _DEADLINE_S))
    for target, question in questions.items():
        answer = answers[question]
        if isinstance(answer, CheckError):
            yield Unreadable(target, answer.reason)
            continue
        told = json.loads(answer)
        total, _, last = _remembered(memory, target)
        total, last = total + told["count"], _line(told["last"]) or last
        memory[target] = _text(total, told["cursor"], last)
        yield _measured(target, total, last)


def _remembered(memory: dict[str, str], target: str) -> tuple[int, str, str]:
    """Return the total so far, the cursor, and the last line that matched.

    Nothing of a target that was never looked at.
    """
    counted, _, last = memory.get(target, "").partition("\n")
    total, _, cursor = counted.partition(" ")
    return (int(total), cursor, last) if total.isdigit() else (0, "", "")


def _text(total: int, cursor: str, last: str) -> str:
    return f"{total} {cursor}\n{last}" if last else f"{total} {cursor}"


def _line(text: str) -> str:
    """Return a line of a log as it may be kept: one line, without secrets."""
    if not text:
        return ""
    from agent.redact import redact  # noqa: PLC0415 - its patterns stay in memory once loaded

    return redact(" ".join(text.split()))


def _place(path: str) -> list[str] | None:
    """Return the first fields of a cursor at the file's end; None when there is no file."""
    try:
        told = os.stat(path)  # noqa: PTH116 - pathlib takes longer, once a minute for each log
    except FileNotFoundError:
        return None
    except OSError:
        return []  # the child tells why
    return [str(told.st_dev), str(told.st_ino), str(told.st_size)]


def _measured(target: str, total: int, last: str) -> Measured:
    return Measured(target, {"lines_total": total}, about=last)


CHECK = Check(
    name="log",
    meaning="lines of logs that match a pattern",
    metrics=(
        Metric("lines_total", Unit.COUNT, "matching lines since the first look"),
        Metric(
            "lines_1h",
            Unit.COUNT,
            "matching lines of an hour",
            derived=Increase("lines_total", _HOUR_S),
        ),
        Metric(
            "lines_24h",
            Unit.COUNT,
            "matching lines of a day",
            derived=Increase("lines_total", 24 * _HOUR_S),
        ),
    ),
    probe=probe,
    aside=True,
    needs_targets=True,
    options={"match": (), "ignore": ()},
    deadline_s=60.0,
    remembers=True,
)
