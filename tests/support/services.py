"""Small TCP services to be watched: started and stopped at will, they count who connects."""

import random
import selectors
import socket
import threading
from collections import Counter
from contextlib import suppress
from typing import Self

_BLOCKS = range(20_000, 30_000, 50)
"""First ports of blocks below what the system gives out by itself."""


class Services:
    """Services on loopback by their ports; all run at first. ``visits`` counts by port."""

    def __init__(self, count: int) -> None:
        """Start so many."""
        self.visits: Counter[int] = Counter()
        self._selector = selectors.DefaultSelector()
        self._listening: dict[int, socket.socket] = {}
        self._lock = threading.Lock()
        self._woken, self._wake = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, 0)
        self._closing = False
        self._claims: list[socket.socket] = []
        self.ports: list[int] = self._claimed(count)
        self._thread = threading.Thread(target=self._run, name="services", daemon=True)
        self._thread.start()

    def start(self, port: int) -> None:
        """Take connections on a port again."""
        with self._lock:
            if port not in self._listening:
                self._listen(port)

    def stop(self, port: int) -> None:
        """Refuse connections on a port."""
        with self._lock:
            listening = self._listening.pop(port, None)
            if listening is not None:
                self._selector.unregister(listening)
                listening.close()

    def is_running(self, port: int) -> bool:
        """Tell whether connections to a port are taken."""
        with self._lock:
            return port in self._listening

    def close(self) -> None:
        """Stop them all."""
        self._closing = True
        self._wake.send(b"w")
        self._thread.join()
        for port in tuple(self._listening):
            self.stop(port)
        self._selector.close()
        for one in (self._woken, self._wake, *self._claims):
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _claimed(self, count: int) -> list[int]:
        """Listen on free ports of blocks that no other test run on this computer has.

        Else another one could open the port of a stopped service, which then looks well.
        """
        found: list[int] = []
        for first in random.sample(_BLOCKS, len(_BLOCKS)):
            if len(found) == count:
                break
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._claims.append(claim)
            with suppress(OSError):
                claim.bind(f"\0watchdesk-test-services-{first}")  # gone with the process
                for port in range(first, first + min(_BLOCKS.step, count - len(found))):
                    with suppress(OSError):
                        self._listen(port)
                        found.append(port)
        return found

    def _listen(self, port: int) -> None:
        listening = socket.create_server(("127.0.0.1", port), backlog=128)
        listening.settimeout(0)
        self._listening[port] = listening
        self._selector.register(listening, selectors.EVENT_READ, port)

    def _run(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select():
                with self._lock:
                    listening = self._listening.get(key.data)
                    if listening is None or listening is not key.fileobj:
                        continue
                    try:
                        connection, _ = listening.accept()
                    except OSError:
                        continue
                connection.close()
                self.visits[key.data] += 1
