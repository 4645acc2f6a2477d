"""The agent's end of the local link: answers JSON lines, by the same rules on every system.

One thread waits at rest. Each connection gets a thread of its own for as long as it may last, so
that one slow caller never keeps another waiting; how many, how much and how often is limited
for each user. Whether a connection is a Unix socket's (``sockets``) or a named pipe's (``pipe``)
makes no difference here.
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from agent.errors import AgentError, NotNowError
from agent.local_link.peer import Peer
from agent.protocol import strict
from agent.protocol.link import MAX_LINE_BYTES
from agent.protocol.strict import ProtocolError

if sys.platform == "win32":
    from agent.local_link.pipe import PipeDoor as Door
else:
    from agent.local_link.sockets import SocketDoor as Door

log = logging.getLogger(__name__)

Request = dict[str, Any]
Respond = Callable[[Request, Peer], dict[str, Any]]

CONNECTION_S = 10.0
"""Longest a connection lasts, whatever trickles."""
CONNECTIONS = 16
CONNECTIONS_OF_USER = 4
REQUESTS_PER_S = 10.0
"""How often one user may ask in the long run; ``BURST`` at once."""
BURST = 40.0
_LONGEST_TEXT = 44_000
"""A piece of a file in base64; other texts are bounded by what reads them."""


class Connection(Protocol):
    """One caller's connection; who calls was told by the kernel before it got here."""

    @property
    def peer(self) -> Peer: ...  # noqa: D102

    def receive(self, most: int, within_s: float) -> bytes:
        """Return what came, at most so many bytes; empty at the end. Raises OSError."""

    def send(self, content: bytes, within_s: float) -> None:
        """Send all of it; raises OSError, after ``within_s`` too."""

    def close(self) -> None:
        """End it; what was sent can still be read."""


@dataclass(slots=True)
class _Use:
    """What one user takes up: open connections, and a bucket of requests that refills."""

    connections: int = 0
    allowance: float = BURST
    counted_at: float = 0.0

    def idle(self, now_s: float) -> bool:
        return not self.connections and now_s - self.counted_at > BURST / REQUESTS_PER_S

    def may_ask(self, now_s: float) -> bool:
        refill = (now_s - self.counted_at) * REQUESTS_PER_S
        self.allowance = min(BURST, self.allowance + refill)
        self.counted_at = now_s
        if self.allowance < 1:
            return False
        self.allowance -= 1
        return True


class LinkServer:
    """Listens until closed. Open it only while holding the state folder's lock."""

    def __init__(self, state_dir: Path, answer: Respond, public: Path | None = None) -> None:
        """Start listening; every request goes to ``answer`` with who asks.

        ``answer`` is called from several threads. ``public`` is another socket, for every
        user (a pipe is open to every user anyhow); what is wrong with that one alone is told
        in the log. A socket that a killed agent left is replaced. Raises LinkError when that
        is not possible.
        """
        self._answer = answer
        self._uses: dict[str, _Use] = {}
        self._lock = threading.Lock()
        self._door = Door(state_dir, public)
        self._thread = threading.Thread(
            target=self._door.serve, args=(self._admit,), name="local-link", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening; nothing is left where it listened."""
        self._door.stop()
        self._thread.join()
        self._door.close()

    def _admit(self, connection: Connection) -> None:
        """Give the connection a thread, unless its user or all together have too many."""
        with self._lock:
            now_s = time.monotonic()
            self._uses = {key: use for key, use in self._uses.items() if not use.idle(now_s)}
            use = self._uses.setdefault(connection.peer.key, _Use())
            open_now = sum(use.connections for use in self._uses.values())
            admitted = open_now < CONNECTIONS and use.connections < CONNECTIONS_OF_USER
            if admitted:
                use.connections += 1
        if not admitted:
            _refuse(connection, "too many connections at once; try again")
            connection.close()
            return
        threading.Thread(
            target=self._converse, args=(connection, use), name="local-link-peer", daemon=True
        ).start()

    def _converse(self, connection: Connection, use: _Use) -> None:
        try:
            self._requests(connection, use)
        except OSError:  # the other end went away or took too long
            pass
        finally:
            with self._lock:  # before its end is seen, for another may follow at once
                use.connections -= 1
            connection.close()

    def _requests(self, connection: Connection, use: _Use) -> None:
        end = time.monotonic() + CONNECTION_S
        unread = b""
        while True:
            line, separator, unread = unread.partition(b"\n")
            while not separator and len(line) <= MAX_LINE_BYTES:
                chunk = connection.receive(MAX_LINE_BYTES, _left(end))
                if not chunk:
                    return
                line, separator, unread = (line + chunk).partition(b"\n")
            if len(line) > MAX_LINE_BYTES:
                _refuse(connection, f"a request has at most {MAX_LINE_BYTES} bytes")
                return
            with self._lock:
                allowed = use.may_ask(time.monotonic())
            if not allowed:
                _refuse(connection, "too many requests; try again in a second")
                return
            connection.send(_line(self._respond(line, connection.peer)), _left(end))

    def _respond(self, line: bytes, peer: Peer) -> dict[str, Any]:
        try:
            request = _request(line)
            return {"ok": True, **self._answer(request, peer)}
        except ProtocolError as error:
            field = {"field": error.field} if error.field else {}
            return {"ok": False, "problem": str(error), **field}
        except NotNowError as error:
            return {"ok": False, "problem": str(error), "again": True}
        except AgentError as error:
            return {"ok": False, "problem": str(error)}
        except Exception:
            log.exception("local link: a request could not be answered")
            return {"ok": False, "problem": "the agent could not answer; its log says why"}


def _request(line: bytes) -> Request:
    tree = strict.parse(line)
    if not isinstance(tree, dict):
        raise ProtocolError("", "a request is a JSON object")
    strict.check_value(tree, longest=_LONGEST_TEXT)
    if not isinstance(tree.get("verb"), str):
        raise ProtocolError("verb", "missing")
    return tree


def _refuse(connection: Connection, problem: str) -> None:
    with suppress(OSError):
        connection.send(_line({"ok": False, "problem": problem, "again": True}), 1.0)


def _left(end: float) -> float:
    return max(0.01, end - time.monotonic())


def _line(tree: dict[str, Any]) -> bytes:
    return json.dumps(tree).encode() + b"\n"
