"""Asking web servers: whatever they answer, one line comes of it."""

import ssl

import pytest
import trustme

from agent.host import web_child
from agent.host.child_program import line
from agent.host.web_child import certificate, http
from tests.support.canned_server import canned_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def asked(said: bytes, *texts: str) -> str:
    with canned_server(said) as server:
        found = http("\n".join(("127.0.0.1", str(server.port), "", "/", *texts)))
    words = found.split(" ", 4)
    return " ".join((*words[:2], *words[3:]))


def chunked(*chunks: bytes) -> bytes:
    parts = b"".join(b"%x;note=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n" + parts + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "texts", "expected"),
    [
        (OK, (), "answered 200 - OK"),
        (OK, ("hello",), "answered 200 yes OK"),
        (OK, ("and more",), "answered 200 no OK"),  # beyond the length it announced
        (OK, ("hello", "world"), "answered 200 no OK"),
        (b"HTTP/1.0 404 Not Found\n\nnothing here", ("nothing",), "answered 404 yes Not Found"),
        (b"HTTP/1.1 503\r\n\r\n", (), "answered 503 -"),
        (b"HTTP/1.1 500 \t no\0 luck \r\n\r\n", (), "answered 500 - no\0 luck"),
        (b"HTTP/1.1 500 " + b"x" * 9000 + b"\r\n\r\n", (), f"answered 500 - {'x' * 100}"),
        (b"HTTP/1.1 301 Moved\r\nLocation: /a\r\n\r\n", (), "answered 301 - Moved"),
        (b"HTTP/1.1 204 Nothing\r\nContent-Length: 9\r\n\r\n", (), "answered 204 - Nothing"),
        (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK, ("hello",), "answered 200 yes OK"),
        (chunked(b"wel", b"come"), ("welcome",), "answered 200 yes OK"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=latin-1\r\n\r\nGr\xfc\xdfe",
            ("Grüße",),
            "answered 200 yes OK",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=no-such\r\n\r\nGr\xc3\xbc",
            ("Grü",),
            "answered 200 yes OK",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000, ("x",), "answered 200 yes OK"),
        (b"", (), "broken"),
        (b"220 mail.example.com ESMTP\r\n", (), "broken"),
        (b"HTTP/1.1 abc\r\n\r\n", (), "broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", (), "broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", (), "broken"),
        (b"HTTP/1.1 200 OK\r\nCut-off: here", (), "broken"),
        (b"HTTP/1.1 200 OK\r\n" + b"a" * 300_000, (), "broken"),
    ],
)
def test_an_answer_is_read_or_called_broken(
    said: bytes, texts: tuple[str, ...], expected: str
) -> None:
    assert asked(said, *texts) == expected


def test_the_request_names_host_and_path() -> None:
    with canned_server(OK) as server:
        http(f"localhost\n{server.port}\n\n/status?deep=1")
    [request] = server.requests
    assert request.startswith(b"GET /status?deep=1 HTTP/1.1\r\nHost: localhost:")
    assert b"\r\nConnection: close\r\n" in request


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_child, "ANSWER_S", 0.3)
    with canned_server(None) as server:
        assert http(f"127.0.0.1\n{server.port}\n\n/") == "timeout"


def test_what_cannot_be_connected() -> None:
    with canned_server(OK) as server:
        port = server.port
    assert http(f"127.0.0.1\n{port}\n\n/") == "refused"
    assert http("no-such-host.invalid\n80\n\n/") == "unreachable"
    assert http("a..b\n80\n\n/") == "unreachable"


def test_what_is_no_certificate_is_told() -> None:
    assert line(certificate, "/no/such/file") == b"- No such file or directory\n"
    assert line(certificate, "/etc/passwd") == b"- there is no certificate in this file\n"
    assert line(http, "127.0.0.1\n1\n\n/") == b"+ refused\n"


class TestTls:
    def test_a_certificate_of_nobody_we_trust_is_told(self, context: ssl.SSLContext) -> None:
        with canned_server(OK, context) as server:
            assert http(f"localhost\n{server.port}\ntls\n/") == "untrusted"

    def test_a_trusted_one_is_for_its_host_alone(
        self,
        authority: trustme.CA,
        context: ssl.SSLContext,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
        with canned_server(OK, context) as server:
            assert http(f"localhost\n{server.port}\ntls\n/").startswith("answered 200 ")
            assert http(f"127.0.0.1\n{server.port}\ntls\n/") == "untrusted"

    def test_a_rule_may_do_without_trust(self, context: ssl.SSLContext) -> None:
        with canned_server(OK, context) as server:
            assert http(f"127.0.0.1\n{server.port}\nunverified\n/").startswith("answered 200 ")

    def test_a_server_without_tls_is_broken(self) -> None:
        with canned_server(OK) as server:
            assert http(f"localhost\n{server.port}\nunverified\n/") == "broken"
