"""What belongs to a ticket, line by line: who takes part, other tickets, work, attempts."""

from collections.abc import Sequence
from datetime import timedelta

from server_stub.desk.rights import Right
from server_stub.sla.terms import ContactRule
from server_stub.staff.forms import Line
from server_stub.staff.ground import Ground
from server_stub.staff.times import clock_time, from_label, span
from server_stub.tickets.acts.reaching import is_enough, vain_attempts
from server_stub.tickets.clocks import zone_at
from server_stub.tickets.models import EntryKind, Link, Participant

MOST_LINES = 20
"""Of each kind so many are shown: the ticket of an outage has hundreds of children."""
_TO = {
    "duplicate": "this is a duplicate of",
    "child": "this is a part of",
    "follows": "this follows",
    "related": "related to",
}
_FROM = {
    "duplicate": "its duplicate",
    "child": "a part of this",
    "follows": "what follows this",
    "related": "related to",
}


def left_out(rows: Sequence[object]) -> str:
    """Return that there are more than are shown, empty when there are not."""
    return f"Only the first {MOST_LINES} are shown." if len(rows) > MOST_LINES else ""


def participant_lines(ground: Ground, rows: Sequence[Participant]) -> tuple[Line, ...]:
    """Return who takes part and who watches, each with the button that ends it."""
    button = "Remove" if ground.may(Right.LINK) else ""
    return tuple(
        Line(
            row.name or row.email or f"contact {row.contact}",
            "leave",
            button,
            (("participant", str(row.id)),),
            beside=_beside(row),
        )
        for row in rows[:MOST_LINES]
    )


def _beside(row: Participant) -> str:
    told = [row.email] if row.name and row.email else []
    if row.by_ticket:
        told.append(f"by the duplicate #{row.by_ticket}")
    return ", ".join([*told, "watches" if row.watches else "takes part"])


def link_lines(ground: Ground, rows: Sequence[Link]) -> tuple[Line, ...]:
    """Return the tickets it is linked to; its own links may be taken back."""
    found = []
    for row in rows[:MOST_LINES]:
        own = row.ticket_id == ground.ticket.id
        other = row.other if own else row.ticket
        hidden = (("other", str(other.id)), ("kind", row.kind)) if own else ()
        found.append(
            Line(
                f"#{other.id} {other.title}",
                "unlink",
                "Take back" if own and ground.may(Right.LINK) else "",
                hidden,
                ticket=other.id,
                beside=f"{(_TO if own else _FROM).get(row.kind, row.kind)}, {other.status}",
            )
        )
    return tuple(found)


def work_lines(ground: Ground) -> tuple[tuple[Line, ...], str]:
    """Return the work that was logged as far as the timeline is shown, and its sum in words."""
    rows = [entry for entry in ground.entries if entry.kind == EntryKind.WORK]
    minutes = [int(entry.tree.get("minutes", 0)) for entry in rows]
    lines = []
    for entry, spent in zip(rows, minutes, strict=True):
        began = from_label(entry.tree.get("started_at"))
        when = clock_time(began, ground.viewer.now, ground.viewer.zone) if began else ""
        charged = "charged" if entry.tree.get("chargeable") else "not charged"
        told = ", ".join(filter(None, (when, entry.actor, charged, entry.body)))
        lines.append(Line(span(timedelta(minutes=spent)), beside=told))
    total = f"{span(timedelta(minutes=sum(minutes)))} so far." if rows else ""
    return tuple(lines[-MOST_LINES:]), total


def attempts_told(ground: Ground, rule: ContactRule) -> tuple[str, bool]:
    """Return how many attempts were in vain, in words, and whether they are enough to decide."""
    made = vain_attempts(ground.entries)
    asks = f"After {rule.attempts} attempts by {rule.methods} ways over {rule.days} days"
    if not made:
        return f"{asks} in vain somebody decides what becomes of it.", False
    count = "1 attempt was" if len(made) == 1 else f"{len(made)} attempts were"
    enough = is_enough(rule, made, zone_at(ground.ticket))
    after = "that is enough to decide" if enough else f"{asks[0].lower()}{asks[1:]} it is decided"
    return f"{count} in vain so far; {after}.", enough
