"""How the demo speaks: one line a step, with the real time it took."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

_Found = TypeVar("_Found")


class NotToldError(Exception):
    """The story did not happen; the text says what was waited for and what was seen."""


class Teller:
    """Prints steps with the seconds since the demo began; colour only on a terminal."""

    def __init__(self) -> None:
        """Begin to count."""
        self._began = time.monotonic()
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def step(self, text: str) -> None:
        """Tell what happened, and when."""
        self._line(f"{time.monotonic() - self._began:6.1f} s  ", "1", text)

    def more(self, text: str) -> None:
        """Tell a detail of the step before."""
        self._line(" " * 10, "0", text)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print rows under heads, in columns as wide as they need to be."""
        widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
        for number, row in enumerate([heads, *rows]):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._line(" " * 10, "4" if number == 0 else "0", "  ".join(cells).rstrip())

    def _line(self, margin: str, style: str, text: str) -> None:
        styled = f"\033[{style}m{text}\033[0m" if self._colour and style != "0" else text
        print(margin + styled, flush=True)


def wait_for(what: str, look: Callable[[], _Found | None], within_s: float) -> tuple[_Found, float]:
    """Return what ``look`` finds and the seconds it took.

    Raises NotToldError when it finds nothing within ``within_s``.
    """
    began = time.monotonic()
    while (found := look()) is None:
        if time.monotonic() - began > within_s:
            raise NotToldError(f"{what} did not happen within {within_s:.0f} s")
        time.sleep(0.05)
    return found, time.monotonic() - began
