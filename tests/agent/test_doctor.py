"""What ``doctor`` names: each cause that keeps an office's computer from its server."""

import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from agent.checks import discover
from agent.delivery import waiting
from agent.delivery.waiting import Waiting
from agent.doctor import clock_findings, examine
from agent.protocol import MEDIA_TYPE
from agent.settings import shipped_rules_file
from tests.support.agent_process import enrolled
from tests.support.lying_server import Lie, LyingServer, page

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Rules without a mistake, so that only what lies behind them is told."""
    path = tmp_path / "rules.yaml"
    path.write_bytes(shipped_rules_file().read_bytes())
    path.chmod(0o600)
    return path


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Corp Inspection Ltd")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def told(state: Path, rules: Path) -> list[str]:
    """Return what is wrong on the way to the server."""
    found = list(examine(state, rules, discover()))
    assert "no agent runs" in next(one.says for one in found if not one.well)
    return [one.says for one in found[2:] if not one.well]


def a_server(stack: ExitStack, certificate: trustme.LeafCert) -> LyingServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return stack.enter_context(LyingServer(context))


def test_the_issuer_of_a_network_that_inspects_tls_is_named(
    tmp_path: Path, rules: Path, authority: trustme.CA, stack: ExitStack
) -> None:
    server = a_server(stack, authority.issue_cert("127.0.0.1"))

    [wrong] = told(enrolled(tmp_path, server.url), rules)

    assert "issued by “Corp Inspection Ltd”" in wrong
    assert "inspects TLS" in wrong
    assert "--ca-file" in wrong


def test_a_clock_before_a_certificates_dates_is_named(
    tmp_path: Path, rules: Path, authority: trustme.CA, stack: ExitStack
) -> None:
    begin = datetime.now(UTC) + timedelta(days=30)
    certificate = authority.issue_cert(
        "127.0.0.1", not_before=begin, not_after=begin + timedelta(days=30)
    )
    server = a_server(stack, certificate)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)

    [wrong] = told(enrolled(tmp_path, server.url, ca_file=str(ca_file)), rules)

    assert f"not valid before {begin:%Y-%m-%d}" in wrong
    assert "set the clock" in wrong


@pytest.mark.parametrize(
    ("lie", "words"),
    [(page(), "“Hotel Wi-Fi”"), (page(302, "", ("Location", "https://login.hotel.example/")),
                                 "redirects to login.hotel.example")],
    ids=["a page", "a redirect"],
)  # fmt: skip
def test_a_captive_portal_is_named(
    tmp_path: Path, rules: Path, stack: ExitStack, lie: Lie, words: str
) -> None:
    server = stack.enter_context(LyingServer())
    server.next(lie)

    [wrong] = told(enrolled(tmp_path, server.url), rules)

    assert words in wrong
    assert "a sign-in page of this network" in wrong


def test_a_clock_that_certificates_do_not_mind_is_named_all_the_same(
    tmp_path: Path, rules: Path, stack: ExitStack
) -> None:
    server = stack.enter_context(LyingServer())
    body = json.dumps({"receipts": [], "changes": {}}).encode()
    hours_ago = datetime.now(UTC) - timedelta(hours=3)
    date = f"{hours_ago:%a, %d %b %Y %H:%M:%S} GMT"
    server.next(Lie(200, body, MEDIA_TYPE, (("Date", date),)))

    [wrong] = told(enrolled(tmp_path, server.url), rules)

    assert "clock is 3 h ahead of the server's: set the clock" in wrong


@pytest.mark.parametrize(
    ("server_date", "words"),
    [
        ("Tue, 06 May 2031 07:04:00 GMT", "goes with the server's"),
        ("Tue, 06 May 2031 07:20:09 GMT", "12 min behind the server's"),
        ("Sun, 06 May 2001 07:08:09 GMT", "ahead of the server's"),
    ],
)
def test_clocks_may_differ_a_little(server_date: str, words: str) -> None:
    [found] = clock_findings(server_date, NOW)

    assert words in found.says
    assert found.well == ("goes with" in words)


@pytest.mark.parametrize("server_date", ["", "soon", "Tue, 99 May 2031 07:04:00 GMT"])
def test_a_server_that_tells_no_time_is_not_blamed_for_it(server_date: str) -> None:
    assert not list(clock_findings(server_date, NOW))


def test_an_enrolment_that_waits_is_told(rules: Path, tmp_path: Path) -> None:
    waiting.keep(tmp_path / "state", Waiting("https://desk.example", "wde_" + "x" * 40))
    findings = list(examine(tmp_path / "state", rules, discover()))
    assert not findings[-1].well
    assert "the agent enrols it when the server answers" in findings[-1].says
