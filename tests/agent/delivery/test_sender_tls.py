"""Certificates and proxies, as offices have them."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from agent.delivery.child import SenderProcess
from agent.delivery.messages import Outcome
from tests.agent.delivery.conftest import TOKEN, server_context
from tests.agent.delivery.samples import events
from tests.support.lying_server import LyingServer, Proxy

NOW = datetime.now(UTC)


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate as a file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def encrypted(authority: trustme.CA) -> Iterator[LyingServer]:
    """A server whose certificate the authority issued for 127.0.0.1."""
    with LyingServer(server_context(authority.issue_cert("127.0.0.1"))) as server:
        yield server


def test_a_ca_file_is_what_is_trusted(
    encrypted: LyingServer, start: Callable[..., SenderProcess], ca_file: str
) -> None:
    assert start(encrypted.url, ca_file=ca_file).ask(events()).outcome is Outcome.DELIVERED


def test_the_operating_systems_trust_store_is_what_is_trusted_without_one(
    encrypted: LyingServer,
    start: Callable[..., SenderProcess],
    ca_file: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OpenSSL's own variable stands in for adding the authority to /etc/ssl/certs."""
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    assert start(encrypted.url).ask(events()).outcome is Outcome.DELIVERED


@pytest.mark.needs("unshare", "update-ca-certificates")
@pytest.mark.needs_root
def test_an_authority_that_an_administrator_added_is_trusted(
    encrypted: LyingServer, ca_file: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", sys.executable, "-m",
         "tests.agent.delivery.trusting", ca_file, str(tmp_path), encrypted.url],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout.split() == ["intercepted", "delivered"], done.stderr


def test_an_unknown_authority_is_named_and_gets_nothing(
    encrypted: LyingServer, start: Callable[..., SenderProcess]
) -> None:
    answer = start(encrypted.url).ask(events())
    assert answer.outcome is Outcome.INTERCEPTED
    assert "Corp Inspection Ltd" in answer.says
    assert "--ca-file" in answer.says
    assert not encrypted.seen


def test_a_ca_file_replaces_the_trust_store(
    encrypted: LyingServer,
    start: Callable[..., SenderProcess],
    ca_file: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    answer = start(encrypted.url, ca_file=str(other)).ask(events())
    assert answer.outcome is Outcome.INTERCEPTED
    assert str(other) in answer.says


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_ca_file_that_is_none_is_told_by_name(
    encrypted: LyingServer,
    start: Callable[..., SenderProcess],
    tmp_path: Path,
    content: bytes | None,
) -> None:
    path = tmp_path / "company-ca.pem"
    if content is not None:
        path.write_bytes(content)
    answer = start(encrypted.url, ca_file=str(path)).ask(events())
    assert answer.outcome is Outcome.RETRY
    assert f"the CA file {path} cannot be used" in answer.says


def test_a_certificate_for_another_name_is_refused(
    authority: trustme.CA, start: Callable[..., SenderProcess], ca_file: str
) -> None:
    with LyingServer(server_context(authority.issue_cert("other.example"))) as server:
        answer = start(server.url, ca_file=ca_file).ask(events())
        assert answer.outcome is Outcome.INTERCEPTED
        assert "another name" in answer.says
        assert not server.seen


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((-60, -30), (f"expired on {NOW - timedelta(days=30):%Y-%m-%d}", "set the clock")),
        ((30, 60), (f"not valid before {NOW + timedelta(days=30):%Y-%m-%d}", "set the clock")),
    ],
    ids=["expired", "not yet valid"],
)
def test_a_certificate_outside_its_dates_points_at_the_clock(
    authority: trustme.CA,
    start: Callable[..., SenderProcess],
    ca_file: str,
    days: tuple[int, int],
    words: tuple[str, ...],
) -> None:
    certificate = authority.issue_cert(
        "127.0.0.1",
        not_before=NOW + timedelta(days=days[0]),
        not_after=NOW + timedelta(days=days[1]),
    )
    with LyingServer(server_context(certificate)) as server:
        answer = start(server.url, ca_file=ca_file).ask(events())
        assert answer.outcome is Outcome.CLOCK
        assert all(word in answer.says for word in words), answer.says
        assert f"clock shows {datetime.now(UTC):%Y-%m-%d}" in answer.says
        assert not server.seen


def test_old_tls_is_refused(
    authority: trustme.CA, start: Callable[..., SenderProcess], ca_file: str
) -> None:
    context = server_context(authority.issue_cert("127.0.0.1"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with LyingServer(context) as server:
        answer = start(server.url, ca_file=ca_file).ask(events())
        assert answer.outcome is Outcome.RETRY
        assert "no encrypted connection" in answer.says


def test_a_server_that_speaks_no_tls_is_told_as_such(
    start: Callable[..., SenderProcess],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer_plainly() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer_plainly).start()
        port = listening.getsockname()[1]
        answer = start(f"https://127.0.0.1:{port}").ask(events())
    assert answer.outcome is Outcome.RETRY
    assert "no encrypted connection" in answer.says


def test_a_connect_proxy_is_gone_through_by_name_and_sees_only_the_tunnel(
    authority: trustme.CA, start: Callable[..., SenderProcess], ca_file: str
) -> None:
    """The proxy resolves the name; this computer may have no DNS for it."""
    certificate = authority.issue_cert("desk.example.com")
    with LyingServer(server_context(certificate), "desk.example.com") as server, Proxy() as proxy:
        sender = start(server.url, ca_file=ca_file, proxy=proxy.url)
        assert sender.ask(events()).outcome is Outcome.DELIVERED
        assert [line.rpartition(" ")[0] for line in proxy.asked] == [
            f"CONNECT desk.example.com:{server.port}"
        ]
        assert not any(TOKEN in value for head in proxy.heads for value in head.values())


def test_a_proxy_with_a_sign_in_gets_it(
    encrypted: LyingServer, start: Callable[..., SenderProcess], ca_file: str
) -> None:
    with Proxy(sign_in="user:pass w@rd") as proxy:
        with_sign_in = proxy.url.replace("//", "//user:pass%20w%40rd@")
        sender = start(encrypted.url, ca_file=ca_file, proxy=with_sign_in)
        assert sender.ask(events()).outcome is Outcome.DELIVERED


def test_plain_http_goes_through_the_proxy_too(
    server: LyingServer, start: Callable[..., SenderProcess]
) -> None:
    with Proxy() as proxy:
        assert start(server.url, proxy=proxy.url).ask(events()).outcome is Outcome.DELIVERED
        assert proxy.asked[0].startswith(f"POST {server.url}/api/v1/events ")


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("407 Proxy Authentication Required", ("sign-in",)),
        ("403 Forbidden", ("refuses", "403")),
    ],
)
def test_a_proxy_that_refuses_is_named_without_its_password(
    encrypted: LyingServer,
    start: Callable[..., SenderProcess],
    ca_file: str,
    refusal: str,
    words: tuple[str, ...],
) -> None:
    with Proxy(refuse=refusal) as proxy:
        sender = start(
            encrypted.url, ca_file=ca_file, proxy=proxy.url.replace("//", "//user:canary@")
        )
        answer = sender.ask(events())
        assert answer.outcome is Outcome.PROXY
        assert all(word in answer.says for word in words), answer.says
        assert proxy.url.removeprefix("http://") in answer.says
        assert "canary" not in answer.says


def test_a_proxy_that_is_not_there_is_named(
    encrypted: LyingServer, start: Callable[..., SenderProcess]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    answer = start(encrypted.url, proxy=f"http://127.0.0.1:{port}").ask(events())
    assert answer.outcome is Outcome.PROXY
    assert f"the proxy 127.0.0.1:{port} does not answer" in answer.says


def test_an_interception_behind_a_proxy_is_named_too(
    encrypted: LyingServer, start: Callable[..., SenderProcess]
) -> None:
    with Proxy() as proxy:
        answer = start(encrypted.url, proxy=proxy.url).ask(events())
        assert answer.outcome is Outcome.INTERCEPTED
        assert "Corp Inspection Ltd" in answer.says
