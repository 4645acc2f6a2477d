"""The log: one line for each thing that happened, as text or as JSON, with its request's id.

What a request's lines have in common (its id) and what its routes tell about it (device, tickets,
technician) is kept by thread while it is answered. Nothing is ever logged of bodies, query
strings, headers or credentials. Texts of strangers cannot begin a line of their own: control
characters are escaped.
"""

import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_OURS = "notes"


class _Request(threading.local):
    """The request this thread answers; no id while it answers none."""

    id = ""
    notes: dict[str, Any] | None = None


_request = _Request()


@contextmanager
def request(identifier: str) -> Iterator[dict[str, Any]]:
    """Give all log lines of this thread a request's id; yield what is noted about it."""
    notes: dict[str, Any] = {}
    _request.id, _request.notes = identifier, notes
    try:
        yield notes
    finally:
        _request.id, _request.notes = "", None


def note(**facts: object) -> None:
    """Add facts (a device's id, numbers of tickets) to the line that tells of this request."""
    if _request.notes is not None:
        _request.notes.update(facts)


def escaped(text: str) -> str:
    """Return a text with its control characters, and those that turn lines round, written out."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class Text(logging.Formatter):
    """``2026-03-02T09:00:00.123Z WARNING server_stub.intake.writer: … request=… device=…``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback follows, each of its lines indented."""
        facts = "".join(f" {name}={value}" for name, value in _facts(record).items())
        first = f"{_at(record)} {record.levelname} {record.name}: {record.getMessage()}{facts}"
        lines = [escaped(first)]
        if record.exc_info:
            told = self.formatException(record.exc_info)
            lines += [f"\t{escaped(line)}" for line in told.splitlines()]
        return "\n".join(lines)


class Json(logging.Formatter):
    """One JSON object in one line: at, level, logger, message, request, notes, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, in ASCII: what is no character of it is escaped."""
        tree: dict[str, Any] = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            tree["traceback"] = self.formatException(record.exc_info)
        return json.dumps(tree, default=str)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    facts: dict[str, Any] = {"request": _request.id} if _request.id else {}
    return facts | getattr(record, _OURS, {})


def _at(record: logging.LogRecord) -> str:
    instant = datetime.fromtimestamp(record.created, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
