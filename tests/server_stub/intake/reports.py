"""Reports and replies a tray might send, each with the least one must say."""

from typing import Any

from agent.protocol.ids import uuid7
from agent.protocol.reports import Contact, Reply, Report
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
