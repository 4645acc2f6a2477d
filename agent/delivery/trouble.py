"""What a failed attempt means: from a library's exception to an ``Answer`` with a sentence.

The libraries wrap the reason several layers deep, each in its own words; what counts is the
exception of the operating system or of TLS at the bottom.
"""

import errno
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote, urlsplit

from agent.delivery import certificate
from agent.delivery.address import proxy_name
from agent.delivery.messages import Answer, Outcome, Settings
from agent.delivery.verdict import printable
from agent.errors import AgentError

_LOOK_S = 5.0
_NOT_YET_VALID, _EXPIRED, _WRONG_NAME, _WRONG_ADDRESS = 9, 10, 62, 64  # OpenSSL's verify codes
_CLOSED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)


def explain(error: BaseException, settings: Settings, now: datetime) -> Answer:
    """Return what ``error``, raised by an attempt to reach the server, means."""
    server = settings.server
    chain = list(_causes(error))
    if isinstance(error, AgentError):
        return Answer(Outcome.RETRY, str(error))
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate_refused(cause, settings, now)
    for cause in chain:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _CLOSED):
            return Answer(
                Outcome.RETRY,
                f"no encrypted connection to {server} came about "
                f"({printable(cause.reason or str(cause), 80)})",
            )
    if settings.proxy and any(type(cause).__name__ == "ProxyError" for cause in chain):
        return _proxy_refused(chain, settings.proxy)
    return Answer(Outcome.RETRY, without_secrets(_sentence(chain, server), settings))


def without_secrets(text: str, settings: Settings) -> str:
    """Return ``text`` with the token and the proxy's password made unreadable."""
    password = urlsplit(settings.proxy).password if settings.proxy else None
    for secret in (settings.token, password, unquote(password or "")):
        if secret:
            text = text.replace(secret, "***")
    return text


def _sentence(chain: list[BaseException], server: str) -> str:
    for cause in chain:
        if isinstance(cause, socket.gaierror):
            return f"the name in {server} cannot be resolved: no network, or a wrong address"
        if isinstance(cause, ConnectionRefusedError):
            return f"nothing answers at {server}: the server is not running, or a wrong address"
        if isinstance(cause, TimeoutError):
            return f"{server} did not answer in time"
        if isinstance(cause, OSError) and cause.errno in _NO_ROUTE:
            return f"there is no way to {server}: this computer has no network"
    for cause in chain:
        if isinstance(cause, (ConnectionError, *_CLOSED)) or type(cause).__name__ in _BROKEN:
            return f"the connection to {server} broke off before the answer was complete"
    last = chain[-1]
    return f"the attempt to reach {server} failed: {type(last).__name__}: {printable(str(last))}"


_BROKEN = ("IncompleteRead", "ProtocolError", "RemoteDisconnected", "BadStatusLine")


def _certificate_refused(
    error: ssl.SSLCertVerificationError, settings: Settings, now: datetime
) -> Answer:
    parts = urlsplit(settings.server)
    host, port = parts.hostname or "", parts.port or 443
    shown = certificate.fetch(host, port, settings.proxy, _LOOK_S)
    issuer = f"issued by “{printable(shown.issuer, 100)}”" if shown else "of unknown issuer"
    today = f"this computer's clock shows {now:%Y-%m-%d %H:%M} UTC"
    if error.verify_code == _NOT_YET_VALID:
        begin = f" before {shown.not_before:%Y-%m-%d %H:%M} UTC" if shown else " yet"
        return Answer(
            Outcome.CLOCK,
            f"the certificate of {host} is not valid{begin}, and {today}: set the clock",
        )
    if error.verify_code == _EXPIRED:
        end = f" on {shown.not_after:%Y-%m-%d %H:%M} UTC" if shown else ""
        return Answer(
            Outcome.CLOCK,
            f"the certificate of {host}, {issuer}, expired{end}, and {today}: "
            "set the clock, or renew the certificate if the clock is right",
        )
    if error.verify_code in (_WRONG_NAME, _WRONG_ADDRESS):
        return Answer(
            Outcome.INTERCEPTED,
            f"the certificate shown for {host}, {issuer}, is for another name: "
            "a wrong address, or a network that intercepts",
        )
    store = f"{settings.ca_file} does" if settings.ca_file else "this computer does"
    return Answer(
        Outcome.INTERCEPTED,
        f"the certificate shown for {host} is {issuer}, which {store} not trust: "
        "a network that inspects TLS, or a server whose CA must be named (--ca-file)",
    )


def _proxy_refused(chain: list[BaseException], proxy: str) -> Answer:
    name = proxy_name(proxy)
    text = " ".join(str(cause) for cause in chain)
    refusal = text.partition("Tunnel connection failed: ")[2].split("'")[0]
    if refusal.startswith("407"):
        says = f"the proxy {name} asks for a sign-in; put user and password into its setting"
    elif refusal:
        refusal = printable(refusal, 60)
        says = f"the proxy {name} refuses to connect to the server ({refusal})"
    else:
        says = f"the proxy {name} does not answer"
    return Answer(Outcome.PROXY, says)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and everything it wraps, outermost first."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [getattr(cause, "reason", None), cause.__cause__, cause.__context__, *cause.args]
