"""A TCP relay on loopback: records what passes, withholds answers, refuses connections."""

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass, field
from typing import Self

_CHUNK = 65_536


@dataclass(slots=True, eq=False)
class _Pair:
    """A connection and its continuation to the target."""

    device: socket.socket
    server: socket.socket
    withheld: bytearray = field(default_factory=bytearray)

    def close(self) -> None:
        self.device.close()
        self.server.close()


class Relay:
    """Stands before a server. ``sent`` is what devices said, ``answered`` what came back.

    Made to be watched from a test, so it uses one thread and no more.
    """

    def __init__(self, port: int) -> None:
        """Relay from a free port of loopback to ``port`` of loopback."""
        self.target = port
        self.sent = bytearray()
        self.answered = bytearray()
        self._holding = False
        self._refusing = False
        self._pairs: set[_Pair] = set()
        self._selector = selectors.DefaultSelector()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._woken, self._wake = socket.socketpair()
        self._closing = False
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    @property
    def requests(self) -> int:
        """How many requests devices have begun."""
        return self.sent.count(b" HTTP/1.1\r\n")

    @property
    def withheld(self) -> bool:
        """Tell whether an answer is being withheld just now."""
        return any(pair.withheld for pair in tuple(self._pairs))

    def hold(self) -> None:
        """Withhold answers from now on; requests still reach the server."""
        self._holding = True

    def release(self) -> None:
        """Let answers pass again, those withheld first."""
        self._holding = False
        self._wake.send(b"w")

    def refuse(self) -> None:
        """Hang up on everybody, as if the server were down."""
        self._refusing = True
        self._wake.send(b"w")

    def accept(self) -> None:
        """Take connections again."""
        self._refusing = False

    def close(self) -> None:
        """Hang up on everybody for good."""
        self._closing = True
        self._wake.send(b"w")
        self._thread.join()
        for pair in tuple(self._pairs):
            self._end(pair)
        self._selector.close()
        for one in (self._listening, self._woken, self._wake):
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select():
                if key.fileobj is self._listening:
                    self._admit()
                elif key.fileobj is self._woken:
                    self._woken.recv(100)
                elif key.data in self._pairs:
                    self._pass_on(key.data, from_device=key.fileobj is key.data.device)
            for pair in tuple(self._pairs):
                if self._refusing:
                    self._end(pair)
                elif pair.withheld and not self._holding:
                    self._say(pair, bytes(pair.withheld))
                    pair.withheld.clear()

    def _admit(self) -> None:
        device, _ = self._listening.accept()
        try:
            if self._refusing:
                raise ConnectionRefusedError
            server = socket.create_connection(("127.0.0.1", self.target), 5)
        except OSError:
            device.close()
            return
        pair = _Pair(device, server)
        self._pairs.add(pair)
        self._selector.register(device, selectors.EVENT_READ, pair)
        self._selector.register(server, selectors.EVENT_READ, pair)

    def _pass_on(self, pair: _Pair, *, from_device: bool) -> None:
        try:
            chunk = (pair.device if from_device else pair.server).recv(_CHUNK)
        except OSError:
            chunk = b""
        if not chunk:
            if not pair.withheld:
                self._end(pair)
        elif from_device:
            self.sent += chunk
            try:
                pair.server.sendall(chunk)
            except OSError:
                self._end(pair)
        else:
            self.answered += chunk
            if self._holding:
                pair.withheld += chunk
            else:
                self._say(pair, chunk)

    def _say(self, pair: _Pair, chunk: bytes) -> None:
        try:
            pair.device.sendall(chunk)
        except OSError:
            self._end(pair)

    def _end(self, pair: _Pair) -> None:
        self._pairs.discard(pair)
        for one in (pair.device, pair.server):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(one)
        pair.close()
