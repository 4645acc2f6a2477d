"""Looking: a check's probe is run for a rule, by the worker or aside, and watched.

Most probes read what the kernel tells at once. One that runs programs or waits for others
(``Check.aside``) is run by a second worker, which is there only while it has something to do,
one probe after the other: a plugin that takes a minute holds up no disk. A probe that hangs for
good is given up: its thread is left alone, and another one goes on.
"""

import json
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.check_api import CheckError, Measured, Unreadable
from agent.clock import Now
from agent.schedule import Schedule

log = logging.getLogger(__name__)

GRACE = 1.5
"""A probe ends itself at its check's deadline; this many times that long, it is lost."""

_CHEAP_S = 0.002
"""What takes no longer than this by the clock costs too little to be measured."""


class Found(NamedTuple):
    """What one look found.

    ``memory`` is what the check remembers when that has changed; ``error`` why there are no
    readings. ``turn`` is the moment of the turn in which it was due. ``again``: it has waited
    for what may explain it.
    """

    schedule: Schedule
    turn: Now
    readings: Sequence[Measured | Unreadable] = ()
    memory: dict[str, str] | None = None
    error: CheckError | None = None
    again: bool = False


class GivenUpError(Exception):
    """This worker's probe came back after it was given up: another one works, this one ends."""


class Watch:
    """What one worker probes just now, and since when."""

    def __init__(self, boot_s: Callable[[], float]) -> None:
        """Take the clock that tells the seconds since boot."""
        self._boot_s = boot_s
        self._lock = threading.Lock()
        self._current: tuple[Schedule, float] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is being probed."""
        return self._current is not None

    def probe(self, schedule: Schedule, turn: Now) -> Found:
        """Run a rule's probe; raises GivenUpError, and nothing for what the probe does."""
        began = self._boot_s()
        if schedule.lost_since is not None:
            waits_s = began - schedule.lost_since
            late = CheckError(f"the check has not come back for {waits_s:.0f} s")
            return Found(schedule, turn, error=late)
        self._current = schedule, began
        check = schedule.check
        spent = _processor_s() if schedule.cost.looks or check.aside else None
        memory = dict(schedule.memory or {}) if check.remembers else None  # not if it breaks off
        try:
            readings = check.look(schedule.rule.targets, memory)
        except CheckError as error:
            return Found(schedule, turn, error=error)
        except Exception as error:
            log.exception("check=%s failed", check.name)
            failed = CheckError(f"the check failed: {type(error).__name__}: {error}")
            return Found(schedule, turn, error=failed)
        finally:
            self._came_back(schedule, began)
        if spent is not None:
            schedule.cost = schedule.cost.after(_processor_s() - spent)
        elif self._boot_s() - began > _CHEAP_S:
            schedule.cost = schedule.cost.after(0.0)  # from now on it is measured
        return Found(schedule, turn, readings, None if memory == schedule.memory else memory)

    def late_at(self) -> float | None:
        """Return when the probe that runs is lost, in seconds since boot; None when none runs."""
        current = self._current
        return current and current[1] + current[0].check.deadline_s * GRACE

    def give_up(self, now_s: float) -> bool:
        """Give up the probe that runs if it is lost; tell whether it is: then start a thread."""
        with self._lock:
            late_at = self.late_at()
            if self._current is None or late_at is None or now_s < late_at:
                return False
            schedule, began = self._current
            self._current = None
            schedule.lost_since = began
            schedule.aside = False
        log.error("rule=%s a probe did not come back; the rule waits for it", schedule.rule.name)
        return True

    def _came_back(self, schedule: Schedule, began: float) -> None:
        with self._lock:
            if schedule.lost_since == began:
                schedule.lost_since = None
                raise GivenUpError
            self._current = None


class Aside:
    """The second worker. Rules are asked and answered in order."""

    def __init__(self, boot_s: Callable[[], float], answered: Callable[[], None]) -> None:
        """Take the clock, and what to call when one is answered, in the second worker's thread."""
        self.watch = Watch(boot_s)
        self._answered = answered
        self._asked: deque[tuple[Schedule, Now] | Found] = deque()
        self._found: deque[Found] = deque()
        self._lock = threading.Lock()
        self._works = False

    def ask(self, one: "tuple[Schedule, Now] | Found") -> None:
        """Have a rule probed; or what was found before answered again, after all asked so far."""
        with self._lock:
            self._asked.append(one)
            if self._works:
                return
            self._works = True
        self.start()

    def start(self) -> None:
        """Start a thread, also in the place of one that was given up."""
        threading.Thread(target=self._work, name="checks aside", daemon=True).start()

    def answers(self) -> list[Found]:
        """Return what was found since the last call."""
        return [self._found.popleft() for _ in range(len(self._found))]

    @property
    def is_busy(self) -> bool:
        """Whether something is asked and not answered."""
        return self._works or bool(self._found)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._asked:
                    self._works = False
                    return
                one = self._asked.popleft()
            try:
                self._found.append(one if isinstance(one, Found) else self.watch.probe(*one))
            except GivenUpError:
                return
            self._answered()


def _processor_s() -> float:
    """Return the processor time of this thread, and of the programs that have ended.

    Two workers that run programs at once are each told the other's, too: that one look counts
    for little. Windows tells nothing of programs.
    """
    times = os.times()
    return time.thread_time() + times.children_user + times.children_system


def memory_of(text: str | None) -> dict[str, str]:
    """Return what a stored text says a check remembers; nothing, when it cannot be read."""
    try:
        tree = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(one) for name, one in tree.items()} if isinstance(tree, dict) else {}
