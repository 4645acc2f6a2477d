"""The agent's end of the local link: answers JSON lines over Unix sockets.

One thread waits at rest. Each connection gets a thread of its own for as long as it may last, so
that one slow caller never keeps another waiting; how many, how much and how often is limited
for each user.
"""

import json
import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import AgentError, LinkError, NotNowError
from agent.local_link.listening import listen_for_all, listen_for_owner
from agent.local_link.peer import Peer, peer_of
from agent.protocol import strict
from agent.protocol.link import MAX_LINE_BYTES, SOCKET_NAME
from agent.protocol.strict import ProtocolError

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
    """Listens in the state folder until closed. Open it only while holding the folder's lock."""

    def __init__(self, state_dir: Path, answer: Respond, public: Path | None = None) -> None:
        """Start listening; every request goes to ``answer`` with who asks.

        ``answer`` is called from several threads. ``public`` is another socket, for every
        user; what is wrong with that one alone is told in the log. A socket that a killed agent
        left is replaced. Raises LinkError when that is not possible.
        """
        self._answer = answer
        self._uses: dict[int, _Use] = {}
        self._lock = threading.Lock()
        self._paths = [state_dir / SOCKET_NAME]
        self._listening = [listen_for_owner(state_dir)]
        if public is not None:
            self._open_to_all(public)
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name="local-link", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and take the socket away."""
        self._wake.close()
        self._thread.join()
        self._woken.close()
        for listening in self._listening:
            listening.close()
        for path in self._paths:
            with suppress(OSError):
                path.unlink()

    def _open_to_all(self, public: Path) -> None:
        try:
            self._listening.append(listen_for_all(public))
        except LinkError as error:
            log.warning("people cannot reach this agent from their tray: %s", error)
        else:
            self._paths.append(public)

    def _accept(self) -> None:
        while True:
            ready, _, _ = select.select([*self._listening, self._woken], [], [])
            if self._woken in ready:
                return
            for listening in ready:
                try:
                    connection, _ = listening.accept()
                except OSError as error:  # gone again, or no descriptors left
                    log.warning("local link: %s", error)
                    time.sleep(0.1)
                    continue
                self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        """Give the connection a thread, unless its user or all together have too many."""
        try:
            peer = peer_of(connection)
        except OSError:
            connection.close()
            return
        with self._lock:
            now_s = time.monotonic()
            self._uses = {uid: use for uid, use in self._uses.items() if not use.idle(now_s)}
            use = self._uses.setdefault(peer.uid, _Use())
            open_now = sum(use.connections for use in self._uses.values())
            admitted = open_now < CONNECTIONS and use.connections < CONNECTIONS_OF_USER
            if admitted:
                use.connections += 1
        if not admitted:
            _refuse(connection, "too many connections at once; try again")
            return
        threading.Thread(
            target=self._converse, args=(connection, peer, use), name="local-link-peer", daemon=True
        ).start()

    def _converse(self, connection: socket.socket, peer: Peer, use: _Use) -> None:
        try:
            with connection:
                self._requests(connection, peer, use)
        except OSError:  # the other end went away or took too long
            pass
        finally:
            with self._lock:
                use.connections -= 1

    def _requests(self, connection: socket.socket, peer: Peer, use: _Use) -> None:
        end = time.monotonic() + CONNECTION_S
        unread = b""
        while True:
            line, separator, unread = unread.partition(b"\n")
            while not separator and len(line) <= MAX_LINE_BYTES:
                connection.settimeout(max(0.01, end - time.monotonic()))
                chunk = connection.recv(MAX_LINE_BYTES)
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
            connection.settimeout(max(0.01, end - time.monotonic()))
            connection.sendall(_line(self._respond(line, peer)))

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


def _refuse(connection: socket.socket, problem: str) -> None:
    with suppress(OSError), connection:
        connection.settimeout(1.0)
        connection.sendall(_line({"ok": False, "problem": problem, "again": True}))


def _line(tree: dict[str, Any]) -> bytes:
    return json.dumps(tree).encode() + b"\n"
