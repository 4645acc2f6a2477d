"""Collecting what is wrong with a file, each problem with its place."""

from typing import Final, Protocol

from agent.errors import Problem

MOST: Final = 100
"""A file with more problems than this is not a rules file; nobody reads on."""


class Placed(Protocol):
    """Anything that stands somewhere in the file, line and column from 1."""

    @property
    def line(self) -> int:
        """Line from 1."""
        ...

    @property
    def column(self) -> int:
        """Column from 1."""
        ...


class TooManyProblemsError(Exception):
    """Enough is enough; the reading stops."""


class Problems:
    """The problems found so far."""

    def __init__(self) -> None:
        """Start with none."""
        self.found: list[Problem] = []

    def at(self, line: int, column: int, message: str) -> None:
        """Note a problem; raises TooManyProblemsError after ``MOST``."""
        if len(self.found) >= MOST:
            self.found.append(Problem(line, column, "there is more; only so much is shown"))
            raise TooManyProblemsError
        self.found.append(Problem(line, column, message))

    def of(self, place: Placed, message: str) -> None:
        """Note a problem of a node; raises TooManyProblemsError after ``MOST``."""
        self.at(place.line, place.column, message)
