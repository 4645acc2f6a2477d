"""The account of one clock: how it stands, every interval, and the same in words."""

from datetime import datetime, timedelta
from typing import NamedTuple

from server_stub.sla import sentences
from server_stub.sla.calendar import Calendar
from server_stub.sla.count import Broken
from server_stub.sla.spans import Interval, Span, State, Why, intervals
from server_stub.sla.terms import ClockName, Mode, Policy, Row, Stage, Target
from server_stub.sla.zones import zone_of

__all__ = ["ClockLedger", "Interval", "Span", "State", "Why"]


class ClockLedger(NamedTuple):
    """The account of one clock at the instant ``at``; times of day are told in ``zone``.

    ``within`` is how much time the target is, None for a date that nobody has set. ``due_at``
    is None while nothing can become due (paused and not yet overdue, or no date set).
    ``is_late``: the present promise is broken; ``breached_at``: when a promise was broken first;
    ``broken`` are all that were, round by round.
    ``elapsed`` is the time that counted in the present ``round``, which ``began_at``. ``stage``
    is the one last told to the clock (None: it ended as it was opened), ``since`` its time.
    """

    name: ClockName
    at: datetime
    zone: str
    target: Target
    within: timedelta | None
    row: Row
    policy: Policy
    calendar: Calendar
    state: State
    stage: Stage | None
    since: datetime
    started_at: datetime
    began_at: datetime
    round: int
    stopped_at: datetime | None
    due_at: datetime | None
    breached_at: datetime | None
    broken: tuple[Broken, ...]
    is_late: bool
    elapsed: timedelta
    spans: tuple[Span, ...]

    @property
    def remaining(self) -> timedelta | None:
        """Return what is left of the target, negative when more was used; None without one."""
        return None if self.within is None else self.within - self.elapsed

    @property
    def intervals(self) -> list[Interval]:
        """Return the clock's life piece by piece, without gaps, until it stopped or ``at``.

        The counted ones of the present round add up to ``elapsed`` exactly.
        """
        return [piece for span in self.spans for piece in intervals(self.name, span)]

    @property
    def aim_at(self) -> datetime | None:
        """Return when the time that is aimed at is used up; None without an aim."""
        return self.used_at(self.target.aim) if self.target.aim is not None else None

    def share_at(self, percent: int) -> datetime | None:
        """Return when so many hundredths of the target are used; None when that is not known.

        In the past when they are used already. A clock that does not run will not come there.
        """
        return None if self.within is None else self.used_at(self.within * percent / 100)

    def used_at(self, used: timedelta) -> datetime | None:
        """Return when ``used`` time has counted in this round; None when that is not known."""
        left = used
        for span in self.spans:
            if span.round != self.round or span.mode is not Mode.RUNNING or not span.calendar:
                continue
            counted = span.calendar.between(span.start, span.end)
            if left <= counted:
                return span.calendar.add(span.start, left)
            left -= counted
        running = self.state in (State.RUNNING, State.BREACHED)
        return self.calendar.add(self.at, left) if running else None

    def sentence(self, zone: str = "") -> str:
        """Return how the clock stands in one plain sentence, times in ``zone`` (the site's)."""
        return sentences.sentence(self, zone_of(zone or self.zone))

    def explain(self, zone: str = "") -> list[str]:
        """Return the account line by line: the promise, each interval and why, the sum."""
        return sentences.explain(self, zone_of(zone or self.zone))
