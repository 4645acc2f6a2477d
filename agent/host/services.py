"""What any system's service is to a check."""

import time
from collections.abc import Callable
from typing import NamedTuple

SEARCH_AGAIN_S = 3600.0
"""A search makes PID 1 look at every unit file: a third of a second of its time (measured)."""

STATES = ("running", "stopped", "failed", "starting", "missing")
STARTS = ("automatic", "delayed", "manual", "disabled")


class Service(NamedTuple):
    """One service: its state (one of ``STATES``), and whether it starts with the system.

    ``restarts`` counts how often the system restarted it by itself; None where none counts.
    ``start`` is how it starts (one of ``STARTS``, empty: untold); ``triggered``: on events, so
    that being stopped is no fault.
    """

    state: str
    restarts: int | None
    automatic: bool
    start: str = ""
    triggered: bool = False


class _Touched:
    """When we did something to a service last (monotonic seconds): one computer, so one time."""

    at_s = float("-inf")


def touch() -> None:
    """Note that we did something to a service: what was known of services is not believed."""
    _Touched.at_s = time.monotonic()


def touched_s() -> float:
    """Return when that was, in monotonic seconds; minus infinity when it never was."""
    return _Touched.at_s


class Searches:
    """What searches for services found; each is repeated after ``SEARCH_AGAIN_S``."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._found: dict[object, tuple[float, list[str]]] = {}

    def names(self, key: object, search: Callable[[], list[str]]) -> list[str]:
        """Return what ``search`` finds, or found for the same key not long ago."""
        now_s = time.monotonic()
        searched_s, names = self._found.get(key, (float("-inf"), []))
        if now_s - searched_s > SEARCH_AGAIN_S:
            names = search()
            self._found[key] = now_s, names
        return names
