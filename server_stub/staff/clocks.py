"""A ticket's clocks as its page shows them: how they stand, in a sentence, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from server_stub.errors import ServerError
from server_stub.sla.calendar import EndlessError
from server_stub.sla.clocks import CLOCK_KINDS, account, policy_of
from server_stub.sla.ledger import ClockLedger, State
from server_stub.sla.models import Clock
from server_stub.sla.zones import ZoneError
from server_stub.staff.access import Viewer
from server_stub.staff.times import due, urgency
from server_stub.tickets.models import Ticket
from server_stub.tickets.queries import clocks, timeline

MOST_INTERVALS = 200
"""Intervals of one clock shown: months of working days."""


@dataclass(frozen=True, slots=True)
class IntervalLine:
    """A stretch of time on a clock: how much of it counted (None: nothing), and why."""

    start: datetime
    end: datetime
    counted: timedelta | None
    why: str


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock: how it stands in a few words, the sentence that explains it, its account.

    ``urgency`` is ``late``, ``soon`` or empty; ``set_by`` is the role that sets its date, if one
    does; ``left_out`` counts the oldest intervals that are not shown.
    """

    name: str
    stands: str
    urgency: str
    due_at: datetime | None
    sentence: str
    promise: str = ""
    set_by: str = ""
    intervals: tuple[IntervalLine, ...] = ()
    left_out: int = 0


def explained(viewer: Viewer, ticket: Ticket) -> list[ClockLine]:
    """Return the ticket's clocks, each with its account (two queries).

    When the account cannot be made (a site in a zone that this computer does not know), the
    clocks are shown as they were stored, and why there is no account.
    """
    stored = list(clocks(viewer.scope, ticket.id))
    if not stored:
        return []
    entries = timeline(viewer.scope, ticket.id).filter(kind__in=CLOCK_KINDS)
    zone = ticket.site.time_zone if ticket.site else "UTC"
    try:
        policy = policy_of(stored[0].policy_version)
        return [_line(one, viewer) for one in account(policy, ticket, entries, viewer.now, zone)]
    except (ServerError, ZoneError, EndlessError) as error:
        return [_stored_line(clock, viewer.now, str(error)) for clock in stored]


def _line(one: ClockLedger, viewer: Viewer) -> ClockLine:
    intervals = one.intervals
    return ClockLine(
        name=one.name,
        stands=_stands(one, viewer.now),
        urgency=urgency(one.due_at, viewer.now) if not one.stopped_at else "",
        due_at=one.due_at,
        sentence=one.sentence(viewer.zone_name),
        promise=one.explain(viewer.zone_name)[0],
        set_by=one.target.set_by,
        intervals=tuple(
            IntervalLine(i.start, i.end, i.end - i.start if i.counted else None, i.why)
            for i in islice(intervals, max(0, len(intervals) - MOST_INTERVALS), None)
        ),
        left_out=max(0, len(intervals) - MOST_INTERVALS),
    )


def _stands(one: ClockLedger, now: datetime) -> str:
    if one.state is State.STOPPED:
        return "late" if one.is_late else "in time"
    if one.due_at is None:
        return one.state
    return due(one.due_at, now)


def _stored_line(clock: Clock, now: datetime, why: str) -> ClockLine:
    running = clock.state == State.RUNNING and clock.due_at is not None
    return ClockLine(
        name=clock.name,
        stands=due(clock.due_at, now) if running and clock.due_at else clock.state,
        urgency=urgency(clock.due_at, now) if running else "",
        due_at=clock.due_at,
        sentence=f"As it was stored last. It cannot be explained now: {why}",
    )
