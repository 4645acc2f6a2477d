"""A server that lies, and senders that talk to it."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from agent.delivery.child import SenderProcess
from agent.delivery.courier import Courier
from agent.delivery.messages import Limits, Settings
from agent.identity import Identity
from agent.protocol.ids import uuid7
from agent.protocol.words import LastWord
from tests.agent.delivery.couriers import Start
from tests.agent.delivery.outbox import Outbox, StoppedClock
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


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox on the disk."""
    outbox = Outbox.open(tmp_path / "state")
    yield outbox
    outbox.store.close()


@pytest.fixture
def stopped_clock() -> StoppedClock:
    """A clock long after boot."""
    return StoppedClock()


@pytest.fixture
def courier(server: LyingServer, outbox: Outbox, stopped_clock: StoppedClock) -> Iterator[Start]:
    """Make couriers: ``courier(warm_s=…, …)``; all are stopped."""
    made: list[Courier] = []
    mine = Identity(uuid7(), TOKEN, server.url)

    def make(**options: Any) -> Courier:
        defaults: dict[str, Any] = {
            "read_clock": stopped_clock,
            "chance": lambda: 0.5,
            "warm_s": 0.2,
            "limits": Limits(connect_s=5, read_s=5, total_s=20),
            "identity": lambda: mine,
        }
        made.append(Courier(outbox=outbox, heartbeat=_heartbeat, **(defaults | options)))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def _heartbeat(word: LastWord | None) -> str:
    return f'{{"at":"now","last_word":"{word}"}}' if word else '{"at":"now"}'


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return the TLS context of a server that shows ``certificate``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
