"""Random calendars, policies and tickets, made twice: for the product and for the oracle."""

import os
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import holidays

from agent.protocol.words import Status
from server_stub.sla.calendar import Calendar
from server_stub.sla.events import Act, Event
from server_stub.sla.terms import (
    ClockName,
    Kind,
    Mode,
    Policy,
    RestartedBy,
    Row,
    Stage,
    Starts,
    StoppedBy,
    Target,
    Traits,
)
from server_stub.sla.working_hours import WorkingHours
from tests.server_stub.sla import oracle

PRIORITIES = ("urgent", "high", "normal", "low")
SOURCES = ("monitor", "tray", "portal", "phone")
STAGES = {
    "new": "new",
    "open": "open",
    "waiting": "waiting",
    "resolved": "resolved",
    "closed": "closed",
    "with_vendor": "open",
    "awaiting_parts": "waiting",
    "sign_off": "resolved",
}
WORDS = {
    "source": SOURCES,
    "priority": PRIORITIES,
    "type": ("incident", "request"),
    "level": ("1", "2", "3"),
    "agreement": ("", "standard", "premium"),
    "importance": ("", "key", "vip"),
}
ACTS = ("acknowledgement", "touch", "consultation", "update", "answer", "answer", "review")
SWITCHES = {
    "response": (StoppedBy.PERSON, StoppedBy.TOUCH, StoppedBy.ACKNOWLEDGEMENT),
    "review": (StoppedBy.REVIEW, StoppedBy.PERSON, StoppedBy.TOUCH),
}
CLOCKS = tuple(name.value for name in ClockName)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
COUNTRIES = (("GB", "ENG"), ("DE", "BY"), ("US", ""), ("IL", ""), ("JP", ""), ("NO", ""))


def count(usual: int) -> int:
    """Return how many cases to try: ``usual``, 50 times as many with WATCHDESK_LONG."""
    return usual * (50 if os.environ.get("WATCHDESK_LONG") else 1)


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


def worlds(numbers: range) -> Iterator[tuple[random.Random, "World"]]:
    """Yield a world for each number, its site in the next of all zones; seeds as above."""
    for number in numbers:
        given = os.environ.get("WATCHDESK_SEED")
        drawn = random.SystemRandom().randrange(1 << 38) * len(ZONES) + number % len(ZONES)
        seed = int(given) if given else drawn
        print(f"WATCHDESK_SEED={seed}")  # noqa: T201 - as above
        chance = random.Random(seed)  # noqa: S311
        yield chance, a_world(chance, ZONES[seed % len(ZONES)])
        if given:
            return


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


def a_zone(chance: random.Random, name: str = "") -> Zone:
    """Return a zone (any, or a fixed offset), and a moment there between 1995 and 2037."""
    year = chance.randrange(1995, 2038)
    near = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(365))
    if not name and chance.random() < 0.1:
        minutes = chance.choice((-570, -60, 0, 45, 60, 330, 765))
        sign = "-" if minutes < 0 else "+"
        name = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        return Zone(name, timezone(timedelta(minutes=minutes)), near)
    name = name or chance.choice(ZONES)
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


class World(NamedTuple):
    """A site and the two policies its tickets live under, for the product and for the oracle."""

    zone: Zone
    policies: tuple[Policy, Policy]
    rules: tuple[oracle.Rules, oracle.Rules]


class Case(NamedTuple):
    """A ticket's story, for the product and for the oracle."""

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
        return Traits()._replace(**self.opened)  # type: ignore[arg-type]


def a_world(chance: random.Random, zone_name: str = "") -> World:
    """Return a random site and two policies: most tickets stay with the first of them."""
    zone = a_zone(chance, zone_name)
    (first, first_rules), (second, second_rules) = (
        _a_policy(chance, zone, title) for title in ("first", "second")
    )
    return World(zone, (first, second), (first_rules, second_rules))


def a_case(chance: random.Random, world: World) -> Case:
    """Return a random ticket with pauses, changes, answers, reopenings and another version."""
    opened = {name: chance.choice(words) for name, words in WORDS.items()}
    at = _moment(chance, world.zone.near)
    happenings = [oracle.Happening(at, act=chance.choice(("system",) * 9 + ("answer",)))]
    length = timedelta(hours=chance.choice((3, 12, 12, 30, 30, 30, 60, 60, 240)))
    for _ in range(chance.randrange(9)):
        happening = _a_happening(chance, at, length)
        if chance.random() < 0.05:
            happening.rules = world.rules[1]
        if chance.random() < 0.1:
            happening.at = max(h.at for h in happenings)  # two things in one transaction
        if chance.random() < 0.1 and (due := _a_due(chance, world, opened, at)) < at + length:
            happening.at = due
        happenings.append(happening)
    happenings.sort(key=lambda happening: happening.at)
    now = chance.choice((at + length, _moment(chance, at + length * chance.random())))
    events = [_event(happening, world.policies[1]) for happening in happenings]
    return Case(
        *(world.policies[0], world.rules[0], opened, events, happenings),
        *(max(now, at), world.zone.name),
    )


def _a_happening(chance: random.Random, at: datetime, length: timedelta) -> oracle.Happening:
    happening = oracle.Happening(max(at, _moment(chance, at + length * chance.random())))
    kind = chance.random()
    if kind < 0.5:
        stage = chance.choice(tuple(STAGES))
        happening.changes = {"status": STAGES[stage], "stage": stage}
    elif kind < 0.8:
        name = chance.choice(("priority", "priority", "level", "type", "agreement", "importance"))
        happening.changes = {name: chance.choice([word for word in WORDS[name] if word])}
    elif kind < 0.85:
        clock = chance.choice(CLOCKS)
        happening.dates = {clock: _moment(chance, happening.at + length * chance.random())}
    if chance.random() < 0.3:
        happening.act = chance.choice(ACTS)
    return happening


def _a_due(chance: random.Random, world: World, opened: dict[str, str], at: datetime) -> datetime:
    """Return an instant at which a clock that is never paused is due: the edge of in time."""
    promise = world.rules[0].promise(chance.choice(CLOCKS), opened, oracle.number(at))
    if promise is None or promise.kind != "time" or promise.minutes > 1800:
        return at
    return oracle.instant(promise.wall.reach(oracle.number(at), promise.minutes * oracle.MINUTE))


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
    dates = list(happening.dates.items())
    return Event(
        happening.at,
        Act(happening.act),
        policy=later if happening.rules else None,
        date=dates[0] if dates else None,
        **happening.changes,
    )


def _a_policy(chance: random.Random, site: Zone, title: str) -> tuple[Policy, oracle.Rules]:
    hours = {
        "office": some_hours(chance, "office", site, own=False),
        "night": some_hours(chance, "night", a_zone(chance)._replace(near=site.near), own=True),
    }
    clock = oracle.Wall([[(0, 1440)]] * 7, UTC, set())
    walls = {"office": hours["office"].wall, "night": hours["night"].wall, "clock": clock}
    modes = _modes(chance)
    switch = chance.choice(SWITCHES["response"])
    plain = [(_conditions(chance), _targets(chance, walls)) for _ in range(chance.randrange(1, 7))]
    rows = tuple(
        Row(
            number,
            {key: tuple(words) for key, words in when.items()},
            {name: _target(promise) for name, promise in targets.items()},
        )
        for number, (when, targets) in enumerate(plain, 1)
    )
    counts = chance.random() < 0.4
    policy = Policy(
        title=title,
        approved_by="nobody",
        release_date=date(2020, 1, 1),
        next_review=date(2021, 1, 1),
        calendars={name: both.ours for name, both in hours.items()},
        stages={
            s: Stage(s, s, Status(STAGES[s]), {c: Mode(m) for c, m in by_clock.items()})
            for s, by_clock in modes.items()
        },
        stopped_by=switch,
        rows=rows,
        resolved_counts=counts,
        hash=title,
    )
    return policy, oracle.Rules(plain, modes, switch.value, walls, site.zone, counts)


def _target(promise: oracle.Promise) -> Target:
    return Target(
        timedelta(minutes=promise.minutes),
        promise.calendar,
        StoppedBy(promise.stopped_by),
        Kind(promise.kind),
        promise.days,
        starts=Starts(promise.starts),
        restarted_by=RestartedBy(promise.restarted_by),
    )


def _modes(chance: random.Random) -> dict[str, dict[str, str]]:
    """Return what each stage does to each clock; not every policy knows every stage."""
    usual = {"new": "running", "open": "running", "waiting": "paused",
             "resolved": "stopped", "closed": "stopped"}  # fmt: skip
    known = [s for s, status in STAGES.items() if s == status or chance.random() < 0.7]
    modes = {s: dict.fromkeys(CLOCKS, usual[STAGES[s]]) for s in known}
    for _ in range(chance.choice((0, 1, 2))):
        stage = chance.choice(known[1:])
        modes[stage] = {clock: chance.choice(tuple(Mode)).value for clock in CLOCKS}
    return modes


def _conditions(chance: random.Random) -> dict[str, list[str]]:
    when: dict[str, list[str]] = {}
    for key, words in WORDS.items():
        if chance.random() < 0.25:
            when[key] = chance.sample(words, chance.randrange(1, len(words)))
    if chance.random() < 0.3:
        when[chance.choice(("during", "outside"))] = [chance.choice(("office", "night"))]
    return when


def _targets(chance: random.Random, walls: Mapping[str, oracle.Wall]) -> dict[str, oracle.Promise]:
    return {clock: _promise(chance, clock, walls) for clock in CLOCKS if chance.random() < 0.8}


def _promise(chance: random.Random, clock: str, walls: Mapping[str, oracle.Wall]) -> oracle.Promise:
    calendar = chance.choice(tuple(walls))
    minutes = chance.choice((15, 30, 60, 240, 240, 480, 960, chance.randrange(1, 2000)))
    promise = oracle.Promise(
        minutes,
        calendar,
        walls[calendar],
        chance.choice(SWITCHES.get(clock, (StoppedBy.PERSON,))).value,
        starts=chance.choice(("opened", "answered")) if clock == "progress" else "opened",
        restarted_by=chance.choice(("level", "consultation")),
    )
    kind = chance.random()
    if kind < 0.15:
        promise.kind, promise.minutes, promise.days = "end_of_day", 0, chance.choice((0, 0, 1, 3))
    elif kind < 0.3:
        promise.kind = chance.choice(("calendar_days", "set"))
        promise.calendar, promise.wall, promise.minutes = "clock", walls["clock"], 0
        promise.days = chance.choice((0, 1, 7)) if promise.kind == "calendar_days" else 0
    return promise
