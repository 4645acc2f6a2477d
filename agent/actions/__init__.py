"""What the agent may do to heal, one action per file; the folder holds actions only.

The list is closed: what is not here cannot be done, whatever a rule says.
"""

import importlib
from typing import cast

from agent.action_api import Action

NAMES = (
    "clean-temporary-files",
    "command",
    "flush-dns-cache",
    "renew-dhcp-lease",
    "restart-service",
    "start-service",
    "synchronize-clock",
)


def action(name: str) -> Action:
    """Return an action, loaded when it is asked for; raises KeyError for what is none."""
    if name not in NAMES:
        raise KeyError(name)
    return cast("Action", importlib.import_module(f"{__name__}.{name.replace('-', '_')}"))
