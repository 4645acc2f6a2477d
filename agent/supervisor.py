"""Who started the agent as a service, and what it is told: that rules are looked at."""

import threading
from collections.abc import Callable
from typing import Protocol

from agent.protocol.words import LastWord
from agent.runner import Runner

STUCK_S = 900.0
"""A rule that is so much overdue is no longer looked at; a worker with slow probes is minutes."""


class Supervisor(Protocol):
    """Who started us as a service: systemd, or Windows' service manager."""

    every_s: float

    def ready(self, announce: Callable[[LastWord], None]) -> None:
        """Hear that the agent has started; ``announce`` is to be called before a sleep."""

    def alive(self) -> None:
        """Hear, at least every ``every_s``, that everything moves."""

    def stopping(self) -> None:
        """Hear that the agent ends."""

    def last_word(self) -> LastWord:
        """Return why it ends: with its computer, or alone."""


def checks_go_on(runner: Runner, now_s: float) -> bool:
    """Tell whether a worker lives and gets round, so that rules are looked at.

    One probe that hangs is the runner's own affair (``Runner.supervise``).
    """
    works = any(thread.name.startswith("checks") for thread in threading.enumerate())
    due = (s.due_boot_s or now_s for s in tuple(runner.schedules) if not s.unsupported)
    return works and now_s - min(due, default=now_s) < STUCK_S
