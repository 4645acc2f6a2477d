"""Who issued a certificate that was refused: the question people ask when TLS inspection blocks.

Python's verification error does not carry the certificate. A handshake of its own, over which
nothing is ever sent, fetches it.
"""

import http.client
import ssl
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

from agent.host import x509


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
    """Return issuer and dates of a certificate; raises ValueError or IndexError when it is none."""
    shown = x509.parse(der)
    return Certificate(shown.issuer, shown.not_before, shown.not_after)


def _proxy_sign_in(user: str | None, password: str | None) -> dict[str, str]:
    if not user:
        return {}
    from base64 import b64encode  # noqa: PLC0415 - rarely needed

    pair = f"{unquote(user)}:{unquote(password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(pair.encode("latin-1", "replace")).decode()}
