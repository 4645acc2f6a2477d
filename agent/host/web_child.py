"""Asking web servers, and looking at certificates, in a child that ends when it has answered.

A child (``child_program``), for TLS alone takes 4 MB, which the agent does not carry. The questions
of one are asked at once, so that a server that does not answer holds up no other. Nothing here
imports the agent.
"""

import socket
import time

TYPE_CHECKING = False  # typing costs a child two milliseconds
if TYPE_CHECKING:
    from ssl import SSLSocket

ANSWER_S = 10.0
"""The time a server has for its whole answer, look-up of its name included."""
MOST_BYTES = 1 << 20
"""What is read of an answer's body, and of a certificate's file."""

AT_ONCE = 8
_CHUNK = 65_536
_LONGEST_HEAD = 65_536
_LONGEST_REASON = 100
_SAMPLE = b"-----BEGIN CERTIFICATE-----"
_INTERIM = range(100, 200)
_BODILESS = (204, 304)


class NoAnswerError(Exception):
    """The server gave none; the text is the word for how it went."""


def http(question: str) -> str:
    """GET a page; return ``answered STATUS SECONDS TEXT REASON`` or the word for how it went.

    The lines of ``question``: host, port, ``tls``, ``unverified`` or nothing, the path with its
    query, and texts that must all be in the page. TEXT is ``yes``, ``no``, or ``-`` when none is
    looked for. REASON is what the server calls the status, any words or none.
    """
    host, port, tls, path, *texts = question.split("\n")
    begun_s = time.monotonic()
    try:
        with _connected(host, int(port), begun_s + ANSWER_S) as plain:
            connection = _secured(plain, host, verified=tls == "tls") if tls else plain
            with connection:
                named = f"[{host}]" if ":" in host else host.encode("idna").decode()
                usual = port == ("443" if tls else "80")
                connection.sendall(_request(named if usual else f"{named}:{port}", path))
                status, reason, text = _answer(connection, begun_s + ANSWER_S)
    except NoAnswerError as error:
        return str(error)
    except TimeoutError:
        return "timeout"
    except (OSError, ValueError, IndexError):
        return "broken"
    found = "-" if not texts else "yes" if all(wanted in text for wanted in texts) else "no"
    return f"answered {status} {time.monotonic() - begun_s:.6f} {found} {reason}".rstrip()


def certificate(question: str) -> str:
    """Return a certificate (DER, base64), or the word for how the attempt to get it went.

    The lines of ``question``: host and port, or a file's path. Nothing is verified, and nothing is
    sent but the handshake.
    """
    from base64 import b64encode  # noqa: PLC0415 - the other question has no use for it

    host, *port = question.split("\n")
    try:
        if not port:
            return b64encode(_from_file(host)).decode()
        plain = _connected(host, int(port[0]), time.monotonic() + ANSWER_S)
        with plain, _secured(plain, host, verified=False) as connection:
            der = connection.getpeercert(binary_form=True)
    except NoAnswerError as error:
        return str(error)
    except TimeoutError:
        return "timeout"
    except (OSError, ValueError):
        if not port:
            raise
        return "broken"
    return b64encode(der).decode() if der else "broken"


def _from_file(path: str) -> bytes:
    """Return the first certificate of a file, PEM or DER; raises ValueError, OSError."""
    from binascii import a2b_base64  # noqa: PLC0415

    with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs a child a millisecond
        content = file.read(MOST_BYTES)
    if _SAMPLE in content:
        return a2b_base64(content.partition(_SAMPLE)[2].partition(b"-----")[0])
    if content[:1] != b"\x30":
        raise ValueError("there is no certificate in this file")
    return content


def _connected(host: str, port: int, until_s: float) -> socket.socket:
    """Return a connection to the first address that takes one; raises NoAnswerError."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswerError("unreachable") from error
    how = "unreachable"
    for left, (family, kind, _, _, address) in zip(
        range(len(addresses), 0, -1), addresses, strict=True
    ):
        connection = socket.socket(family, kind)
        try:
            connection.settimeout(max(0.1, (until_s - time.monotonic()) / left))
            connection.connect(address)
        except ConnectionRefusedError:
            how = "refused"
        except TimeoutError:
            how = "timeout"
        except OSError:
            how = "unreachable" if how == "unreachable" else how
        else:
            connection.settimeout(max(0.1, until_s - time.monotonic()))
            return connection
        connection.close()
    raise NoAnswerError(how)


def _secured(plain: socket.socket, host: str, *, verified: bool) -> "SSLSocket":
    """Return the connection in TLS; raises NoAnswerError for a certificate not to be trusted."""
    import ssl  # noqa: PLC0415 - plain pages do without

    if verified:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(plain, server_hostname=host.partition("%")[0])
    except ssl.SSLCertVerificationError as error:
        raise NoAnswerError("untrusted") from error


def _request(host: str, path: str) -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: watchdesk\r\nAccept: */*\r\n"
    return f"{head}Accept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()


def _answer(connection: socket.socket, until_s: float) -> tuple[int, str, str]:
    """Return status, reason and text of an answer; raises ValueError when it is none of HTTP."""
    reader = _Reader(connection, until_s)
    status, reason, fields = _head(reader)
    while status in _INTERIM:
        status, reason, fields = _head(reader)
    kind = fields.get("content-type", "").lower()
    charset = kind.partition("charset=")[2].partition(";")[0].strip("\"' ") or "utf-8"
    if status in _BODILESS:
        body = b""
    elif fields.get("transfer-encoding", "").lower().endswith("chunked"):
        body = _chunked(reader)
    else:
        body = reader.upto(min(int(fields.get("content-length", MOST_BYTES)), MOST_BYTES))
    try:
        return status, reason, body.decode(charset, "replace")
    except LookupError:
        return status, reason, body.decode("utf-8", "replace")


def _head(reader: "_Reader") -> tuple[int, str, dict[str, str]]:
    words = reader.line().split(None, 2)
    if not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise ValueError("not HTTP")
    fields: dict[str, str] = {}
    while line := reader.line():
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    reason = " ".join("".join(words[2:]).split())[:_LONGEST_REASON]
    return int(words[1]), reason, fields


def _chunked(reader: "_Reader") -> bytes:
    body = b""
    while (size := int(reader.line().partition(";")[0], 16)) and len(body) < MOST_BYTES:
        body += reader.upto(min(size, MOST_BYTES))
        reader.line()
    return body


class _Reader:
    """Reads lines and bodies of an answer until a moment."""

    def __init__(self, connection: socket.socket, until_s: float) -> None:
        self._connection = connection
        self._until_s = until_s
        self._kept = b""

    def line(self) -> str:
        while b"\n" not in self._kept:
            if len(self._kept) > _LONGEST_HEAD or not self._more():
                raise ValueError("the answer breaks off")
        line, _, self._kept = self._kept.partition(b"\n")
        return line.rstrip(b"\r").decode("latin-1")

    def upto(self, size: int) -> bytes:
        while len(self._kept) < size and self._more():
            pass
        taken, self._kept = self._kept[:size], self._kept[size:]
        return taken

    def _more(self) -> bool:
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._connection.settimeout(left_s)
        chunk = self._connection.recv(_CHUNK)
        self._kept += chunk
        return bool(chunk)


PROBES = {"http": http, "certificate": certificate}
