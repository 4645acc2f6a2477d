"""When a clock is to be looked at: shares of its target to warn at, and its breach. Pure.

What was told already is read from the timeline: each warning and each breach once for one round
of one promise. Another promise (another row of the table, another policy) is warned of anew.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from server_stub.sla.account import ClockLedger
from server_stub.sla.count import Broken
from server_stub.sla.story import EntryRow
from server_stub.sla.terms import ShareWarning
from server_stub.tickets.models import EntryKind

TOLD_KINDS = (EntryKind.WARNED.value, EntryKind.BREACHED.value)
BREACH = 100
"""The share at which a promise is broken."""
_AFTER = timedelta(microseconds=1)
"""At the very instant at which it is due work is still in time."""


class Told(NamedTuple):
    """What was told: of which promise, at which share; the breach has the share 100."""

    promise: str
    share: int


class Warned(NamedTuple):
    """A share that is reached, and whom the policy tells of it."""

    share: int
    at: datetime
    warning: ShareWarning


def promise_of(one: ClockLedger | Broken) -> str:
    """Return what tells one promise to a ticket from another: clock, row, policy and round."""
    return f"{one.name}/{one.row.number}/{one.policy.hash[:8]}/{one.round}"


def told_of(entries: Iterable[EntryRow]) -> frozenset[Told]:
    """Return what a timeline says was told."""
    return frozenset(
        Told(str(entry.tree.get("promise", "")), int(entry.tree.get("share", BREACH)))
        for entry in entries
        if entry.kind in TOLD_KINDS
    )


def next_look(one: ClockLedger, told: frozenset[Told]) -> datetime | None:
    """Return the instant of the first thing to tell of a running clock; None when all is told."""
    promise = promise_of(one)
    instants = [
        at
        for warning in warnings_of(one)
        if Told(promise, warning.share_percent) not in told
        and (at := one.share_at(warning.share_percent)) is not None
    ]
    if one.due_at is not None and not one.is_late:
        instants.append(one.due_at if one.due_at > one.at else one.due_at + _AFTER)
    if any(untold(one.broken, told)):
        instants.append(one.at)
    return min(instants, default=None)


def reached(one: ClockLedger, told: frozenset[Told]) -> list[Warned]:
    """Return the shares that are used by now and were not told, the smallest first."""
    promise = promise_of(one)
    found = []
    for warning in warnings_of(one):
        at = one.share_at(warning.share_percent)
        if at is not None and at <= one.at and Told(promise, warning.share_percent) not in told:
            found.append(Warned(warning.share_percent, at, warning))
    return sorted(found, key=lambda each: each.share)


def untold(broken: Iterable[Broken], told: frozenset[Told]) -> list[Broken]:
    """Return the broken promises that were not told yet, each once."""
    found = {promise_of(one): one for one in reversed(list(broken))}
    return [one for key, one in found.items() if Told(key, BREACH) not in told][::-1]


def warnings_of(one: ClockLedger) -> list[ShareWarning]:
    """Return the warnings of the policy that hold for a clock; at 100 % the breach is told."""
    return [
        warning
        for warning in one.policy.procedure.warnings
        if not warning.clocks or one.name in warning.clocks
    ]
