"""A server on loopback that gives everybody the same answer, byte for byte."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

_HANDSHAKE = b"\x16"  # somebody speaks TLS to a server that does not


@dataclass
class CannedServer:
    """Where it listens, and the requests it has had."""

    port: int
    requests: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def canned_server(
    answer: bytes | None, tls: ssl.SSLContext | None = None
) -> Iterator[CannedServer]:
    """Serve ``answer`` and hang up; None answers nothing and holds the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = CannedServer(listening.getsockname()[1])
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError):
                    _serve(tls.wrap_socket(connection, server_side=True) if tls else connection)

        def _serve(connection: socket.socket) -> None:
            if answer is None:
                held.append(connection)
                return
            with connection:
                request = b""
                while b"\r\n\r\n" not in request and not request.startswith(_HANDSHAKE):
                    piece = connection.recv(65_536)
                    if not piece:
                        break
                    request += piece
                server.requests.append(request)
                connection.sendall(answer)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        try:
            yield server
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            serving.join()
            for connection in held:
                connection.close()
