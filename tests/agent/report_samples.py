"""Reports as a tray hands them over."""

import base64
from hashlib import sha256
from typing import Any

from agent.protocol.ids import uuid7
from agent.reports import Account

ANN, BOB = Account("1000:ann", "ann"), Account("1001:bob", "bob")


def a_file(content: bytes, name: str = "screen.png") -> dict[str, Any]:
    """Return what a report says of a file."""
    return {
        "id": uuid7(),
        "name": name,
        "type": "image/png",
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
    }


def a_report(**changes: Any) -> dict[str, Any]:
    """Return a report of a printer."""
    members = {
        "id": uuid7(),
        "at": "2026-11-21T20:00:00.000Z",
        "title": "The printer prints blank pages",
        "text": "Since this morning.",
        "urgency": "slows_me",
    }
    return members | changes


def pieces(report: str, attachment: str, content: bytes, size: int = 32_768) -> list[Any]:
    """Return the ``attach`` requests that bring a file."""
    return [
        {
            "report": report,
            "attachment": attachment,
            "offset": offset,
            "chunk": base64.b64encode(content[offset : offset + size]).decode(),
        }
        for offset in range(0, len(content), size)
    ]
