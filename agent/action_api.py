"""All that an action's author imports: what the agent may do to heal.

An action is one file in ``agent/actions`` with two functions, which take the rule's target and the
options that the rule gives: ``plan`` says in words what would be done, or refuses; ``act`` does it
and says what was done. Both raise ActionError (or CheckError), and RefusedActionError where a guard
forbids it. Neither judges whether it helped: the rule's check does, afterwards. Every action does
one fixed thing; what it is done to comes from the device's own files, never from the server.
"""

from collections.abc import Mapping
from typing import Protocol

from agent.errors import ActionError, RefusedActionError

__all__ = ["Action", "ActionError", "Options", "RefusedActionError"]

Options = Mapping[str, str]
"""What the rule gives the action beside its target: the members of its own under ``heal``."""


class Action(Protocol):
    """A module of ``agent.actions``."""

    def plan(self, target: str, options: Options, /) -> str:
        """Say what would be done."""
        ...

    def act(self, target: str, options: Options, /) -> str:
        """Do it; say what was done."""
        ...
