"""What calendars and ledgers must say, found by looking at the wall clock minute by minute.

Written apart from the product and sharing no code with it: it knows no years, no turns of the
clock and no segments, only what the wall shows in each minute. A minute is open or it is not;
everything else is counting. Minutes are looked at in hours, where the zone's offset is the same
at both ends, one by one where it is not. Instants are whole microseconds since 1970.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000
HOUR = 60 * MINUTE

ACCEPTS = {
    "person": ["answer", "review"],
    "touch": ["answer", "review", "touch", "consultation"],
    "acknowledgement": ["answer", "review", "acknowledgement"],
    "review": ["review"],
}
TELLS = ["answer", "review", "update"]


def number(instant: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (instant - EPOCH) // MICROSECOND


def instant(microseconds: int) -> datetime:
    """Return microseconds since 1970 as an instant."""
    return EPOCH + microseconds * MICROSECOND


@dataclass(eq=False)
class Wall:
    """Working hours on a wall: minutes of the day by weekday, and dates without work."""

    week: list[list[tuple[int, int]]]
    zone: tzinfo
    free: set[date]
    _hours: dict[int, bytes] = field(default_factory=dict)
    _days: dict[date, bytes] = field(default_factory=dict)

    def day(self, shown: date) -> bytes:
        """Return which minutes of a date are open: a byte each."""
        if shown not in self._days:
            minutes = bytearray(1440)
            for start, end in [] if shown in self.free else self.week[shown.weekday()]:
                minutes[start:end] = b"\1" * (end - start)
            self._days[shown] = bytes(minutes)
        return self._days[shown]

    def hour(self, n: int) -> bytes:
        """Return which minutes of an hour since 1970 are open."""
        if n not in self._hours:
            at = EPOCH + timedelta(hours=n)
            first, last = self.shown(at), self.shown(at + timedelta(minutes=59))
            if last - first == timedelta(minutes=59):
                minute = first.hour * 60 + first.minute
                both = self.day(first.date()) + self.day(first.date() + timedelta(days=1))
                self._hours[n] = both[minute : minute + 60]
            else:
                every = [self.shown(at + timedelta(minutes=m)) for m in range(60)]
                self._hours[n] = bytes(self.day(s.date())[s.hour * 60 + s.minute] for s in every)
        return self._hours[n]

    def shown(self, at: datetime) -> datetime:
        """Return what the wall shows, without the zone."""
        return at.astimezone(self.zone).replace(tzinfo=None)

    def is_open(self, at: datetime) -> bool:
        """Tell whether the minute an instant is in is open."""
        n, rest = divmod(number(at), HOUR)
        return bool(self.hour(n)[rest // MINUTE])

    def stretches(self, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Yield each stretch of minutes that are all open, or all not, cut at start and end."""
        began, state = start, -1
        for n in range(start // HOUR, -(-end // HOUR)):
            minutes = self.hour(n)
            at = max(0, (start - n * HOUR) // MINUTE)
            while at < 60:
                now = minutes[at]
                if now != state:
                    here = max(start, n * HOUR + at * MINUTE)
                    if state >= 0 and began < min(here, end):
                        yield began, min(here, end), bool(state)
                    began, state = here, now
                other = minutes.find(1 - now, at)
                at = other if other >= 0 else 60
        if began < end:
            yield began, end, bool(state)

    def worked(self, start: int, end: int) -> int:
        """Return the open time from start to end."""
        first, last = start // HOUR, end // HOUR
        if first == last:
            return self._part(first, start, end)
        whole = sum(self.hour(n).count(1) for n in range(first + 1, last)) * MINUTE
        rest = self._part(last, last * HOUR, end) if end > last * HOUR else 0
        return self._part(first, start, (first + 1) * HOUR) + whole + rest

    def _part(self, n: int, start: int, end: int) -> int:
        total = 0
        for m in range((start - n * HOUR) // MINUTE, -(-(end - n * HOUR) // MINUTE)):
            if self.hour(n)[m]:
                at = n * HOUR + m * MINUTE
                total += min(end, at + MINUTE) - max(start, at)
        return total

    def reach(self, start: int, working: int) -> int:
        """Return the first instant at which so much has been worked."""
        if working <= 0:
            return start
        at = start
        for n in range(start // HOUR, start // HOUR + 24 * 4000):
            after = (n + 1) * HOUR
            here = (
                self._part(n, at, after) if n == start // HOUR else self.hour(n).count(1) * MINUTE
            )
            if working <= here:
                break
            working -= here
            at = after
        while working > 0:
            minute_end = at - at % MINUTE + MINUTE
            if self.hour(at // HOUR)[at % HOUR // MINUTE]:
                if working <= minute_end - at:
                    return at + working
                working -= minute_end - at
            at = minute_end
        raise AssertionError("no such working time in eleven years")

    def opens(self, start: int) -> int:
        """Return the first open instant."""
        at = start
        while not self.hour(at // HOUR)[at % HOUR // MINUTE]:
            found = self.hour(at // HOUR).find(1, at % HOUR // MINUTE)
            at = at - at % HOUR + (found * MINUTE if found >= 0 else HOUR)
        return at

    @lru_cache(maxsize=256)  # noqa: B019 - walls are few and short-lived
    def end_of_day(self, start: int, days: int) -> int:
        """Return the end of the last open minute of the day on which it opens, or a later one."""
        at = self.opens(start)
        for _ in range(days):
            at = self.opens(end_of_date(self.zone, at, 0))
        end = end_of_date(self.zone, at, 0)
        while not self.hour((end - 1) // HOUR)[(end - 1) % HOUR // MINUTE]:
            end -= MINUTE
        return end


@lru_cache(maxsize=256)
def end_of_date(zone: tzinfo, start: int, days: int) -> int:
    """Return the end of the last minute at which the wall shows the date, or one before it."""
    last = instant(start).astimezone(zone).date() + timedelta(days=days)
    hour = start // HOUR + 24 * (days + 2) + 3
    while min(_date(zone, hour * HOUR + m * MINUTE) for m in (0, 59)) > last:
        hour -= 1
    minute = (hour + 1) * 60
    while _date(zone, minute * MINUTE) > last:
        minute -= 1
    return (minute + 1) * MINUTE


def _date(zone: tzinfo, at: int) -> date:
    return instant(at).astimezone(zone).date()


@dataclass
class Promise:
    """A target: so much time on a wall, or by a day, or by a date that somebody sets.

    ``kind`` is time, end_of_day, calendar_days or set; the calendar's name tells one promise
    from another.
    """

    minutes: int
    calendar: str
    wall: Wall
    stopped_by: str
    kind: str = "time"
    days: int = 0
    starts: str = "opened"
    restarted_by: str = "consultation"


@dataclass
class Rules:
    """A policy in plain values: rows of (conditions, targets), modes by stage and clock."""

    rows: list[tuple[dict[str, list[str]], dict[str, Promise]]]
    modes: dict[str, dict[str, str]]
    stopped_by: str
    walls: dict[str, Wall]
    zone: tzinfo
    resolved_counts: bool = False

    def promise(self, name: str, ticket: dict[str, str], opened_at: int) -> Promise | None:
        """Return what the first matching row promises."""
        for conditions, promises in self.rows:
            if all(self._meets(key, words, ticket, opened_at) for key, words in conditions.items()):
                return promises.get(name)
        return None

    def _meets(self, key: str, words: list[str], ticket: dict[str, str], opened_at: int) -> bool:
        if key in {"during", "outside"}:
            is_open = any(self.walls[word].is_open(instant(opened_at)) for word in words)
            return is_open is (key == "during")
        return ticket[key] in words

    def mode(self, name: str, ticket: dict[str, str]) -> str:
        """Return what the ticket's stage does to a clock; an unknown one is as its status."""
        return self.modes.get(ticket["stage"], self.modes[ticket["status"]])[name]


@dataclass
class Happening:
    """One event of a ticket: what it changes, who did it, which rules hold from then on."""

    at: datetime
    changes: dict[str, str] = field(default_factory=dict)
    act: str = "system"
    rules: Rules | None = None
    dates: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Verdict:
    """How a clock stands, and which of its time counted."""

    state: str
    elapsed: timedelta
    due_at: datetime | None
    breached_at: datetime | None
    is_late: bool
    stopped_at: datetime | None
    within: timedelta | None
    began_at: datetime
    pieces: list[tuple[datetime, datetime, bool]]


class Turn(NamedTuple):
    """What holds of one clock of a ticket from one event on."""

    at: int
    act: str
    mode: str
    promised: Promise | None
    rules: Rules
    ticket: dict[str, str]
    date: datetime | None


class Walk:
    """One clock, walked from event to event."""

    def __init__(self, name: str, events: list[Happening], now: int) -> None:
        self.name = name
        self.events = events
        self.ends = [number(event.at) for event in events[1:]] + [now]
        self.opened_at = self.base = number(events[0].at)
        self.promise: Promise | None = None
        self.rules: Rules | None = None
        self.within: int | None = None
        self.key: tuple[object, ...] | None = None
        self.level = ""
        self.is_answered = False
        self.mode = "running"
        self.used = 0
        self.due: int | None = None
        self.late = False
        self.broken: int | None = None
        self.stopped: int | None = None
        self.pieces: list[tuple[int, int, bool]] = []

    def walk(self, rules: Rules, ticket: dict[str, str]) -> None:
        """Walk through all events."""
        story = list(self._told(rules, ticket))
        self.level = story[0].ticket["level"]
        modes = [turn.mode for turn in story]
        for n, turn in enumerate(story):
            self.is_answered |= turn.act in {"answer", "review"}
            if self._is_over(turn):
                self._foresee(turn.at)
                if self.promise is None:
                    self._take_up(turn)
                self.stopped = turn.at if self.stopped is None else self.stopped
                return
            if turn.mode == "stopped" and self._did_not_last(modes[n:]):
                mode = "running"
            else:
                mode = self._enter(turn)
            self._settle(mode)
            self._run(turn.at, self.ends[n])

    def _told(self, rules: Rules, ticket: dict[str, str]) -> Iterator[Turn]:
        dates: dict[str, datetime] = {}
        for event in self.events:
            rules = event.rules or rules
            ticket = {**ticket, **event.changes}
            dates = {**dates, **event.dates}
            promised = rules.promise(self.name, ticket, self.opened_at)
            mode = rules.mode(self.name, ticket)
            day = dates.get(self.name)
            yield Turn(number(event.at), event.act, mode, promised, rules, ticket, day)

    def _is_over(self, turn: Turn) -> bool:
        switches = {"response": turn.rules.stopped_by, "review": "review"}
        if self.name not in switches:
            return False
        switch = turn.promised.stopped_by if turn.promised else switches[self.name]
        return turn.act in ACCEPTS[switch]

    def _did_not_last(self, modes: list[str]) -> bool:
        """Tell whether a resolution is taken back later, where that makes it none."""
        if self.name != "resolution" or self.stopped is not None or self.promise is None:
            return False
        assert self.rules is not None
        return self.rules.resolved_counts and any(mode != "stopped" for mode in modes)

    def _enter(self, turn: Turn) -> str:
        """Stop, pause or go on, anew or not, by what holds from here on; return which."""
        mode = turn.mode
        late_start = turn.promised is not None and turn.promised.starts == "answered"
        if mode == "running" and self.name == "progress" and late_start and not self.is_answered:
            mode = "paused"
        if mode == "stopped":
            self._foresee(turn.at)
            self.stopped = turn.at if self.stopped is None else self.stopped
        else:
            self.stopped = None
            if self._begins_anew(turn):
                self.base, self.used, self.key = turn.at, 0, None
                self.due, self.late = None, False
            self.level = turn.ticket["level"]
        if mode != "stopped" or self.promise is None:
            self._take_up(turn)
        return mode

    def _begins_anew(self, turn: Turn) -> bool:
        if turn.at == self.base:
            return False
        if self.name == "progress":
            return turn.act in TELLS
        switch = turn.promised.restarted_by if turn.promised else "level"
        consulted = turn.act == "consultation" and switch == "consultation"
        return self.name == "dwell" and (consulted or turn.ticket["level"] != self.level)

    def _take_up(self, turn: Turn) -> None:
        """Hold on to a promise; when it is another one, forget what was due by the old one."""
        promised = turn.promised
        key: tuple[object, ...] | None = None
        within = None
        if promised is not None and promised.kind == "set":
            key = ("set", turn.date)
            within = self.within
            if key != self.key:
                left = None if turn.date is None else max(0, number(turn.date) - turn.at)
                within = None if left is None else self.used + left
        elif promised is not None:
            within = self._time(promised, turn.rules)
            key = (promised.calendar, within)
        if key != self.key:
            self.due, self.late = None, False
        self.promise, self.rules, self.within, self.key = promised, turn.rules, within, key

    def _time(self, promised: Promise, rules: Rules) -> int:
        if promised.kind == "end_of_day":
            end = promised.wall.end_of_day(self.base, promised.days)
            return promised.wall.worked(self.base, end)
        if promised.kind == "calendar_days":
            return end_of_date(rules.zone, self.base, promised.days) - self.base
        return promised.minutes * MINUTE

    def _settle(self, mode: str) -> None:
        if not self.late and (mode == "paused" or (self.mode, mode) == ("stopped", "running")):
            self.due = None  # the time until now did not count: found anew when it runs
        self.mode = mode

    def _foresee(self, at: int) -> None:
        """Know when it would have been due, were it not stopped just now."""
        if self.mode == "running" and self.promise and self.due is None and self.stopped is None:
            self.due = self._due(at)

    def _due(self, at: int) -> int | None:
        if self.within is None or self.promise is None:
            return None
        return self.promise.wall.reach(at, self.within - self.used)

    def _run(self, start: int, end: int) -> None:
        """Walk on from one event to the next."""
        if self.mode != "running" or self.promise is None:
            self._note(start, end, is_counted=False)
            return
        wall = self.promise.wall
        for a, b, is_open in wall.stretches(start, end):
            if self.within is not None:
                self._look(a, b, self.within, is_open=is_open)
            self.used += b - a if is_open else 0
            self._note(a, b, is_counted=is_open)

    def _look(self, a: int, b: int, within: int, *, is_open: bool) -> None:
        """Find it due, or overdue, in a stretch of time that is all open or all not."""
        if self.due is None and self.used >= within:
            self.due = a
        if is_open and self.due is None and self.used + (b - a) >= within:
            self.due = a + (within - self.used)
        if self.due is not None and b > self.due:
            self.late = True
            self.broken = self.due if self.broken is None else self.broken

    def _note(self, a: int, b: int, *, is_counted: bool) -> None:
        if a == b:
            return
        if self.pieces and self.pieces[-1][2] is is_counted and self.pieces[-1][1] == a:
            a = self.pieces.pop()[0]
        self.pieces.append((a, b, is_counted))


def verdict(
    name: str, rules: Rules, ticket: dict[str, str], events: list[Happening], now: datetime
) -> Verdict | None:
    """Return how a clock stands at now; None when nothing is promised."""
    end = number(now)
    walk = Walk(name, [event for event in events if event.at <= now], end)
    walk.walk(rules, {"status": "new", "stage": "new", **ticket})
    if walk.promise is None:
        return None
    if walk.stopped is not None:
        state, end = "stopped", walk.stopped
    elif walk.mode == "paused":
        state = "paused"
    else:
        state = "breached" if walk.late else "running"
        if walk.due is None:
            walk.due = walk._due(end)
    pieces = [(a, min(b, end), counted) for a, b, counted in walk.pieces if a < end]
    return Verdict(
        state,
        walk.used * MICROSECOND,
        None if walk.due is None else instant(walk.due),
        None if walk.broken is None else instant(walk.broken),
        walk.late,
        None if walk.stopped is None else instant(walk.stopped),
        None if walk.within is None else walk.within * MICROSECOND,
        instant(walk.base),
        [(instant(a), instant(b), counted) for a, b, counted in pieces],
    )
