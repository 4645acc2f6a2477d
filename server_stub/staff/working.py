"""What a ticket's page offers to do: the buttons, the everyday forms, and what is under “More”."""

from collections.abc import Sequence
from typing import Any

from agent.protocol.words import Status
from server_stub.clients.agreements import day_at
from server_stub.clients.queries import agreements
from server_stub.clients.standing import Cover, in_force
from server_stub.desk.rights import Right
from server_stub.staff.access import Viewer
from server_stub.staff.clocks import ClockLine
from server_stub.staff.forms import Sent
from server_stub.staff.ground import Ground
from server_stub.staff.more import groups
from server_stub.staff.people import assignable
from server_stub.staff.work_forms import work_forms
from server_stub.tickets.clocks import zone_at
from server_stub.tickets.models import Ticket, TimelineEntry
from server_stub.tickets.queries import like, links, participants
from server_stub.tickets.standing import standing_of
from server_stub.tickets.supposing import offered

_MOST_LINKS = 50


def working(
    viewer: Viewer,
    row: Ticket,
    sent: Sent,
    entries: Sequence[TimelineEntry],
    clocks: Sequence[ClockLine],
) -> dict[str, Any]:
    """Return what the page's templates need for whatever this viewer may do to a ticket."""
    held = _in_force(viewer, row)
    words = standing_of(viewer.scope, row.id)
    ground = Ground(viewer, row, offered(row), sent, entries, words, held, clocks)
    assignees = assignable(row)
    linked = list(links(viewer.scope, row.id)[:_MOST_LINKS])
    taking_part = list(participants(viewer.scope, row.id))
    proposes = ground.may(Right.LINK) and not row.is_resolved
    alike = like(viewer.scope, row.id) if proposes else []
    return {
        "ground": ground,
        "standing": ground.standing,
        "type_title": ground.found.types.get(row.type, row.type),
        "level_title": ground.level_title,
        "may_reply": (not ground.is_closed and ground.may(Right.REPLY)) or sent.act == "reply",
        "may_note": ground.may(Right.NOTE) or sent.act == "note",
        "may_confirm": ground.may(Right.NOTE),
        "may_take": _may_take(ground, assignees),
        "then": [
            (status.value, title)
            for status, title in (
                (Status.WAITING, "wait for the client"),
                (Status.RESOLVED, "resolve the ticket"),
            )
            if status in ground.at_once and not (row.is_resolved and status is Status.RESOLVED)
        ],
        "status_button": _status_button(ground),
        "work_forms": work_forms(ground, assignees),
        "groups": groups(ground, linked, taking_part, alike),
        "linked": linked,
        "taking_part": taking_part,
        "alike": alike,
    }


def _in_force(viewer: Viewer, row: Ticket) -> list[str]:
    """Return the names of the client's agreements on the ticket's day."""
    day = day_at(viewer.now, zone_at(row))
    rows = agreements(viewer.scope, row.client).prefetch_related(None)
    terms = [Cover(0, *each) for each in rows.values_list("starts", "ends", "name", "id")]
    return sorted({one.name for one in terms if in_force([one], day)})


def _may_take(ground: Ground, assignees: Sequence[tuple[str, str]]) -> bool:
    me = ground.viewer.technician
    return (
        not ground.is_closed
        and ground.may(Right.ASSIGN)
        and any(address == me.email for address, _ in assignees)
        and ground.ticket.assignee_id != me.pk
    )


def _status_button(ground: Ground) -> tuple[str, str] | None:
    """Return the status that one button brings, and its words; None when none does.

    A ticket whose condition still holds is closed by the form that asks about it.
    """
    row = ground.ticket
    if row.status == Status.WAITING:
        to, words = Status.OPEN, "Stop waiting"
    elif not row.is_resolved:
        to, words = Status.WAITING, "Wait for the client"
    elif row.status == Status.RESOLVED and not ground.holds:
        to, words = Status.CLOSED, "Close"
    else:
        return None
    return (to.value, words) if to in ground.at_once and ground.may(Right.STATUS) else None
