"""The tray's end of the local link: asks the agent on this computer.

The agent knows who asks by the kernel's word, so nothing secret is kept or sent here.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.protocol.link import LINK_VARIABLE, PUBLIC_FOLDER, SOCKET_NAME, pipe_name
from tray.errors import AgentUnreachableError, RefusedError
from tray.language import _

PLACES = (Path(PUBLIC_FOLDER) / SOCKET_NAME, Path("/var/lib/watchdesk") / SOCKET_NAME)
"""Where an agent listens by default: as a system service, and otherwise."""
PATIENCE_S = 5.0
_LONGEST_ANSWER = 16 * 1024 * 1024


class Link:
    """The way to one agent. Every question is a connection of its own."""

    def __init__(self, address: Path) -> None:
        """Remember where the agent listens; nothing is opened yet."""
        self.address = address
        self._path = os.fspath(address)

    def ask(self, verb: str, timeout_s: float = PATIENCE_S, **more: object) -> dict[str, Any]:
        """Return the agent's answer to ``verb``.

        Raises AgentUnreachableError when no agent answers within ``timeout_s`` or it asks to be
        asked again later, RefusedError when it says no.
        """
        line = json.dumps({"verb": verb, **more}, ensure_ascii=False).encode() + b"\n"
        try:
            answer = json.loads(_exchange(self.address, line, timeout_s))
        except (OSError, ValueError) as error:
            raise AgentUnreachableError(
                _(
                    "The agent on this computer does not answer ({reason}). Nothing is lost; "
                    "ask your support desk to start the watchdesk agent."
                ).format(reason=getattr(error, "strerror", None) or error)
            ) from error
        if not isinstance(answer, dict):
            raise AgentUnreachableError(
                _("The agent gave an answer that this tray does not understand.")
            )
        if not answer.get("ok"):
            problem = str(answer.get("problem") or _("The agent said no and gave no reason."))
            if answer.get("again") is True:
                raise AgentUnreachableError(problem)
            raise RefusedError(problem, str(answer.get("field") or ""))
        return answer

    def mark(self) -> tuple[int, int] | None:
        """Return what changes when another agent listens there; None when none does.

        Costs no connection, so it may be looked at all the time.
        """
        if sys.platform == "win32":
            return (0, 0) if pipe.listens(self._path) else None
        try:
            seen = os.stat(self._path)  # noqa: PTH116 - looked at all day, at half the cost
        except OSError:
            return None
        return seen.st_ino, seen.st_mtime_ns


def link_to(state_dir: Path | None, environment: Mapping[str, str] = os.environ) -> Link:
    """Return the link of the agent on ``state_dir``.

    Without one: what WATCHDESK_LINK names, else the first place where something listens.
    """
    if state_dir is not None:
        windows = sys.platform == "win32"
        return Link(Path(pipe_name(state_dir)) if windows else state_dir / SOCKET_NAME)
    if named := environment.get(LINK_VARIABLE):
        return Link(Path(named))
    if sys.platform == "win32":
        return Link(Path(pipe_name(None)))
    return Link(next((place for place in PLACES if _exists(place)), PLACES[0]))


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:  # a folder this user may not enter
        return False


if sys.platform == "win32":
    from agent.protocol import pipe

    def _exchange(address: Path, line: bytes, timeout_s: float) -> bytes:
        return pipe.exchange(os.fspath(address), line, timeout_s, _LONGEST_ANSWER)

else:

    def _exchange(address: Path, line: bytes, timeout_s: float) -> bytes:
        end = time.monotonic() + timeout_s
        answer = bytearray()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            with _reachable(address) as path:
                connection.connect(path)
            connection.sendall(line)
            while not answer.endswith(b"\n"):
                connection.settimeout(max(0.01, end - time.monotonic()))
                chunk = connection.recv(1 << 16)
                answer += chunk
                if not chunk or len(answer) > _LONGEST_ANSWER:
                    break
        return bytes(answer)

    @contextmanager
    def _reachable(address: Path) -> Iterator[str]:
        """Give a path that fits into a socket address (at most 107 bytes), however deep it lies."""
        if sys.platform != "linux" or len(os.fsencode(address)) <= 100:  # noqa: PLR2004 - some room
            yield os.fspath(address)
            return
        folder = os.open(address.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{folder}/{address.name}"
        finally:
            os.close(folder)
