"""Calendars and ledgers against an oracle that looks at the wall clock minute by minute.

Zones are drawn from all that exist, moments from near their turns of the clock. Each run draws
anew: a failing case's seed is the last one printed. WATCHDESK_LONG=1 tries a million tickets.
"""

from datetime import datetime, timedelta

import pytest

from server_stub.sla.calendar import end_of_date
from server_stub.sla.clocks import first_due
from server_stub.sla.events import Act
from server_stub.sla.ledger import ClockLedger, ledger
from server_stub.sla.terms import ClockName
from tests.server_stub.sla import cases, oracle

SHARES = range(8)
WORLDS = 800
"""More than there are zones: each of them is somebody's site."""
TICKETS = 25
"""Of one world: 20,000 tickets in all, a million in the long form."""
CALENDARS = 400


@pytest.mark.parametrize("share", SHARES)
def test_working_time_is_what_the_wall_clock_shows_minute_by_minute(share: int) -> None:
    assert share in SHARES
    for chance in cases.seeds(CALENDARS // len(SHARES)):
        zone = cases.a_zone(chance)
        hours = cases.some_hours(chance, "any", zone, own=True)
        wall = hours.wall
        calendar = hours.calendar()
        start = zone.near + timedelta(seconds=chance.randrange(86_400))
        end = start + timedelta(seconds=chance.randrange(5 * 86_400))
        first, last = oracle.number(start), oracle.number(end)
        worked = oracle.instant(wall.worked(first, last)) - oracle.EPOCH
        asked = timedelta(seconds=chance.randrange(20 * 3_600))
        days = chance.randrange(4)

        assert calendar.between(start, end) == worked
        assert calendar.between(end, start) == -worked
        assert calendar.add(start, worked) <= end
        reached = wall.reach(first, asked // oracle.MICROSECOND)
        assert calendar.add(start, asked) == oracle.instant(reached)
        assert calendar.end_of_day(start, days) == oracle.instant(wall.end_of_day(first, days))
        over = oracle.end_of_date(zone.zone, first, days)
        assert end_of_date(start, zone.zone, days) == oracle.instant(over)
        open_stretches = [
            (oracle.instant(a), oracle.instant(b))
            for a, b, is_open in wall.stretches(first, last)
            if is_open
        ]
        assert calendar.segments(start, end) == open_stretches
        assert calendar.is_working(start) is wall.is_open(start)


@pytest.mark.parametrize("share", SHARES)
def test_ledgers_agree_with_the_oracle_to_the_microsecond(share: int) -> None:
    """Sums of the ledger and the clock too: both are looked at in each of the cases."""
    each = cases.count(WORLDS) // len(SHARES)
    for chance, world in cases.worlds(range(share * each, (share + 1) * each)):
        for _ in range(TICKETS):
            _agree(cases.a_case(chance, world))


def _agree(case: cases.Case) -> None:
    found = {
        one.name: one for one in ledger(case.policy, case.traits, case.events, case.now, case.zone)
    }
    for name in ClockName:
        truth = oracle.verdict(name, case.rules, case.opened, case.happenings, case.now)
        if truth is None:
            assert name not in found
        else:
            _compare(found[name], truth)


def _compare(ours: ClockLedger, truth: oracle.Verdict) -> None:
    assert ours.state == truth.state
    assert ours.elapsed == truth.elapsed
    assert ours.within == truth.within
    assert ours.began_at == truth.began_at
    assert ours.due_at == truth.due_at
    assert ours.breached_at == truth.breached_at
    assert ours.is_late == truth.is_late
    assert ours.stopped_at == truth.stopped_at
    pieces: list[tuple[datetime, datetime, bool]] = []
    for interval in ours.intervals:
        piece = (interval.start, interval.end, interval.counted)
        if pieces and pieces[-1][1:] == (interval.start, interval.counted):
            piece = (pieces.pop()[0], interval.end, interval.counted)
        pieces.append(piece)
    assert pieces == truth.pieces
    counted = [i for i in ours.intervals if i.counted and i.round == ours.round]
    assert sum((i.end - i.start for i in counted), timedelta()) == ours.elapsed


def test_what_was_counted_once_stays_as_it_was_whatever_comes_later() -> None:
    """Another version of the policy is among what comes, with other hours and other targets.

    But for a resolution that does not last: what that makes of the time before is the policy's
    say, so such policies are left out here.
    """
    for chance, world in cases.worlds(range(120)):
        for _ in range(5):
            case = cases.a_case(chance, world)
            if any(policy.resolved_counts for policy in world.policies):
                continue
            at = case.events[0].at + (case.now - case.events[0].at) * chance.random()
            later = ledger(case.policy, case.traits, case.events, case.now, case.zone)
            whole = {one.name: _pieces(one, case.now) for one in later}
            for one in ledger(case.policy, case.traits, case.events, at, case.zone):
                until = one.stopped_at or at
                told = [piece for piece in whole.get(one.name, []) if piece[0] < until]
                cut = [(a, min(b, until), *rest) for a, b, *rest in told]
                assert one.name not in whole or _pieces(one, until) == cut


def _pieces(one: ClockLedger, until: datetime) -> list[tuple[datetime, datetime, bool, str, int]]:
    """Return the intervals of a clock without the words, those that touch made one."""
    pieces: list[tuple[datetime, datetime, bool, str, int]] = []
    for i in one.intervals:
        piece = (i.start, min(i.end, until), i.counted, i.policy, i.round)
        if pieces and pieces[-1][1:] == (piece[0], *piece[2:]):
            piece = (pieces.pop()[0], *piece[1:])
        pieces.append(piece)
    return pieces


def test_every_ledger_can_be_told_in_words() -> None:
    for chance in cases.seeds(40):
        world = cases.a_world(chance)
        for _ in range(5):
            case = cases.a_case(chance, world)
            for one in ledger(case.policy, case.traits, case.events, case.now, case.zone):
                assert one.sentence()
                assert one.explain()
                one.share_at(75)


def test_a_new_tickets_due_times_are_the_ledgers() -> None:
    for chance in cases.seeds(40):
        world = cases.a_world(chance)
        for _ in range(5):
            case = cases.a_case(chance, world)
            opened = case.events[0]._replace(act=Act.SYSTEM)
            words = {k: v for k, v in case.opened.items() if k not in {"priority", "source"}}
            quick = first_due(
                case.policy,
                case.opened["priority"],
                case.opened["source"],
                opened.at,
                case.zone,
                ticket_type=words.pop("type"),
                **words,
            )
            traits = case.traits._replace(channel=case.opened["source"])
            whole = ledger(case.policy, traits, [opened], opened.at, case.zone)
            assert dict(quick) == {one.name: one.due_at for one in whole if one.due_at}
