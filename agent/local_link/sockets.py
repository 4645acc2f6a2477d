"""The local link's sockets: where connections come from, and what one of them does."""

import logging
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from agent.errors import LinkError
from agent.local_link.listening import listen_for_all, listen_for_owner
from agent.local_link.peer import Peer, peer_of
from agent.protocol.link import SOCKET_NAME

log = logging.getLogger(__name__)


class SocketConnection:
    """One caller's connection."""

    __slots__ = ("_socket", "peer")

    def __init__(self, connection: socket.socket, peer: Peer) -> None:
        """Take the connection and who is at its other end."""
        self._socket = connection
        self.peer = peer

    def receive(self, most: int, within_s: float) -> bytes:
        """Return what came, at most so many bytes; empty at the end. Raises OSError."""
        self._socket.settimeout(within_s)
        return self._socket.recv(most)

    def send(self, content: bytes, within_s: float) -> None:
        """Send all of it; raises OSError, after ``within_s`` too."""
        self._socket.settimeout(within_s)
        self._socket.sendall(content)

    def close(self) -> None:
        """End it; what was sent can still be read."""
        self._socket.close()


class SocketDoor:
    """The sockets that are listened at: the owner's, and one for every user where there is one."""

    def __init__(self, state_dir: Path, public: Path | None) -> None:
        """Listen; raises LinkError. What is wrong with ``public`` alone is told in the log."""
        self._paths = [state_dir / SOCKET_NAME]
        self._listening = [listen_for_owner(state_dir)]
        if public is not None:
            self._open_to_all(public)
        self._wake, self._woken = socket.socketpair()

    def serve(self, admit: Callable[[SocketConnection], None]) -> None:
        """Give every connection to ``admit`` until ``stop``."""
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
                try:
                    peer = peer_of(connection)
                except OSError:
                    connection.close()
                    continue
                admit(SocketConnection(connection, peer))

    def stop(self) -> None:
        """Let ``serve`` return."""
        self._wake.close()

    def close(self) -> None:
        """Take the sockets away; ``serve`` has returned."""
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
