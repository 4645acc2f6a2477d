"""Counting new events of Windows' event log, in a child, as ``log_child`` counts lines.

An event is one line, the same in every language of Windows: level, source, number, and what was
told with it. A cursor is the number of the last record that was read. Unlike the other children
this one imports of ours what reads the log: Windows alone needs it.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

if not __package__:  # as a child, it stands beside child_program and not in our package
    _HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - as child_program
    sys.path.append(os.path.dirname(os.path.dirname(_HERE)))  # noqa: PTH120

from agent.errors import CheckError
from agent.host import event_log, event_log_windows
from agent.host.log_child import Lines

MOST_EVENTS = 10_000  # of one look; what is left is read in the next

_LEVELS = {1: "critical", 2: "error", 3: "warning", 5: "verbose"}
_TEXT = re.compile(r">([^<]+)<")


def line(xml: str) -> tuple[int, str]:
    """Return an event's number and the line that patterns look at; raises ValueError.

    Such as ``error Service Control Manager 7031: param1=Print Spooler; param2=3``.
    """
    event = event_log.parse(xml)
    said = [text if name.isdecimal() else f"{name}={text}" for name, text in event.texts.items()]
    if not said:  # some tell in elements of their own
        said = [text.strip() for text in _TEXT.findall(xml.partition("</System>")[2])]
    level = _LEVELS.get(event.level, "information")
    return event.record, f"{level} {event.provider} {event.id}: {'; '.join(filter(None, said))}"


def counted(
    asked: dict[str, Any], newest: Callable[[], int], after: Callable[[int], Iterable[str]]
) -> dict[str, Any]:
    """Return count, cursor and last of the events since ``asked``'s cursor; without one, none.

    ``newest`` tells the newest record's number (0: the log is empty), ``after`` yields the events
    behind a record as XML. A log that was cleared begins again at 1.
    """
    lines = Lines(asked["match"], asked["ignore"])
    last = newest()
    cursor = int(asked["cursor"] or last)
    if cursor > last:
        cursor = 0
    left = MOST_EVENTS
    for xml in after(cursor) if cursor < last else ():
        try:
            cursor, text = line(xml)
        except ValueError:  # one of a kind that is not known must not stop all that follow
            continue
        lines.take(text)
        left -= 1
        if not left:
            break
    cursor = max(cursor, last) if left else cursor
    return {"count": lines.count, "cursor": str(cursor), "last": lines.last}


def channel(question: str) -> str:
    """Count what a channel has got since the cursor; without one, begin at its end.

    ``question`` is JSON: channel, cursor, match, ignore; the answer: count, cursor, last.
    Raises ValueError.
    """
    asked = json.loads(question)
    name = asked["channel"]
    try:
        found = counted(
            asked,
            lambda: event_log_windows.newest(name),
            lambda record: event_log_windows.texts_after(name, record, MOST_EVENTS),
        )
    except CheckError as error:
        raise ValueError(error.reason) from error
    return json.dumps(found)


PROBES = {"log_channel": channel}
