"""Forget the names that were looked up."""

import sys

from agent.action_api import ActionError, Options
from agent.host import program

_COMMAND = ("resolvectl", "flush-caches")
if sys.platform == "darwin":
    _COMMAND = ("dscacheutil", "-flushcache")


def plan(_target: str, _options: Options) -> str:
    """Say what would be done."""
    return "would have emptied the cache of names"


def act(_target: str, _options: Options) -> str:
    """Empty it; raises ActionError."""
    if sys.platform == "win32":
        from agent.host import network_windows  # noqa: PLC0415 - of one system

        network_windows.flush_dns_cache()
    else:
        name, argument = _COMMAND
        tool = program.find(name)
        ended = tool and program.run([str(tool), argument], 30.0)
        if not ended:
            raise ActionError(f"{name} is not there")
        if ended.code:
            raise ActionError(f"{name} ended with {ended.code}")
    return "emptied the cache of names"
