"""Random calendars, policies and tickets, made twice: for the product and for the oracle."""

import os
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import holidays

from server_stub.sla.calendar import Calendar, WorkingHours
from server_stub.sla.ledger import Act, Event
from server_stub.sla.terms import ClockName, Mode, Policy, Row, StoppedBy, Target, Traits, stages_of
from tests.server_stub.sla import oracle

PRIORITIES = ("urgent", "high", "normal", "low")
SOURCES = ("monitor", "tray", "portal", "phone")
STATUSES = ("new", "open", "waiting", "resolved", "closed")
TYPES = ("incident", "request")
SWITCHES = (StoppedBy.PERSON, StoppedBy.TOUCH, StoppedBy.ACKNOWLEDGEMENT)
CLOCKS = tuple(name.value for name in ClockName)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
COUNTRIES = (("GB", "ENG"), ("DE", "BY"), ("US", ""), ("IL", ""), ("JP", ""), ("NO", ""))


def count(usual: int) -> int:
    """Return how many cases to try: ``usual``, times WATCHDESK_LONG when that is set."""
    return usual * int(os.environ.get("WATCHDESK_LONG", "1"))


def seeds(usual: int) -> Iterator[random.Random]:
    """Yield a source of chance for each case; the case's seed is printed when it fails.

    WATCHDESK_SEED runs that one case again.
    """
    if given := os.environ.get("WATCHDESK_SEED"):
        yield random.Random(int(given))  # noqa: S311
        return
    for _ in range(count(usual)):
        seed = random.SystemRandom().randrange(1 << 48)
        print(f"WATCHDESK_SEED={seed}")  # noqa: T201 - pytest shows it when the case fails
        yield random.Random(seed)  # noqa: S311


@cache
def turns(name: str, year: int) -> tuple[datetime, ...]:
    """Return the days of a year on which a zone's offset from UTC changes."""
    zone = ZoneInfo(name)
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(366)]
    return tuple(
        day
        for day in days
        if day.astimezone(zone).utcoffset()
        != (day + timedelta(days=1)).astimezone(zone).utcoffset()
    )


@cache
def public_days(country: str, region: str, year: int) -> tuple[date, ...]:
    """Return a country's public holidays from a year to the next but one."""
    years = range(year - 1, year + 3)
    return tuple(holidays.country_holidays(country, subdiv=region or None, years=years))


class Zone(NamedTuple):
    """A zone by name, and an instant worth looking at: near a turn of the clock if it has any."""

    name: str
    zone: tzinfo
    near: datetime


def a_zone(chance: random.Random) -> Zone:
    """Return a fixed offset or any IANA zone, and a moment there between 1995 and 2037."""
    year = chance.randrange(1995, 2038)
    near = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(365))
    if chance.random() < 0.1:
        minutes = chance.choice((-570, -60, 0, 45, 60, 330, 765))
        sign = "-" if minutes < 0 else "+"
        name = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        return Zone(name, timezone(timedelta(minutes=minutes)), near)
    name = chance.choice(ZONES)
    days = turns(name, year)
    if days and chance.random() < 0.7:
        near = chance.choice(days) - timedelta(hours=chance.randrange(60))
    return Zone(name, ZoneInfo(name), near)


def a_week(chance: random.Random) -> list[list[tuple[int, int]]]:
    """Return the segments of Monday to Sunday: offices, shifts, nights, odd minutes."""
    office = [(540, 1020)]
    kinds: list[list[tuple[int, int]]] = [
        office,
        [(480, 720), (780, 1005)],
        [(0, 1440)],
        [(0, 210), (1320, 1440)],
        [(60, 90), (90, 150), (1435, 1440)],
        [_segment(chance)],
        [],
    ]
    how = chance.random()
    if how < 0.1:
        return [[(0, 1440)]] * 7
    week = [chance.choice(kinds) for _ in range(7)]
    if how < 0.5:
        week = [chance.choice((office, week[0]))] * 5 + [[], []]
    worked = sum(end - start for day in week for start, end in day)
    return week if worked >= 600 else [office] * 5 + [[], []]  # the oracle has not all day


def _segment(chance: random.Random) -> tuple[int, int]:
    start, end = sorted(chance.sample(range(1441), 2))
    return start, end


class Hours(NamedTuple):
    """Working hours, for the product and for the oracle."""

    ours: WorkingHours
    wall: oracle.Wall

    def calendar(self) -> Calendar:
        """Return the product's calendar."""
        return Calendar(self.ours, self.wall.zone)


def some_hours(chance: random.Random, name: str, zone: Zone, *, own: bool) -> Hours:
    """Return random working hours on a zone's wall; ``own``: the calendar names the zone."""
    week = a_week(chance)
    off = {
        zone.near.date() + timedelta(days=chance.randrange(-3, 12))
        for _ in range(chance.choice((0, 0, 1, 3)))
    }
    countries = (chance.choice(COUNTRIES),) if chance.random() < 0.2 else ()
    public = {day for c in countries for day in public_days(*c, zone.near.year)}
    ours = WorkingHours(
        name,
        tuple(tuple(sorted(day)) for day in week),
        zone.name if own else "",
        countries,
        dict.fromkeys(off, "day off"),
    )
    return Hours(ours, oracle.Wall(week, zone.zone, off | public))


class Case(NamedTuple):
    """A ticket's story and the policy it is told under, for the product and for the oracle."""

    policy: Policy
    rules: oracle.Rules
    opened: dict[str, str]
    events: list[Event]
    happenings: list[oracle.Happening]
    now: datetime
    zone: str

    @property
    def traits(self) -> Traits:
        """Return what the ticket is when it is opened."""
        return Traits(self.opened["source"], self.opened["type"], self.opened["priority"])


def a_case(chance: random.Random) -> Case:
    """Return a random ticket with pauses, changes, answers, reopenings and another version."""
    site = a_zone(chance)
    policy, rules = _a_policy(chance, site, "first")
    later, later_rules = _a_policy(chance, site, "second")
    opened = {
        "source": chance.choice(SOURCES),
        "type": chance.choice(TYPES),
        "priority": chance.choice(PRIORITIES),
    }
    at = _moment(chance, site.near)
    happenings = [oracle.Happening(at, act=chance.choice(("system",) * 9 + ("answer",)))]
    length = timedelta(hours=chance.choice((3, 12, 30, 30, 60, 60, 240)))
    for _ in range(chance.randrange(9)):
        happening = _a_happening(chance, at, length)
        if chance.random() < 0.05:
            happening.rules = later_rules
        if chance.random() < 0.1:
            happening.at = max(h.at for h in happenings)  # two things in one transaction
        if chance.random() < 0.15 and (due := _a_due(chance, rules, opened, at)) < at + length:
            happening.at = due
        happenings.append(happening)
    happenings.sort(key=lambda happening: happening.at)
    now = chance.choice((at + length, _moment(chance, at + length * chance.random())))
    events = [_event(happening, later) for happening in happenings]
    return Case(policy, rules, opened, events, happenings, max(now, at), site.name)


def _a_happening(chance: random.Random, at: datetime, length: timedelta) -> oracle.Happening:
    happening = oracle.Happening(max(at, _moment(chance, at + length * chance.random())))
    kind = chance.random()
    if kind < 0.5:
        happening.changes = {"status": chance.choice(STATUSES)}
    elif kind < 0.7:
        happening.changes = {"priority": chance.choice(PRIORITIES)}
    elif kind < 0.75:
        happening.changes = {"type": chance.choice(TYPES)}
    if chance.random() < 0.25:
        happening.act = chance.choice(("touch", "answer", "acknowledgement"))
    return happening


def _a_due(
    chance: random.Random, rules: oracle.Rules, opened: dict[str, str], at: datetime
) -> datetime:
    """Return an instant at which a clock that is never paused is due: the edge of in time."""
    promise = rules.promise(chance.choice(CLOCKS), {"status": "new", **opened})
    if promise is None or promise.within > timedelta(hours=30):
        return at
    return oracle.add(promise.wall, at, promise.within)


def _moment(chance: random.Random, near: datetime) -> datetime:
    """Return an instant near another, on a whole hour, minute, second or none."""
    near += timedelta(minutes=chance.randrange(-120, 120))
    kind = chance.random()
    if kind < 0.3:
        return near.replace(minute=0, second=0, microsecond=0)
    if kind < 0.6:
        return near.replace(second=0, microsecond=0)
    return near.replace(
        second=chance.randrange(60), microsecond=chance.choice((0, chance.randrange(1_000_000)))
    )


def _event(happening: oracle.Happening, later: Policy) -> Event:
    return Event(
        happening.at,
        Act(happening.act),
        policy=later if happening.rules else None,
        status=happening.changes.get("status", ""),
        priority=happening.changes.get("priority", ""),
        type=happening.changes.get("type", ""),
    )


def _a_policy(chance: random.Random, site: Zone, title: str) -> tuple[Policy, oracle.Rules]:
    hours = {
        "office": some_hours(chance, "office", site, own=False),
        "night": some_hours(chance, "night", a_zone(chance)._replace(near=site.near), own=True),
    }
    clock = oracle.Wall([[(0, 1440)]] * 7, UTC, set())
    walls = {"office": hours["office"].wall, "night": hours["night"].wall, "clock": clock}
    modes = _modes(chance)
    switch = chance.choice(SWITCHES)
    rows: list[Row] = []
    plain: list[tuple[dict[str, list[str]], dict[str, oracle.Promise]]] = []
    for number in range(1, chance.randrange(2, 7)):
        when = _conditions(chance)
        targets = _targets(chance, walls, switch)
        rows.append(
            Row(
                number,
                {key: tuple(words) for key, words in when.items()},
                {
                    name: Target(p.within, p.calendar, StoppedBy(p.stopped_by))
                    for name, p in targets.items()
                },
            )
        )
        plain.append((when, targets))
    policy = Policy(
        title=title,
        approved_by="nobody",
        release_date=date(2020, 1, 1),
        next_review=date(2021, 1, 1),
        calendars={name: both.ours for name, both in hours.items()},
        stages=stages_of({s: {c: Mode(m) for c, m in modes[s].items()} for s in STATUSES}),
        stopped_by=switch,
        rows=tuple(rows),
        hash=title,
    )
    return policy, oracle.Rules(plain, modes, switch.value)


def _modes(chance: random.Random) -> dict[str, dict[str, str]]:
    usual = {"new": "running", "open": "running", "waiting": "paused",
             "resolved": "stopped", "closed": "stopped"}  # fmt: skip
    modes = {status: dict.fromkeys(CLOCKS, mode) for status, mode in usual.items()}
    if chance.random() < 0.3:
        status = chance.choice(STATUSES[1:])
        modes[status] = {clock: chance.choice(tuple(Mode)).value for clock in CLOCKS}
    return modes


def _conditions(chance: random.Random) -> dict[str, list[str]]:
    when: dict[str, list[str]] = {}
    for key, words in (("source", SOURCES), ("priority", PRIORITIES), ("type", TYPES)):
        if chance.random() < 0.4:
            when[key] = chance.sample(words, chance.randrange(1, len(words)))
    return when


def _targets(
    chance: random.Random, walls: dict[str, oracle.Wall], switch: StoppedBy
) -> dict[str, oracle.Promise]:
    targets = {}
    for clock in CLOCKS:
        if chance.random() < 0.85:
            calendar = chance.choice(tuple(walls))
            minutes = chance.choice((15, 30, 60, 240, 240, 480, 960, chance.randrange(1, 2000)))
            stopped_by = chance.choice((switch, StoppedBy.TOUCH)).value
            targets[clock] = oracle.Promise(
                timedelta(minutes=minutes), calendar, walls[calendar], stopped_by
            )
    return targets
