"""A server that lies, and senders that talk to it."""

import ssl
from collections.abc import Callable, Iterator

import pytest
import trustme

from agent.delivery.child import SenderProcess
from agent.delivery.messages import Limits, Settings
from tests.support.lying_server import LyingServer

TOKEN = "wdd_" + "canary-device-token-" * 2 + "abc"


@pytest.fixture
def server() -> Iterator[LyingServer]:
    """A server without TLS on loopback."""
    with LyingServer() as server:
        yield server


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority that no trust store knows."""
    return trustme.CA(organization_name="Corp Inspection Ltd")


@pytest.fixture
def start() -> Iterator[Callable[..., SenderProcess]]:
    """Start senders: ``start(url, token=…, ca_file=…, proxy=…, total_s=…)``; all are closed."""
    started: list[SenderProcess] = []

    def start(
        url: str,
        *,
        token: str = TOKEN,
        ca_file: str | None = None,
        proxy: str | None = None,
        **limits: float,
    ) -> SenderProcess:
        bounds = Limits(**({"connect_s": 5.0, "read_s": 5.0, "total_s": 20.0} | limits))  # type: ignore[arg-type] # answer_bytes too
        settings = Settings(url, token, "9.9", ca_file, proxy, bounds)
        started.append(SenderProcess(settings))
        return started[-1]

    yield start
    for sender in started:
        sender.close()


@pytest.fixture
def sender(server: LyingServer, start: Callable[..., SenderProcess]) -> SenderProcess:
    """A sender that talks to ``server``."""
    return start(server.url)


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return the TLS context of a server that shows ``certificate``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
