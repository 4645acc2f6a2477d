"""When to try next: back-off, pauses and heartbeats. Pure; seconds since boot, sleep included.

A fleet must not come back as one: every wait is drawn afresh, the draw made after the cap
(a jitter clamped away at the cap once kept a fleet in step for a whole outage).
"""

from dataclasses import dataclass, replace

SHORTEST_WAIT_S = 1.0
FIRST_CAP_S = 10.0
LONGEST_CAP_S = 15 * 60.0
PAUSE_S = 15 * 60.0
"""How long a refused credential rests at most: someone has to do something first."""
HEARTBEAT_S = 5 * 60.0
HEARTBEAT_RANGE_S = (60.0, 900.0)
SPREAD_S = 120.0
"""The window in which a fleet comes back, as long as the server has not named another."""
SPREAD_RANGE_S = (0.0, 900.0)
JUST_BOOTED_S = 5 * 60.0
"""Within this time after a boot, a whole site may be coming back from a power cut."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the next attempt is due.

    ``failures`` counts the failed attempts since the last success. Until ``retry_at`` nothing is
    tried after a failure; ``no_earlier`` is the server's word on that, which a fresh alert does
    not pass; ``pulled`` notes that a fresh alert has brought this wait forward already.
    ``beaten_at`` is when the last heartbeat went. ``spread_s`` is the window in which the server
    wants its fleet to come back after an outage, None until it has named one.
    """

    beaten_at: float
    failures: int = 0
    retry_at: float = 0.0
    no_earlier: float = 0.0
    pulled: bool = False
    heartbeat_every_s: float = HEARTBEAT_S
    spread_s: float | None = None

    @property
    def beat_at(self) -> float:
        """When a heartbeat goes alone."""
        return self.beaten_at + self.heartbeat_every_s

    def due_at(self, *, waiting: bool) -> float:
        """Return when the next attempt is due; ``waiting``: there are envelopes to send."""
        if self.failures or waiting:
            return self.retry_at
        return max(self.retry_at, self.beat_at)


def first(now_s: float, chance: float, *, newly_enrolled: bool = False) -> Schedule:
    """Return the schedule of an agent that has just started.

    ``chance`` is a random number of 0 ≤ chance < 1, here as below. A computer that has just booted
    waits its share of the window, for all of its site may have; else the first contact is now.
    It is now, too, for one that was ``newly_enrolled``, since the boot: someone sits there and
    looks whether it works, and it comes back from nothing.
    """
    returns = now_s < JUST_BOOTED_S and not newly_enrolled
    wait = chance * SPREAD_S if returns else 0.0
    return Schedule(beaten_at=now_s + wait - HEARTBEAT_S, retry_at=now_s + wait)


def succeeded(
    schedule: Schedule, heartbeat_every_s: float | None = None, spread_s: float | None = None
) -> Schedule:
    """Return the schedule after a delivery, with the server's wishes clamped to their ranges."""
    beat, spread = schedule.heartbeat_every_s, schedule.spread_s
    return Schedule(
        beaten_at=schedule.beaten_at,
        heartbeat_every_s=beat
        if heartbeat_every_s is None
        else _within(heartbeat_every_s, HEARTBEAT_RANGE_S),
        spread_s=spread if spread_s is None else _within(spread_s, SPREAD_RANGE_S),
    )


def beaten(schedule: Schedule, now_s: float) -> Schedule:
    """Return the schedule after a heartbeat."""
    return replace(schedule, beaten_at=now_s)


def failed(
    schedule: Schedule, now_s: float, chance: float, retry_after_s: float | None = None
) -> Schedule:
    """Return the schedule after a failed attempt: full jitter under a doubling cap.

    The cap is never below the window the server named: when all fail at one moment, they come
    back over the whole of it already the first time. ``retry_after_s`` (clamped already) is the
    least to wait when the server named it.
    """
    doubled = FIRST_CAP_S * 2.0 ** min(schedule.failures, 20)
    cap = min(LONGEST_CAP_S, max(doubled, schedule.spread_s or 0.0))
    wait = max(SHORTEST_WAIT_S, chance * cap, retry_after_s or 0.0)
    return replace(
        schedule,
        failures=schedule.failures + 1,
        retry_at=now_s + wait,
        no_earlier=now_s + (retry_after_s or 0.0),
        pulled=False,
    )


def paused(schedule: Schedule, now_s: float, chance: float) -> Schedule:
    """Return the schedule after the server refused our credential: half to all of the pause."""
    until = now_s + PAUSE_S * (1 + chance) / 2
    return replace(
        schedule, failures=schedule.failures + 1, retry_at=until, no_earlier=until, pulled=False
    )


def freshened(schedule: Schedule, now_s: float, chance: float) -> Schedule:
    """Return the schedule after a fresh alert: in an outage it waits its share of the window.

    A server that answered last time is asked at once (``due_at``). After a failure the next try
    comes forward, once for each wait and never before the time the server named.
    """
    if not schedule.failures or schedule.pulled:
        return schedule
    window = SPREAD_S if schedule.spread_s is None else schedule.spread_s
    soon = max(schedule.no_earlier, now_s + max(SHORTEST_WAIT_S, chance * window))
    return replace(schedule, retry_at=min(schedule.retry_at, soon), pulled=True)


def _within(wish: float, bounds: tuple[float, float]) -> float:
    return min(bounds[1], max(bounds[0], wish))
