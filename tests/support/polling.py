"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

_Found = TypeVar("_Found")


def until(look: Callable[[], _Found], within_s: float = 60.0, what: str = "it") -> _Found:
    """Return the first true value of ``look``; fail when there is none within ``within_s``."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {within_s:.0f} s; last: {found!r}")
        time.sleep(0.05)
    return found
