"""What can go wrong in the agent, named after what the caller must do.

AgentError
├ ConfigError(path, problems)    stop, show every problem with its place; exit 2
├ StateError                     the state folder cannot be used: say why; exit 1
│  └ StateLockedError(pid)       another agent holds it: leave it alone
├ LinkError                      no agent answers on this computer
├ NotNowError                    keep what you asked and ask again later; nothing is wrong with it
└ CheckError(reason)             the evaluation is unknown
   ├ CheckTimeoutError           … because the deadline passed
   ├ CheckDeniedError            … because a right is missing
   └ UnsupportedCheckError       never an alarm: this system has no such thing; said once
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class AgentError(Exception):
    """Any error of the agent that it can explain."""


class Problem(NamedTuple):
    """One mistake in a file: where (line and column from 1) and what to do about it."""

    line: int
    column: int
    message: str


class ConfigError(AgentError):
    """A file that people write has mistakes; all of them are told at once."""

    def __init__(self, path: "Path", problems: Sequence[Problem]) -> None:
        """Take the file and its problems, which are kept in the order of their places."""
        self.path = path
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return each problem as ``file:line:column: message``."""
        return [f"{self.path}:{p.line}:{p.column}: {p.message}" for p in self.problems]


class StateError(AgentError):
    """The state folder cannot be used; the text says why and what to do."""


class StateLockedError(StateError):
    """Another agent runs on this state folder."""

    def __init__(self, path: "Path", pid: int | None) -> None:
        """Take the folder and the process that holds it, when known."""
        self.path = path
        self.pid = pid
        holder = f"process {pid}" if pid else "another process"
        super().__init__(f"{path} is in use by {holder}: one computer runs one agent")


class LinkError(AgentError):
    """No agent answers on the local link."""


class NotNowError(AgentError):
    """It cannot be done just now; the same may be asked again later."""


class CheckError(AgentError):
    """A check could not tell; its evaluation is unknown for this reason."""

    def __init__(self, reason: str) -> None:
        """Take the reason in words for the ticket."""
        self.reason = reason
        super().__init__(reason)


class CheckTimeoutError(CheckError):
    """The deadline passed."""


class CheckDeniedError(CheckError):
    """The agent lacks a right it needs."""


class UnsupportedCheckError(CheckError):
    """This system has no means for the check: said once, never an alarm."""


class ActionError(AgentError):
    """What was to heal could not be done; the text says why."""


class RefusedActionError(ActionError):
    """A guard forbids what was to heal; the text says which."""
