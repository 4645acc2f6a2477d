"""A server that lies on demand, and a proxy: real sockets on loopback, scripted answer by answer.

Without a script it is honest: it accepts every envelope and remembers which, so that a test can ask
what arrived and how often.
"""

import contextlib
import json
import socket
import ssl
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from agent.protocol import MEDIA_TYPE, PROBLEM_MEDIA_TYPE
from agent.protocol.problems import ProblemType, problem_tree

_LONGEST_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def route(self) -> str:
        """The path behind the prefix, without its query."""
        return self.path.removeprefix("/api/v1/").partition("?")[0]

    def ids(self) -> list[str]:
        """Return the ids of the envelopes in the body."""
        tree = json.loads(self.body)
        items = tree["events"] if self.route == "events" else [tree]
        return [item["id"] for item in items]


@dataclass(frozen=True, slots=True)
class Lie:
    """One answer. ``body`` None is what an honest server would have said.

    ``cut_at`` closes the connection after so many bytes of the body, ``length`` is what
    Content-Length claims, ``drip_s`` is the wait after each byte, ``endless`` never ends the body.
    ``stored``: the envelopes were committed all the same.
    """

    status: int = 200
    body: bytes | None = None
    media_type: str = MEDIA_TYPE
    headers: tuple[tuple[str, str], ...] = ()
    before_s: float = 0.0
    drip_s: float = 0.0
    cut_at: int | None = None
    length: int | None = None
    endless: bool = False
    hang_up: bool = False
    stored: bool = False


def problem(
    kind: ProblemType, status: int, *headers: tuple[str, str], detail: str = "because"
) -> Lie:
    """Return a refusal of our own server's making."""
    body = json.dumps(problem_tree(kind, status, "no", detail)).encode()
    return Lie(status, body, PROBLEM_MEDIA_TYPE, headers)


def page(status: int = 200, title: str = "Hotel Wi-Fi", *headers: tuple[str, str]) -> Lie:
    """Return a web page, as a captive portal or a proxy shows it."""
    body = f"<html><head><title>{title}</title></head><body>Welcome</body></html>".encode()
    return Lie(status, body, "text/html; charset=utf-8", headers)


@dataclass(slots=True)
class _Loopback:
    """Accepts connections on a free port of loopback, each in a thread, until closed."""

    serve: Callable[[socket.socket], None]
    listening: socket.socket = field(init=False)
    _open: set[socket.socket] = field(default_factory=set)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self._spawn(self._accept)

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self._open.add(connection)
            self._spawn(lambda connection=connection: self._one(connection))  # type: ignore[misc] # bound early

    def _one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            self.serve(connection)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(5)


class LyingServer:
    """Answers each request with the next ``Lie`` of its script, honestly when there is none.

    ``seen`` are the requests, ``arrived`` counts how often each envelope was accepted as new
    (a second time it is a duplicate). ``decide`` may choose the lie for a request, before the
    script; ``always`` is the lie told when the script is over.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, name: str = "127.0.0.1") -> None:
        """Listen on loopback, with TLS when given a context."""
        self.seen: list[Seen] = []
        self.arrived: Counter[str] = Counter()
        self.decide: Callable[[Seen], Lie | None] = lambda _: None
        self.always: Lie | None = None
        self.members: dict[str, Any] = {}
        self._script: deque[Lie] = deque()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._tls = tls
        self._loopback = _Loopback(self._serve)
        self.port = self._loopback.port
        self.url = f"{'https' if tls else 'http'}://{name}:{self.port}"

    def next(self, *lies: Lie) -> None:
        """Put answers into the script."""
        with self._lock:
            self._script.extend(lies)

    def routes(self) -> list[str]:
        """Return the routes that were asked for, in order."""
        return [seen.route for seen in self.seen]

    def close(self) -> None:
        """Hang up on everybody."""
        self._closing.set()
        self._loopback.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self, plain: socket.socket) -> None:
        connection = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
        with connection:
            unread = b""
            while request := _request(connection, unread):
                seen, unread = request
                if not self._tell(connection, seen, self._lie_for(seen)):
                    return

    def _lie_for(self, seen: Seen) -> Lie:
        with self._lock:
            self.seen.append(seen)
            decided = self.decide(seen)
            if decided or not self._script:
                return decided or self.always or Lie()
            return self._script.popleft()

    def _tell(self, connection: socket.socket, seen: Seen, lie: Lie) -> bool:
        """Send one answer; tell whether the connection goes on."""
        self._closing.wait(lie.before_s)
        body = lie.body
        if body is None or lie.stored:
            honest = json.dumps(self._honest(seen)).encode()
            body = honest if body is None else body
        if lie.hang_up:
            return False
        length = len(body) if lie.length is None else lie.length
        head = [f"HTTP/1.1 {lie.status} Said", f"Content-Type: {lie.media_type}"]
        head += [] if lie.endless else [f"Content-Length: {length}"]
        head += [f"{name}: {value}" for name, value in lie.headers]
        start = "\r\n".join([*head, "", ""]).encode("latin-1")
        if lie.endless:
            connection.sendall(start)
            while not self._closing.is_set():
                connection.sendall(body or b"x" * 65_536)
                self._closing.wait(lie.drip_s)
            return False
        body = body[: lie.cut_at]
        if lie.drip_s:
            connection.sendall(start)
            for byte in body:
                connection.sendall(bytes([byte]))
                self._closing.wait(lie.drip_s)
        else:  # in one piece: two would wait for each other (Nagle, delayed ACK)
            connection.sendall(start + body)
        return lie.cut_at is None and lie.length is None

    def _honest(self, seen: Seen) -> dict[str, Any]:
        tree: dict[str, Any] = {"receipts": [], "changes": {}}
        if seen.route in ("events", "facts", "tickets"):
            with self._lock:
                for identifier in seen.ids():
                    result = "duplicate" if self.arrived[identifier] else "accepted"
                    self.arrived[identifier] += result == "accepted"
                    tree["receipts"].append({"id": identifier, "result": result, "ticket": 7})
        elif seen.route == "enroll":
            tree["device_id"] = json.loads(seen.body)["device_id"]
        return tree | self.members


class Proxy:
    """An HTTP proxy: CONNECT for https, the rest passed on. ``asked`` are the first lines.

    ``sign_in`` (``user:password``) makes it ask for one; ``refuse`` is what it says to everybody.
    Every name is reached on loopback.
    """

    def __init__(self, sign_in: str | None = None, refuse: str | None = None) -> None:
        """Listen on loopback."""
        self.asked: list[str] = []
        self.heads: list[dict[str, str]] = []
        self._sign_in = sign_in
        self.refuse = refuse
        self._loopback = _Loopback(self._serve)
        self.url = f"http://127.0.0.1:{self._loopback.port}"

    def close(self) -> None:
        """Hang up on everybody."""
        self._loopback.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self, connection: socket.socket) -> None:
        head, _, body = _head(connection, b"")
        first, headers = _parsed(head)
        self.asked.append(first)
        self.heads.append(headers)
        refusal = self.refuse
        if self._sign_in and headers.get("proxy-authorization") != _basic(self._sign_in):
            refusal = "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic"
        if refusal:
            connection.sendall(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        method, target, _ = first.split(" ")
        port = int(target.rpartition(":")[2].split("/")[0])
        with socket.create_connection(("127.0.0.1", port)) as onward:
            if method == "CONNECT":
                connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                path = "/" + target.split("/", 3)[3]
                onward.sendall(head.replace(target.encode(), path.encode(), 1) + b"\r\n\r\n" + body)
            back = threading.Thread(target=_pump, args=(onward, connection), daemon=True)
            back.start()
            _pump(connection, onward)
            back.join(5)


def _basic(sign_in: str) -> str:
    from base64 import b64encode  # noqa: PLC0415 - one test

    return "Basic " + b64encode(sign_in.encode()).decode()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65_536):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _head(connection: socket.socket, unread: bytes) -> tuple[bytes, bytes, bytes]:
    while b"\r\n\r\n" not in unread and len(unread) < _LONGEST_HEAD:
        chunk = connection.recv(65_536)
        if not chunk:
            return b"", b"", b""
        unread += chunk
    return unread.partition(b"\r\n\r\n")


def _parsed(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, {name.lower(): value.strip() for name, _, value in pairs}


def _request(connection: socket.socket, unread: bytes) -> tuple[Seen, bytes] | None:
    head, separator, unread = _head(connection, unread)
    if not separator:
        return None
    first, headers = _parsed(head)
    method, path, _ = first.split(" ")
    size = int(headers.get("content-length", "0"))
    while len(unread) < size:
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        unread += chunk
    return Seen(method, path, headers, unread[:size]), unread[size:]
