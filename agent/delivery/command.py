"""How the sender is started: its argument list and environment, the one place."""

import os
import sys
from functools import cache
from pathlib import Path

from agent.settings import child_command

SENDER_USER = "watchdesk-sender"
"""The system's user for the part that touches the network; ``install`` makes it."""
_KEPT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT", "WINDIR", "TEMP")
"""What OpenSSL and Windows' sockets need; nothing else of the agent's environment goes along."""


def sender_command() -> list[str]:
    """Return the sender's argument list.

    A frozen agent has the sender beside it as a program of its own.
    """
    if getattr(sys, "frozen", False):
        own = Path(sys.executable)
        return [str(own.with_name("watchdesk-sender" + own.suffix))]
    return child_command("agent.delivery.sender")


@cache
def sender_user() -> str | None:
    """Return the user that the sender runs as: one without rights, for root's agent where it is.

    Asked once: a network's directory of users may be slow to say that it knows no such user.
    """
    if sys.platform == "win32" or os.geteuid():
        return None
    import pwd  # noqa: PLC0415 - not on Windows

    try:
        return pwd.getpwnam(SENDER_USER).pw_name
    except KeyError:
        return None


def sender_environment() -> dict[str, str]:
    """Return the sender's environment: what systems need, no secrets, no PATH, no proxies."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}
