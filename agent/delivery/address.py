"""Which addresses of a server and of a proxy are allowed.

Tickets and tokens travel encrypted; ``http://`` is for a server on this very computer, as in
the demo and in tests.
"""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from agent.errors import AgentError


class AddressError(AgentError):
    """An address cannot be used; the text says why and how to write it."""


def server_address(text: str) -> str:
    """Return the server's address without a trailing slash; raises AddressError."""
    parts = _split(text.strip(), "https://SERVER")
    if parts.username is not None or parts.query or parts.fragment:
        raise AddressError("the server's address has no user, ? or #: https://SERVER")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise AddressError(
            f"http://{parts.netloc} is not encrypted; write https://{parts.netloc} "
            "(http:// is only for a server on this computer)"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def proxy_address(text: str) -> str:
    """Return the proxy's address, ``http://[user:password@]host:port``; raises AddressError."""
    parts = _split(text.strip(), "http://PROXY:PORT")
    if parts.port is None or parts.path.strip("/") or parts.query or parts.fragment:
        raise AddressError("the proxy's address ends with its port: http://PROXY:PORT")
    return f"{parts.scheme}://{parts.netloc}"


def proxy_name(proxy: str) -> str:
    """Return ``host:port`` of a proxy's address, without its user and password."""
    parts = urlsplit(proxy)
    return f"{parts.hostname}:{parts.port}"


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is this computer by its own name or address."""
    if host in ("localhost", "127.0.0.1"):  # without a whole module's help
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str, example: str) -> SplitResult:
    """Return the parts of an address; an error repeats none of it, it may hold a password."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError as error:
        raise AddressError(f"this is no address; write it as {example}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not text.isprintable():
        raise AddressError(f"this is no address; write it as {example}")
    return parts
