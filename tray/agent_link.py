"""The tray's end of the local link: asks the agent on this computer."""

import json
import socket
from pathlib import Path
from typing import Any

from agent.protocol.link import SOCKET_NAME
from tray.errors import AgentUnreachableError


def ask(state_dir: Path, verb: str, timeout_s: float = 5.0) -> dict[str, Any]:
    """Return the agent's answer to ``verb``.

    Raises AgentUnreachableError when no agent answers within ``timeout_s``.
    """
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(timeout_s)
            link.connect(str(state_dir / SOCKET_NAME))
            link.sendall(json.dumps({"verb": verb}).encode() + b"\n")
            answer = json.loads(link.makefile("rb").readline())
    except (OSError, ValueError) as error:
        raise AgentUnreachableError(
            f"The agent on this computer does not answer ({error}). Nothing is lost; "
            "ask your support desk to start the watchdesk agent."
        ) from error
    if not isinstance(answer, dict):
        raise AgentUnreachableError("The agent gave an answer this tray does not understand.")
    return answer
