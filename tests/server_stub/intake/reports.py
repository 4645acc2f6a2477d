"""Reports and replies a tray might send, each with the least one must say."""

import base64
from hashlib import sha256
from typing import Any

from agent.protocol.ids import uuid7
from agent.protocol.replies import Reply
from agent.protocol.reports import Contact, Piece, Report
from agent.protocol.words import ReplyKind, Urgency

ACCOUNT = "1000:ann"
DEVICE_AT = "2026-11-21T20:00:00.000Z"


def a_report(**changes: Any) -> Report:
    """Return a report of a printer that prints blank pages."""
    members: dict[str, Any] = {
        "id": uuid7(),
        "at": DEVICE_AT,
        "title": "The printer prints blank pages",
        "text": "Since this morning.",
        "urgency": Urgency.SLOWS_ME,
        "contact": Contact(name="Ann Smith", phone="+44 1", email="ann@bakery.example"),
        "account": ACCOUNT,
        "account_name": "ann",
    }
    return Report(**members | changes)


FILE = "01939e5e-8a2b-7000-8000-00000000f11e"


def a_piece(content: bytes = b"abc", **changes: Any) -> Piece:
    """Return all of a small file."""
    members: dict[str, Any] = {
        "id": uuid7(),
        "report": uuid7(),
        "attachment": FILE,
        "name": "notes.txt",
        "type": "text/plain",
        "offset": 0,
        "total": len(content),
        "sha256": sha256(content).hexdigest(),
        "chunk": base64.b64encode(content).decode(),
    }
    return Piece(**members | changes)


def a_reply(kind: ReplyKind = ReplyKind.REPLY, **changes: Any) -> Reply:
    """Return what somebody says to a ticket."""
    members: dict[str, Any] = {
        "id": uuid7(),
        "at": DEVICE_AT,
        "kind": kind,
        "text": "It is the one upstairs." if kind is ReplyKind.REPLY else "",
        "account": ACCOUNT,
        "account_name": "ann",
    }
    return Reply(**members | changes)
