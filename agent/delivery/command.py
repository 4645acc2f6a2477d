"""How the sender is started: its argument list and environment, the one place."""

import os
import sys
from pathlib import Path

_KEPT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT", "WINDIR", "TEMP")
"""What OpenSSL and Windows' sockets need; nothing else of the agent's environment goes along."""


def sender_command() -> list[str]:
    """Return the sender's argument list.

    ``-I``: neither environment, working folder nor a user's packages lead the import astray;
    ``-B``: it writes no files. A frozen agent has the sender beside it as a program of its own.
    """
    if getattr(sys, "frozen", False):
        own = Path(sys.executable)
        return [str(own.with_name("watchdesk-sender" + own.suffix))]
    return [sys.executable, "-I", "-B", "-m", "agent.delivery.sender"]


def sender_environment() -> dict[str, str]:
    """Return the sender's environment: what systems need, no secrets, no PATH, no proxies."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}
