"""What timeline entries tell, in words: what was done, and what stands beside from and to."""

from collections.abc import Callable, Mapping
from typing import Any

from server_stub.staff.times import from_label
from server_stub.tickets.models import EntryKind

_Tree = Mapping[str, Any]

DID: Mapping[str, str] = {
    EntryKind.OPENED: "opened the ticket",
    EntryKind.CHANGED: "reported",
    EntryKind.RESOLVED: "resolved the ticket",
    EntryKind.REOPENED: "reopened the ticket",
    EntryKind.REPLY: "replied",
    EntryKind.NOTE: "noted",
    EntryKind.ASSIGNED: "assigned the ticket",
    EntryKind.PRIORITY: "changed the priority",
    EntryKind.STATUS: "changed the status",
    EntryKind.TITLE: "renamed the ticket",
    EntryKind.CONFIRMED: "said whether it works",
    EntryKind.RATED: "rated the help",
    EntryKind.TRIED: "tried to heal it",
    EntryKind.CALL: "spoke with the client",
    EntryKind.ATTEMPT: "tried to reach the client",
    EntryKind.TYPE: "changed the type",
    EntryKind.ESCALATED: "handed it to another level",
    EntryKind.CONSULTATION: "consulted another level",
    EntryKind.APPEAL: "brought the client’s wish for an escalation",
    EntryKind.APPROVAL: "asked for or decided an approval",
    EntryKind.DATE_SET: "promised a date",
    EntryKind.TEAM: "gave it to a team",
    EntryKind.LINKED: "linked it",
    EntryKind.UNLINKED: "took a link back",
    EntryKind.JOINED: "let somebody take part",
    EntryKind.LEFT: "let somebody take part no more",
    EntryKind.WORK: "logged work",
    EntryKind.SCOPE: "said whose affair it is",
    EntryKind.CHARGEABLE: "said whether it is charged",
    EntryKind.DELAYED: "noted what nobody can help",
    EntryKind.WORKAROUND: "told how to get on meanwhile",
    EntryKind.ACCEPTED: "accepted the condition, or ended that",
    EntryKind.REVIEW: "told what comes next",
    EntryKind.DECISION: "asked for a decision, or made it",
    EntryKind.WARNED: "warned of a clock",
    EntryKind.BREACHED: "recorded a broken promise",
    EntryKind.AGREEMENT: "put it under another agreement",
    EntryKind.IMPORTANCE: "said how much it matters",
}
"""What the actor of each kind of entry did."""


def told_beside(kind: str, tree: _Tree) -> str:
    """Return in words what an entry tells beside its text, from and to; empty for nothing."""
    tell = _BESIDE.get(kind)
    return tell(tree) if tell else ""


def _clock(tree: _Tree) -> str:
    return f"{tree.get('clock', '')}: {tree.get('share', 100)} % of the time used"


def _work(tree: _Tree) -> str:
    return f"{tree.get('minutes', 0)} min{', charged' if tree.get('chargeable') else ''}"


def _link(tree: _Tree) -> str:
    return f"#{tree.get('ticket', '')}: {tree.get('kind', '')} of #{tree.get('other', '')}"


def _accepted(tree: _Tree) -> str:
    if tree.get("ended"):
        return "It is accepted no more."
    return f"until {_instant(tree['until'])}" if tree.get("until") else "for good"


def _date(tree: _Tree) -> str:
    return f"{tree.get('clock', '')}: {_instant(tree.get('to'))}"


def _instant(text: object) -> str:
    """Return an instant in words, in UTC; what is none as it is."""
    at = from_label(text)
    return f"{at:%a} {at.day} {at:%b %Y %H:%M} UTC" if at else str(text)


def _stage(tree: _Tree) -> str:
    stage = tree.get("stage")
    return f"{stage.get('from')} → {stage.get('to')}" if isinstance(stage, Mapping) else ""


_BESIDE: Mapping[str, Callable[[_Tree], str]] = {
    EntryKind.WARNED: _clock,
    EntryKind.BREACHED: _clock,
    EntryKind.WORK: _work,
    EntryKind.LINKED: _link,
    EntryKind.UNLINKED: _link,
    EntryKind.JOINED: lambda tree: str(tree.get("who", "")),
    EntryKind.LEFT: lambda tree: str(tree.get("who", "")),
    EntryKind.ATTEMPT: lambda tree: f"by {tree.get('way', '')}",
    EntryKind.APPROVAL: lambda tree: f"{tree.get('type', '')}: {tree.get('state', '')}",
    EntryKind.DECISION: lambda tree: str(tree.get("state", "")),
    EntryKind.ACCEPTED: _accepted,
    EntryKind.DATE_SET: _date,
    EntryKind.CONSULTATION: lambda tree: str(tree.get("name", "")),
    EntryKind.STATUS: _stage,
}
