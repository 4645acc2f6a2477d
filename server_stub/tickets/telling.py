"""What is told of clocks: warnings at shares of a target, promises that were not kept.

A broken promise is told with whatever happens next to its ticket: by the look that is planned for
it, or by the act of a person who came before that look. It is kept in the timeline once, also
when nothing is promised any more.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from server_stub.sla.account import ClockLedger
from server_stub.sla.clocks import CLOCK_KINDS, broken
from server_stub.sla.count import Broken
from server_stub.sla.promise import said
from server_stub.sla.wording import day
from server_stub.tickets.clocks import UNEXPLAINABLE, zone_name
from server_stub.tickets.models import EntryKind, NoticeKind, TimelineEntry
from server_stub.tickets.warnings import (
    BREACH,
    TOLD_KINDS,
    Told,
    promise_of,
    reached,
    told_of,
    untold,
)

if TYPE_CHECKING:
    from server_stub.tickets.amendment import Amendment


def tell_warnings(
    one: "Amendment", ledger: ClockLedger, told: frozenset[Told], *, quietly: bool = False
) -> None:
    """Tell of the shares that are reached, each person once; ``quietly``: keep it, tell nobody.

    Once a promise is broken nobody needs to hear that it nearly is.
    """
    below = [each for each in reached(ledger, told) if each.share < BREACH]
    if not below:
        return
    for each in below:
        one.tell(
            EntryKind.WARNED,
            clock=ledger.name.value,
            share=each.share,
            promise=promise_of(ledger),
            due_at=ledger.due_at.isoformat() if ledger.due_at else None,
            told=[] if quietly else list(each.warning.tell),
        )
    if quietly:
        return
    due = f"; it is due {_when(one, ledger.due_at)}" if ledger.due_at else ""
    text = f"Ticket {one.ticket.id}: {below[-1].share} % of the time for its {ledger.name} is used"
    asked = [(who, each.warning.calendar) for each in below for who in each.warning.tell]
    _tell_all(one, asked, NoticeKind.WARNING, f"{text}{due}.", promise_of(ledger))


def tell_broken(one: "Amendment") -> None:
    """Record every promise that was broken and not told yet, and tell whom the policy names."""
    entries = TimelineEntry.objects.filter(
        ticket=one.ticket, kind__in=(*CLOCK_KINDS, *TOLD_KINDS)
    ).order_by("id")
    rows = [*entries, *one.entries]
    try:
        found = broken(one.policy, one.ticket, rows, one.at, zone_name(one.ticket))
    except UNEXPLAINABLE:
        return
    for each in untold(found, told_of(rows)):
        asked = _told_of_breach(one, each)
        one.tell(
            EntryKind.BREACHED,
            clock=each.name.value,
            share=BREACH,
            promise=promise_of(each),
            due_at=each.at.isoformat(),
            told=list(dict.fromkeys(who for who, _ in asked)),
        )
        promised = f"{said(each.target)}, {each.row}"
        text = (
            f"Ticket {one.ticket.id}: its {each.name} was due {_when(one, each.at)} ({promised})."
        )
        _tell_all(one, asked, NoticeKind.BREACH, text)


def _told_of_breach(one: "Amendment", each: Broken) -> list[tuple[str, str]]:
    """Return whom the policy tells of a broken promise, each with the calendar of their hours."""
    duties = one.policy.procedure
    asked: list[tuple[str, str]] = []
    breach = duties.breach
    if breach is not None and (not breach.clocks or each.name in breach.clocks):
        asked += [(who, breach.calendar) for who in breach.tell]
    for warning in duties.warnings:
        if warning.share_percent >= BREACH and each.name in warning.clocks:
            asked += [(who, warning.calendar) for who in warning.tell]
    return asked


def _tell_all(
    one: "Amendment",
    asked: Iterable[tuple[str, str]],
    kind: NoticeKind,
    text: str,
    promise: str = "",
) -> None:
    """Tell each of them once, in their working hours: at once, or when the calendar opens."""
    opens: dict[str, datetime] = {}
    for name, calendar in asked:
        at = one.at
        if calendar:
            at = one.policy.calendar(calendar, zone_name(one.ticket)).opens_at(one.at)
        address = _address(one, name)
        opens[address] = min(at, opens.get(address, at))
    for address, at in opens.items():
        one.notify(address, kind, text, at, promise)


def _address(one: "Amendment", name: str) -> str:
    if name == "assignee":
        return one.owner
    if name == "team":
        return f"team:{one.ticket.team}" if one.ticket.team else one.owner
    return f"role:{name}"


def _when(one: "Amendment", instant: datetime) -> str:
    """Return an instant in full: notices are read on other days than they were written."""
    local = instant.astimezone(one.zone)
    return f"{day(local)} {local:%H:%M}"
