"""systemd is told how the agent is: the words of ``sd_notify`` that a service of ours needs.

Nothing is sent where nobody asked for it: without NOTIFY_SOCKET, as on other systems.
"""

import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Tells the service manager; ``every_s`` is how often it must hear ``alive``, at the least."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Take what systemd left in the environment."""
        given = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + given[1:] if given.startswith("@") else given
        watchdog = environment.get("WATCHDOG_USEC", "")
        self.every_s = int(watchdog) / 3e6 if watchdog.isdecimal() else float("inf")

    def ready(self) -> None:
        """Say that the agent has started."""
        self._tell(b"READY=1")

    def alive(self) -> None:
        """Say that everything moves; without it the agent is soon killed and started anew."""
        self._tell(b"WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the agent ends, by its own will."""
        self._tell(b"STOPPING=1")

    def _tell(self, words: bytes) -> None:
        if sys.platform != "win32" and self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
                link.setblocking(False)  # noqa: FBT003 - socket's own
                link.sendto(words, self._address)
