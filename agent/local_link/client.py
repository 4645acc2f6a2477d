"""The asking end of the local link, for the command line and the tray."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from agent.errors import LinkError
from agent.protocol import strict
from agent.protocol.strict import ProtocolError

LONGEST_ANSWER = 16 * 1024 * 1024
PATIENCE_S = 5.0


def ask(state_dir: Path, request: dict[str, Any], timeout_s: float = PATIENCE_S) -> dict[str, Any]:
    """Return the answer of the agent that runs on ``state_dir``.

    ``request`` has a ``verb`` (``{"verb": "status"}``). Raises LinkError when no agent answers in
    time, when this user may not ask, or when the agent says no.
    """
    line = json.dumps(request).encode() + b"\n"
    try:
        answer = _answer(_exchange(state_dir, line, timeout_s))
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise LinkError(
            f"no agent runs on {state_dir} (start it with watchdesk-agent run)"
        ) from error
    except PermissionError as error:
        raise LinkError(
            f"this user may not ask the agent of {state_dir}: run it as the agent's user or root"
        ) from error
    except TimeoutError as error:
        raise LinkError(
            f"the agent of {state_dir} did not answer within {timeout_s:g} s"
        ) from error
    except OSError as error:
        raise LinkError(
            f"the agent of {state_dir} cannot be asked: {error.strerror or error}"
        ) from error
    if not answer.get("ok"):
        raise LinkError(f"the agent says: {answer.get('problem', 'no')}")
    return answer


if sys.platform == "win32":
    from agent.protocol.link import pipe_name
    from agent.protocol.pipe import exchange

    def _exchange(state_dir: Path, line: bytes, timeout_s: float) -> bytes:
        return _whole(exchange(pipe_name(state_dir), line, timeout_s, LONGEST_ANSWER))

else:
    import socket
    import time

    from agent.local_link.unix_address import reachable
    from agent.protocol.link import SOCKET_NAME

    def _exchange(state_dir: Path, line: bytes, timeout_s: float) -> bytes:
        end = time.monotonic() + timeout_s
        content = bytearray()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            with reachable(state_dir) as folder:
                connection.connect(os.fspath(folder / SOCKET_NAME))
            connection.sendall(line)
            while not content.endswith(b"\n") and len(content) <= LONGEST_ANSWER:
                connection.settimeout(max(0.01, end - time.monotonic()))
                chunk = connection.recv(1 << 16)
                if not chunk:
                    break
                content += chunk
        return _whole(bytes(content))


def _whole(answer: bytes) -> bytes:
    if len(answer) > LONGEST_ANSWER:
        raise LinkError(f"the agent's answer is longer than {LONGEST_ANSWER} bytes")
    if not answer.endswith(b"\n"):
        raise LinkError("the agent broke off; it may be stopping")
    return answer


def _answer(line: bytes) -> dict[str, Any]:
    try:
        answer = strict.parse(line)
    except ProtocolError as error:
        raise LinkError(f"the agent's answer cannot be read: {error}") from error
    if not isinstance(answer, dict):
        raise LinkError("the agent's answer cannot be read")
    return answer
