"""A ticket's timeline in words: who did what, when, and what was measured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server_stub.staff.evidence import Chart, Explanation, TryLine, charts, explanations, tries
from server_stub.staff.readings import ReadingLine, lines
from server_stub.staff.told import DID, told_beside
from server_stub.tickets.models import EntryKind, TimelineEntry

CLOCKS_DIFFER = timedelta(minutes=1)
"""A device's own time is shown when it is this far from the server's."""

_REPORTED = ("rule", "check", "target", "condition", "advice", "reason")
_PROGRAMS = {
    "": "The server",
    "server": "The server",
    "monitor": "The monitor",
    "contact": "The contact",
}


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One entry as it is shown.

    ``who`` is a name, ``address`` that of a technician when it is not the name already.
    ``device_at`` is None unless the device's clock told another time; ``was`` and ``now`` are
    the evaluation before and after, or what else was changed when no body tells it (empty when
    nothing was). ``beside`` is what else is told of an entry with a body. Where there are ``tries``
    they say what the body says.
    """

    id: int
    kind: str
    who: str
    address: str
    did: str
    at: datetime
    device_at: datetime | None
    was: str
    now: str
    body: str
    beside: str
    reason: str
    readings: tuple[ReadingLine, ...]
    tries: tuple[TryLine, ...]
    follows: int | None


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """What the monitor told last: the rule's condition and advice, and what it measured.

    Charts and explanations are the last that were told; ``explained_at`` says when, if they did
    not come with the rest. ``tries`` are all.
    """

    at: datetime
    rule: str
    check: str
    target: str
    condition: str
    advice: str
    reason: str
    about: str
    readings: tuple[ReadingLine, ...]
    charts: tuple[Chart, ...]
    explanations: tuple[Explanation, ...]
    explained_at: datetime | None
    tries: tuple[TryLine, ...]


def timeline_lines(
    entries: Iterable[TimelineEntry], names: Mapping[str, str]
) -> list[TimelineLine]:
    """Return the entries in words, in their order; ``names`` of technicians by address."""
    return [_line(entry, names) for entry in entries]


def latest_report(entries: Iterable[TimelineEntry]) -> MonitorReport | None:
    """Return what the monitor told last in these entries (oldest first), None when nothing."""
    told = [(entry.at, entry.tree) for entry in entries]
    reports = [(at, tree) for at, tree in told if "rule" in tree]
    if not reports:
        return None
    at, tree = reports[-1]
    explained = next(
        ((when, one) for when, one in reversed(reports) if one.keys() & {"series", "evidence"}),
        (at, tree),
    )
    return MonitorReport(
        at=at,
        **{name: _text(tree, name) for name in _REPORTED},
        about=next((words for _, one in reversed(reports) if (words := _text(one, "about"))), ""),
        readings=tuple(lines(tree.get("readings"))),
        charts=charts(explained[1]),
        explanations=explanations(explained[1]),
        explained_at=explained[0] if explained[0] != at else None,
        tries=tuple(one for _, tree in told for one in tries(tree)),
    )


def _line(entry: TimelineEntry, names: Mapping[str, str]) -> TimelineLine:
    tree = entry.tree
    judged = tree.get("evaluation")
    change = judged if isinstance(judged, Mapping) else {} if entry.body else tree
    follows = tree.get("follows")
    beside = told_beside(entry.kind, tree)
    was, now = _text(change, "from"), _text(change, "to")
    if entry.kind == EntryKind.ASSIGNED:
        was, now = names.get(was, was), names.get(now, now) or "nobody"
    elif entry.kind == EntryKind.ESCALATED:
        was, now = "", _text(tree, "name") or now
    elif entry.kind == EntryKind.DATE_SET:
        was, now = "", ""
    who = _PROGRAMS.get(entry.actor) or names.get(entry.actor, entry.actor)
    if tree.get("by") == "contact":
        who = _text(tree, "name") or who
    return TimelineLine(
        id=entry.id,
        kind=entry.kind,
        who=who,
        address=entry.actor if who != entry.actor and "@" in entry.actor else "",
        did=DID.get(entry.kind, entry.kind),
        at=entry.at,
        device_at=_differing(entry.device_at, entry.at),
        was=was,
        now=now,
        body=entry.body or beside,
        beside=beside if entry.body else "",
        reason=_text(tree, "reason"),
        readings=tuple(lines(tree.get("readings"))),
        tries=tries(tree),
        follows=follows if isinstance(follows, int) else None,
    )


def _differing(device_at: datetime | None, at: datetime) -> datetime | None:
    if device_at is None or abs(device_at - at) < CLOCKS_DIFFER:
        return None
    return device_at


def _text(tree: Mapping[str, object], name: str) -> str:
    value = tree.get(name, "")
    return value if isinstance(value, str) else ""
