"""What would become of a ticket's clocks by a change that nobody has made yet."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import NamedTuple

from server_stub.sla.ledger import ClockLedger, Event, State, ledger
from server_stub.sla.sentences import promised
from server_stub.sla.terms import ClockName, Policy, Traits
from server_stub.sla.wording import moment
from server_stub.sla.zones import zone_of


class Supposed(NamedTuple):
    """One clock as it stands and as it would; None where there is, or would be, no such clock."""

    name: ClockName
    before: ClockLedger | None
    after: ClockLedger | None
    sentence: str


def what_if(  # noqa: PLR0917 - what a ledger takes, and the change
    policy: Policy,
    opened: Traits,
    events: Iterable[Event],
    now: datetime,
    change: Event,
    zone: str = "UTC",
) -> list[Supposed]:
    """Return each clock at ``now`` before and after a change made at that very instant.

    Takes what ``ledger`` takes. ``change`` tells what would change (its ``at`` is left out):
    priority, stage, type, level, agreement, importance, policy, a date.
    """
    known = [event for event in events if event.at <= now]
    before = {one.name: one for one in ledger(policy, opened, known, now, zone)}
    later = [*known, change._replace(at=now)]
    after = {one.name: one for one in ledger(policy, opened, later, now, zone)}
    return [
        Supposed(name, old, new, _sentence(name, old, new, zone_of(zone)))
        for name, old, new in ((n, before.get(n), after.get(n)) for n in ClockName)
        if old or new
    ]


def _sentence(
    name: ClockName, before: ClockLedger | None, after: ClockLedger | None, wall: tzinfo
) -> str:
    """Return the difference: ``Resolution: would be due Monday 11:45 instead of Tuesday 15:45``."""
    said = name.capitalize()
    if after is None:
        return f"{said}: nothing would be promised any more."
    by = f"{promised(after)}, by {after.row}"
    if before is None:
        return f"{said}: would be promised, {_stands(after, wall)} ({by})."
    old, new = _stands(before, wall), _stands(after, wall)
    if old == new:
        return f"{said}: stays {new}."
    if new.startswith("due "):
        old = old.removeprefix("due ")
    because = f" ({by})" if (before.target, before.row) != (after.target, after.row) else ""
    return f"{said}: would be {new} instead of {old}{because}."


def _stands(one: ClockLedger, wall: tzinfo) -> str:
    if one.state is State.PAUSED:
        return "paused"
    if one.state is State.STOPPED:
        return "stopped"
    if one.due_at is None:
        return "without a date"
    if one.state is State.BREACHED:
        return f"overdue since {moment(one.due_at, one.at, wall)}"
    if one.due_at == one.at:
        return "due now"
    return f"due {moment(one.due_at, one.at, wall)}"
