"""What calendars and ledgers must say, found by looking at the wall clock minute by minute.

Written apart from the product and sharing no code with it: slow, and plain enough to be read
through. A promise is kept or broken here by walking from the ticket's opening to now, one tick
(a minute, or the rest of one at an event) at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import cache

NOTHING = timedelta()
MINUTE = timedelta(minutes=1)

ACCEPTS = {
    "person": ["answer"],
    "touch": ["answer", "touch"],
    "acknowledgement": ["answer", "acknowledgement"],
}


@dataclass(eq=False)
class Wall:
    """Working hours on a wall: minutes of the day by weekday, and dates without work."""

    week: list[list[tuple[int, int]]]
    zone: tzinfo
    free: set[date]

    def __post_init__(self) -> None:
        self.is_open: Callable[[datetime], bool] = cache(self._is_open)

    def _is_open(self, minute: datetime) -> bool:
        shown = minute.astimezone(self.zone)
        if shown.date() in self.free:
            return False
        at = shown.hour * 60 + shown.minute
        return any(start <= at < end for start, end in self.week[shown.weekday()])


def whole(instant: datetime) -> datetime:
    """Return the minute an instant is in."""
    return instant.replace(second=0, microsecond=0)


def ticks(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, datetime]]:
    """Yield each minute from start to end with the part of it that is within."""
    minute = whole(start)
    while start < end:
        after = minute + MINUTE
        until = min(after, end)
        yield minute, start, until
        minute = start = after


def between(wall: Wall, start: datetime, end: datetime) -> timedelta:
    """Return the working time from start to end."""
    return sum((u - t for minute, t, u in ticks(start, end) if wall.is_open(minute)), NOTHING)


def add(wall: Wall, start: datetime, working: timedelta) -> datetime:
    """Return the first instant at which so much has been worked."""
    if working <= NOTHING:
        return start
    for minute, t, u in ticks(start, start + timedelta(days=4000)):
        if wall.is_open(minute):
            if working <= u - t:
                return t + working
            working -= u - t
    raise AssertionError("no such working time in eleven years")


@dataclass
class Promise:
    """A target: so much time on a wall; its calendar's name tells it from another promise."""

    within: timedelta
    calendar: str
    wall: Wall
    stopped_by: str


@dataclass
class Rules:
    """A policy in plain values: rows of (conditions, targets), modes by status and clock."""

    rows: list[tuple[dict[str, list[str]], dict[str, Promise]]]
    modes: dict[str, dict[str, str]]
    stopped_by: str

    def promise(self, name: str, ticket: dict[str, str]) -> Promise | None:
        """Return what the first matching row promises."""
        for conditions, promises in self.rows:
            if all(ticket[key] in words for key, words in conditions.items()):
                return promises.get(name)
        return None


@dataclass
class Happening:
    """One event of a ticket: what it changes, who did it, which rules hold from then on."""

    at: datetime
    changes: dict[str, str] = field(default_factory=dict)
    act: str = "system"
    rules: Rules | None = None


@dataclass
class Verdict:
    """How a clock stands, and which of its ticks counted."""

    state: str
    elapsed: timedelta
    due_at: datetime | None
    breached_at: datetime | None
    is_late: bool
    stopped_at: datetime | None
    within: timedelta
    pieces: list[tuple[datetime, datetime, bool]]


class Walk:
    """One clock, walked from event to event and tick to tick."""

    def __init__(self, name: str, rules: Rules, ticket: dict[str, str]) -> None:
        self.name = name
        self.rules = rules
        self.ticket = {"status": "new", **ticket}
        self.promise: Promise | None = None
        self.mode = "running"
        self.elapsed = NOTHING
        self.due: datetime | None = None
        self.late = False
        self.broken: datetime | None = None
        self.stopped: datetime | None = None
        self.pieces: list[tuple[datetime, datetime, bool]] = []

    def happen(self, event: Happening) -> bool:
        """Take one event in; False when it stops the clock for good."""
        self.rules = event.rules or self.rules
        self.ticket = {**self.ticket, **event.changes}
        promised = self.rules.promise(self.name, self.ticket)
        if self.name == "response":
            switch = promised.stopped_by if promised else self.rules.stopped_by
            if event.act in ACCEPTS[switch]:
                self._foresee(event.at)
                self.promise = self.promise or promised
                self.stopped = self.stopped or event.at
                return False
        mode = self.rules.modes[self.ticket["status"]][self.name]
        if mode == "stopped":
            self._foresee(event.at)
            self.stopped = self.stopped or event.at
        else:
            self.stopped = None
        if mode != "stopped" or self.promise is None:
            self._take_up(promised)
        if not self.late and (mode == "paused" or (self.mode, mode) == ("stopped", "running")):
            self.due = None  # the time until now did not count: found anew when it runs
        self.mode = mode
        return True

    def _take_up(self, promised: Promise | None) -> None:
        old = self.promise and (self.promise.within, self.promise.calendar)
        new = promised and (promised.within, promised.calendar)
        if old != new:
            self.due, self.late = None, False
        self.promise = promised

    def _foresee(self, at: datetime) -> None:
        """Know when it would have been due, were it not stopped just now."""
        if self.mode == "running" and self.promise and self.due is None and self.stopped is None:
            self.due = add(self.promise.wall, at, self.promise.within - self.elapsed)

    def run(self, start: datetime, end: datetime) -> None:
        """Walk on from one event to the next."""
        counts = self.mode == "running" and self.promise is not None
        for minute, t, u in ticks(start, end):
            is_counted = False
            if counts and self.promise:
                is_counted = self.promise.wall.is_open(minute)
                self._tick(self.promise.within, t, u, is_counted=is_counted)
            if self.pieces and self.pieces[-1][2] == is_counted and self.pieces[-1][1] == t:
                self.pieces[-1] = (self.pieces[-1][0], u, is_counted)
            else:
                self.pieces.append((t, u, is_counted))

    def _tick(self, within: timedelta, t: datetime, u: datetime, *, is_counted: bool) -> None:
        if self.due is None and self.elapsed >= within:
            self.due = t
        if is_counted:
            if self.due is None and self.elapsed + (u - t) >= within:
                self.due = t + (within - self.elapsed)
            self.elapsed += u - t
        if self.due is not None and u > self.due:
            self.late = True
            self.broken = self.broken or self.due


def verdict(
    name: str, rules: Rules, ticket: dict[str, str], events: list[Happening], now: datetime
) -> Verdict | None:
    """Return how a clock stands at now; None when nothing is promised."""
    walk = Walk(name, rules, ticket)
    known = [event for event in events if event.at <= now]
    opened = known[0].at
    for n, event in enumerate(known):
        if not walk.happen(event):
            break
        walk.run(event.at, known[n + 1].at if n + 1 < len(known) else now)
    if walk.promise is None:
        return None
    if walk.stopped:
        state = "stopped"
    elif walk.mode == "paused":
        state = "paused"
    else:
        state = "breached" if walk.late else "running"
        if walk.due is None:
            walk.due = add(walk.promise.wall, now, walk.promise.within - walk.elapsed)
    end = walk.stopped or now
    pieces = [(a, min(b, end), counted) for a, b, counted in walk.pieces if a < end]
    assert not pieces or pieces[0][0] == opened
    return Verdict(
        *(state, walk.elapsed, walk.due, walk.broken, walk.late, walk.stopped),
        *(walk.promise.within, pieces),
    )
