"""The agent is killed, or the disk fails it, at each single call that writes to its store."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from tests.faults.ground import Ground
from tests.faults.moments import ABOUT, CALLS, Point, Struck
from tests.faults.station import Station
from tests.support.seeds import long_run, tell

LANES = 4
"""Devices that are struck side by side: most of the time each waits for something."""
_MOST_POINTS = 500

KNOWN = (
    # A message in a store that could not be opened stayed there until the next heartbeat, and
    # what a check remembered was begun anew: the lines of a log since then were never counted.
    Point("start", "openat", 2, "error=ENOSPC", lasting=True),
)
"""Where something was wrong once."""

pytestmark = pytest.mark.needs("strace")

Strike = Callable[[Struck, Point], bool]


@dataclass
class Lane:
    """One device of several that are struck side by side, and what came of it."""

    struck: Struck
    strike: Strike
    happened: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def work(self, todo: "SimpleQueue[Point]") -> None:
        """Take points until there are none left; in a long run go on from each to the last call."""
        with suppress(Empty):
            while True:
                point = todo.get_nowait()
                reached = self._reached(point)
                # Which thread makes a call is chance: what is not reached once may be reached.
                while long_run() and (reached or self._reached(point)):
                    point = point.next
                    reached = self._reached(point)

    def _reached(self, point: Point) -> bool:
        try:
            reached = self.strike(self.struck, point)
        except AssertionError as error:
            self.wrong.append(f"{point}: {error}")
            tell(self.wrong[-1])  # a long run need not end to be looked into
            self.struck.start_over()
            return False
        self.happened[f"{point.moment} {point.call}"] += int(reached)
        return reached


def strike_all(ground: Ground, folder: Path, points: Sequence[Point], strike: Strike) -> int:
    """Strike at every point, all of them in the end; return how many faults really happened."""
    todo: SimpleQueue[Point] = SimpleQueue()
    for point in points:
        todo.put(point)

    def lane(number: int) -> Lane:
        services = _MOST_POINTS if long_run() else len(points)
        with Station(ground, folder / f"lane{number}", services) as station:
            made = Lane(Struck(station), strike)
            made.work(todo)
            return made

    with ThreadPoolExecutor(LANES) as pool:
        lanes = list(pool.map(lane, range(LANES)))
    happened = sum((one.happened for one in lanes), Counter[str]())
    wrong = [text for one in lanes for text in one.wrong]
    tell(f"{happened.total()} faults, {len(wrong)} with something wrong: {dict(happened)}")
    assert not wrong, "\n\n".join(wrong)
    return happened.total()


def some(dice: random.Random, points: Sequence[Point], count: int) -> list[Point]:
    """Return all points in a long run, from the first call on; else a few, anywhere."""
    if long_run():
        return list(points)
    drawn = dice.sample(points, count)
    return [
        Point(p.moment, p.call, dice.randint(1, ABOUT.get((p.moment, p.call), 1)), p.fault,
              p.lasting)
        for p in drawn
    ]  # fmt: skip


def test_an_agent_killed_at_any_call_loses_and_doubles_nothing(
    sqlite_ground: Ground, tmp_path: Path, dice: random.Random
) -> None:
    every = [Point(moment, call) for moment, calls in CALLS.items() for call in calls]
    points = some(dice, every, 8)

    happened = strike_all(sqlite_ground, tmp_path, points, Struck.kill_at)

    assert happened >= len(points) // 2


def test_a_disk_that_fails_or_is_full_at_any_call_costs_nothing_but_time(
    sqlite_ground: Ground, tmp_path: Path, dice: random.Random
) -> None:
    every = [
        Point(moment, call, 1, f"error={error}", lasting)
        for moment, calls in CALLS.items()
        for call in calls
        for error in ("EIO", "ENOSPC")
        for lasting in (False, True)
    ]
    points = [*KNOWN, *some(dice, every, 7)]

    happened = strike_all(sqlite_ground, tmp_path, points, Struck.fail_at)

    assert happened >= len(points) // 2
