"""systemd is told how the agent is: the words of ``sd_notify`` that a service of ours needs.

Nothing is sent where nobody asked for it: without NOTIFY_SOCKET, as on other systems.
"""

import os
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from agent.errors import AgentError
from agent.protocol.words import LastWord

if sys.platform == "linux":
    from agent.host import systemd


class Notifier:
    """Tells the service manager; ``every_s`` is how often it must hear ``alive``, at the least."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Take what systemd left in the environment."""
        given = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + given[1:] if given.startswith("@") else given
        watchdog = environment.get("WATCHDOG_USEC", "")
        self.every_s = int(watchdog) / 3e6 if watchdog.isdecimal() else float("inf")

    def ready(self, announce: Callable[[LastWord], None]) -> None:  # noqa: ARG002 - as supervisors have it
        """Say that the agent has started. Nobody asks us before a sleep."""
        self._tell(b"READY=1")

    def alive(self) -> None:
        """Say that everything moves; without it the agent is soon killed and started anew."""
        self._tell(b"WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the agent ends, by its own will."""
        self._tell(b"STOPPING=1")

    def last_word(self) -> LastWord:
        """Return why the agent ends; where systemd does not tell, it was stopped."""
        if sys.platform == "linux" and self._address:
            with suppress(AgentError):
                if systemd.is_stopping():
                    return LastWord.SHUTDOWN
        return LastWord.STOPPED

    def _tell(self, words: bytes) -> None:
        if sys.platform != "win32" and self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
                link.setblocking(False)  # noqa: FBT003 - socket's own
                link.sendto(words, self._address)
