"""A ticket's clocks as its page shows them: how they stand, in a sentence, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server_stub.sla.models import ClockState
from server_stub.staff.access import Viewer
from server_stub.staff.queue import SOON
from server_stub.staff.times import due
from server_stub.tickets.models import Ticket
from server_stub.tickets.queries import clocks


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time on a clock: whether it counted, how much of it, and why."""

    start: datetime
    end: datetime
    counted: bool
    length: timedelta
    why: str


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock: how it stands in a few words, the sentence that explains it, its account."""

    name: str
    stands: str
    urgency: str
    sentence: str
    due_at: datetime | None
    intervals: tuple[Interval, ...]


def explained(viewer: Viewer, ticket: Ticket) -> list[ClockLine]:
    """Return the ticket's clocks."""
    found = []
    for clock in clocks(viewer.scope, ticket.id):
        urgency = ""
        stands = str(clock.state)
        if clock.state == ClockState.RUNNING and clock.due_at is not None:
            left = clock.due_at - viewer.now
            urgency = "late" if left <= timedelta() else "soon" if left <= SOON else ""
            stands = due(clock.due_at, viewer.now)
        found.append(ClockLine(clock.name, stands, urgency, "", clock.due_at, ()))
    return found
