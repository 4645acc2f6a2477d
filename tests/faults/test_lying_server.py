"""Whatever answers in place of the server: nothing is lost, and ``status`` tells who it was."""

import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
import trustme

from agent.local_link.client import ask
from tests.faults.station import rule
from tests.support.agent_process import AgentProcess, enrolled, run_agent
from tests.support.lies import LIES
from tests.support.lying_server import Lie, LyingServer, Proxy, Seen
from tests.support.polling import until
from tests.support.seeds import long_run
from tests.support.services import Services

NOW = datetime.now(UTC)
PROXY_SAYS = {
    "407 Proxy Authentication Required": "asks for a sign-in",
    "403 Forbidden": "refuses to connect",
}
CERTIFICATES = ("expired", "not yet valid", "foreign", "of another name")
CASES = (*LIES, *PROXY_SAYS, *CERTIFICATES)


class OneTry:
    """Lies to one try to deliver; the next one waits at the door until the lie is over."""

    def __init__(self, lie: Lie) -> None:
        self.over = threading.Event()
        self._lie = lie
        self._tries = 0

    def __call__(self, seen: Seen) -> Lie | None:
        self._tries += seen.route == "events"
        if self._tries > 1:
            self.over.wait(60)
        return None if self.over.is_set() or not self._tries else self._lie


class Office:
    """A device whose agent reaches a TLS server of a private authority through a proxy."""

    def __init__(self, folder: Path, short: Path) -> None:
        """Start everything."""
        self.authority = trustme.CA(organization_name="Office CA")
        self._right = self.authority.issue_cert("127.0.0.1")
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._right.configure_cert(self._tls)
        ca_file, rules = folder / "ca.pem", folder / "rules.yaml"
        self.authority.cert_pem.write_to_path(ca_file)
        with ExitStack() as stack:
            self.server = stack.enter_context(LyingServer(self._tls))
            self.proxy = stack.enter_context(Proxy())
            self.services = stack.enter_context(Services(len(CASES)))
            rules.write_text(rule(self.services.ports))
            rules.chmod(0o600)
            self.state = enrolled(
                short, self.server.url, ca_file=str(ca_file), proxy=self.proxy.url
            )
            self.agent = AgentProcess(self.state, rules, module="tests.faults.restless_agent")
            stack.callback(self.agent.stop)
            self._ports = iter(self.services.ports)
            self._stack = stack.pop_all()

    def status(self) -> dict[str, Any]:
        time.sleep(0.1)  # who asks more often than ten times a second is told so
        return ask(self.state, {"verb": "status"})

    def is_well(self) -> bool:
        status = self.status()
        return not status["outbox"]["waiting"] and bool(status["delivery"]["last_success_at"])

    def until_told(self, words: str) -> dict[str, Any]:
        """Wait until the status tells why nothing goes; return it."""
        until(lambda: words in str(self.status()["delivery"]["last_problem"]), 60, words)
        return self.status()

    def change(self) -> None:
        """Let something happen that is worth one message."""
        self.services.stop(next(self._ports))

    def hang_up(self) -> None:
        """End the connection that a sender keeps, as soon as it is used."""
        self.server.next(Lie(hang_up=True))

    @contextmanager
    def showing(self, certificate: trustme.LeafCert) -> Iterator[None]:
        """Show another certificate meanwhile."""
        certificate.configure_cert(self._tls)
        try:
            yield
        finally:
            self._right.configure_cert(self._tls)

    @contextmanager
    def proxy_saying(self, refusal: str) -> Iterator[None]:
        """Let the proxy refuse meanwhile."""
        self.proxy.refuse = refusal
        try:
            yield
        finally:
            self.proxy.refuse = None

    def close(self) -> None:
        """Stop everything."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture
def office(tmp_path: Path, short_folder: Path) -> Iterator[Office]:
    with Office(tmp_path, short_folder) as made:
        until(lambda: made.is_well() and "facts" in made.server.routes(), 60, "the first delivery")
        yield made


def lied_to(office: Office, case: str) -> None:
    """Lie to one try of a message's, and see that the status tells it before the next."""
    lie, outcome, words = LIES[case]
    # An answer lost after the commit comes again as a duplicate: stored=True.
    told = OneTry(Lie(**{slot: getattr(lie, slot) for slot in lie.__slots__} | {"stored": True}))
    office.server.decide = told
    try:
        office.change()
        status = office.until_told(words)
        assert status["delivery"]["outcome"] == outcome
        assert "tried 1 ×" in status["delivery"]["last_problem"]
        assert status["outbox"]["waiting"] == 1
        text = run_agent("status", "--state", str(office.state))
        assert words in text
        assert "1 waiting" in text
        assert "nothing is lost" in text
    finally:
        told.over.set()


def refused_by_the_proxy(office: Office, case: str) -> None:
    with office.proxy_saying(case):
        office.hang_up()
        office.change()
        status = office.until_told(PROXY_SAYS[case])
        assert status["delivery"]["outcome"] == "proxy"
        until(lambda: office.status()["outbox"]["waiting"] == 1, what="the message that waits")


def shown_a_certificate(office: Office, case: str) -> None:
    day = timedelta(days=1)
    issue = office.authority.issue_cert
    made: dict[str, Callable[[], trustme.LeafCert]] = {
        "expired": lambda: issue("127.0.0.1", not_before=NOW - 60 * day, not_after=NOW - 30 * day),
        "not yet valid": lambda: issue(
            "127.0.0.1", not_before=NOW + 30 * day, not_after=NOW + 60 * day
        ),
        "foreign": lambda: trustme.CA(organization_name="Corp Inspection").issue_cert("127.0.0.1"),
        "of another name": lambda: issue("other.example"),
    }
    words, outcome = {
        "expired": (f"expired on {NOW - 30 * day:%Y-%m-%d}", "clock"),
        "not yet valid": (f"not valid before {NOW + 30 * day:%Y-%m-%d}", "clock"),
        "foreign": ("Corp Inspection", "intercepted"),
        "of another name": ("another name", "intercepted"),
    }[case]
    with office.showing(made[case]()):
        office.hang_up()
        office.change()
        status = office.until_told(words)
        assert status["delivery"]["outcome"] == outcome
        until(lambda: office.status()["outbox"]["waiting"] == 1, what="the message that waits")


def test_after_any_lie_the_message_is_kept_status_tells_the_cause_and_it_arrives(
    office: Office, dice: random.Random
) -> None:
    for case in CASES if long_run() else dice.sample(CASES, 4):
        arrived = office.server.arrived.total()
        if case in LIES:
            lied_to(office, case)
        elif case in PROXY_SAYS:
            refused_by_the_proxy(office, case)
        else:
            shown_a_certificate(office, case)
        until(office.is_well, 60, f"the recovery from {case}")
        assert office.status()["delivery"]["last_problem"] is None
        assert not office.status()["outbox"]["parked"], case
        assert office.server.arrived.total() == arrived + 1, case
    assert set(office.server.arrived.values()) == {1}
    assert office.proxy.asked
    assert all(line.startswith("CONNECT ") for line in office.proxy.asked)
    assert "Traceback" not in office.agent.log.read_text()
