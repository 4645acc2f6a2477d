"""Calendars and ledgers against an oracle that looks at the wall clock minute by minute.

Zones are drawn from all that exist, moments from near their turns of the clock. Each run draws
anew: a failing case's seed is the last one printed. WATCHDESK_LONG=500 tries 500 times as many.
"""

from datetime import datetime, timedelta

import pytest

from server_stub.sla.clocks import first_due
from server_stub.sla.ledger import Act, ClockLedger, ledger
from server_stub.sla.terms import ClockName
from tests.server_stub.sla import cases, oracle

SHARES = range(8)
CASES = 2_000
CALENDARS = 400


@pytest.mark.parametrize("share", SHARES)
def test_working_time_is_what_the_wall_clock_shows_minute_by_minute(share: int) -> None:
    assert share in SHARES
    for chance in cases.seeds(CALENDARS // len(SHARES)):
        zone = cases.a_zone(chance)
        hours = cases.some_hours(chance, "any", zone, own=True)
        calendar = hours.calendar()
        start = zone.near + timedelta(seconds=chance.randrange(86_400))
        end = start + timedelta(seconds=chance.randrange(5 * 86_400))
        worked = oracle.between(hours.wall, start, end)
        asked = timedelta(seconds=chance.randrange(20 * 3_600))

        assert calendar.between(start, end) == worked
        assert calendar.between(end, start) == -worked
        assert calendar.add(start, worked) <= end
        assert calendar.add(start, asked) == oracle.add(hours.wall, start, asked)
        segments = calendar.segments(start, end)
        assert sum((b - a for a, b in segments), timedelta()) == worked
        for opens, closes in segments:
            assert oracle.between(hours.wall, opens, closes) == closes - opens
        assert calendar.is_working(start) is hours.wall.is_open(oracle.whole(start))


@pytest.mark.parametrize("share", SHARES)
def test_ledgers_agree_with_the_oracle_to_the_microsecond(share: int) -> None:
    assert share in SHARES
    for chance in cases.seeds(CASES // len(SHARES)):
        case = cases.a_case(chance)
        found = {
            one.name: one
            for one in ledger(case.policy, case.traits, case.events, case.now, case.zone)
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
    assert ours.remaining == truth.within - truth.elapsed
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
    counted = [interval for interval in ours.intervals if interval.counted]
    assert sum((i.end - i.start for i in counted), timedelta()) == ours.elapsed
    assert ours.sentence()
    assert ours.explain()


def test_a_new_tickets_due_times_are_the_ledgers() -> None:
    for chance in cases.seeds(200):
        case = cases.a_case(chance)
        opened = case.events[0]._replace(act=Act.SYSTEM)
        at = opened.at
        quick = first_due(
            case.policy,
            case.opened["priority"],
            case.opened["source"],
            at,
            case.zone,
            ticket_type=case.opened["type"],
        )
        whole = ledger(case.policy, case.traits, [opened], at, case.zone)
        assert dict(quick) == {one.name: one.due_at for one in whole}
