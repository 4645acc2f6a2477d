"""Who issued a certificate that was refused: the question people ask when TLS inspection blocks.

Python's verification error does not carry the certificate. A handshake of its own, over which
nothing is ever sent, fetches it; a small DER reader finds issuer and dates.
"""

import http.client
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

_COMMON_NAME = bytes.fromhex("550403")
_ORGANISATION = bytes.fromhex("55040a")
_SEQUENCE, _EXPLICIT_VERSION, _UTC_TIME = 0x30, 0xA0, 0x17


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server showed: who issued it (name, or organisation) and when it is valid."""

    issuer: str
    not_before: datetime
    not_after: datetime


def fetch(host: str, port: int, proxy: str | None, timeout_s: float) -> Certificate | None:
    """Return the certificate shown at ``host``, through the proxy if any; None when unknown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # to look at it; no request goes over this connection
    via = urlsplit(proxy) if proxy else None
    connection = http.client.HTTPSConnection(
        (via.hostname or "") if via else host,
        via.port if via else port,
        timeout=timeout_s,
        context=context,
    )
    try:
        if via:
            connection.set_tunnel(host, port, _proxy_sign_in(via.username, via.password))
        connection.connect()
        shown = connection.sock.getpeercert(binary_form=True)
        return parse(shown) if shown else None
    except (OSError, http.client.HTTPException, ValueError, IndexError):
        return None
    finally:
        connection.close()


def parse(der: bytes) -> Certificate:
    """Return issuer and dates of an X.509 certificate (RFC 5280).

    Raises ValueError or IndexError when it is none.
    """
    fields = list(_members(_only(_only(der))))
    if fields[0][0] == _EXPLICIT_VERSION:
        del fields[0]
    (_, issuer), (_, validity) = fields[2:4]  # after serial number and algorithm
    begin, end = (_moment(tag, value) for tag, value in _members(validity))
    names = dict(_names(issuer))
    name = names.get(_COMMON_NAME) or names.get(_ORGANISATION) or b""
    return Certificate(name.decode(errors="replace"), begin, end)


def _proxy_sign_in(user: str | None, password: str | None) -> dict[str, str]:
    if not user:
        return {}
    from base64 import b64encode  # noqa: PLC0415 - rarely needed

    pair = f"{unquote(user)}:{unquote(password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(pair.encode("latin-1", "replace")).decode()}


def _names(issuer: bytes) -> Iterator[tuple[bytes, bytes]]:
    for _, relative in _members(issuer):
        for _, attribute in _members(relative):
            (_, kind), (_, value) = _members(attribute)
            yield kind, value


def _members(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element in ``content``."""
    at = 0
    while at < len(content):
        tag, length = content[at], content[at + 1]
        at += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(content[at : at + count], "big")
            at += count
        if at + length > len(content):
            raise ValueError("an element goes beyond its container")
        yield tag, content[at : at + length]
        at += length


def _only(content: bytes) -> bytes:
    tag, value = next(_members(content), (0, b""))
    if tag != _SEQUENCE:
        raise ValueError("not a sequence")
    return value


def _moment(tag: int, value: bytes) -> datetime:
    text = value.decode("ascii")
    # Two digits of a year below 50 are of this century (RFC 5280, 4.1.2.5.1).
    century = "" if tag != _UTC_TIME else "20" if text[:2] < "50" else "19"
    return datetime.strptime(century + text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
