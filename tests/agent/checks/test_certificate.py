"""Certificates of real handshakes and in files."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from agent import clock
from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks.certificate import CHECK, question_of, values
from tests.support.canned_server import canned_server

DAY = timedelta(days=1)
NOW = datetime(2031, 6, 1, tzinfo=UTC)


def der_of(leaf: trustme.LeafCert) -> bytes:
    return ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.mark.parametrize(
    ("begin", "end", "host", "expected"),
    [
        (-DAY, 20 * DAY, "h.example", (20 * 86_400, "valid", "right")),
        (-DAY, 20 * DAY, "other.example", (20 * 86_400, "valid", "wrong")),
        (-DAY, DAY / 24, "h.example", (3_600, "valid", "right")),
        (-2 * DAY, -DAY, "h.example", (0, "expired", "right")),
        (DAY, 2 * DAY, "h.example", (2 * 86_400, "not_yet", "right")),
        (-DAY, DAY, "", (86_400, "valid", None)),
    ],
)
def test_time_left_validity_and_name(
    authority: trustme.CA,
    begin: timedelta,
    end: timedelta,
    host: str,
    expected: tuple[float, str, str | None],
) -> None:
    leaf = authority.issue_cert("h.example", not_before=NOW + begin, not_after=NOW + end)
    found = values(der_of(leaf), host, NOW)
    assert (found["expires_in"], found["validity"], found.get("host_name")) == expected


@pytest.mark.parametrize(
    ("target", "question"),
    [
        ("example.com:443", "example.com\n443"),
        ("[::1]:993", "::1\n993"),
        ("/etc/ssl/a b.pem", "/etc/ssl/a b.pem"),
        (r"C:\certificates\a.cer", r"C:\certificates\a.cer"),
        ("example.com", ""),
        ("https://example.com/", ""),
        ("certificates/a.pem", ""),
    ],
)
def test_a_target_is_a_server_or_a_file(target: str, question: str) -> None:
    assert question_of(target) == question


def test_servers_and_files_are_looked_at(authority: trustme.CA, tmp_path: Path) -> None:
    now = clock.now().wall
    leaf = authority.issue_cert("localhost", not_after=now + 10 * DAY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    both = tmp_path / "key and chain.pem"
    leaf.private_key_and_cert_chain_pem.write_to_path(both)
    der = tmp_path / "leaf.cer"
    der.write_bytes(der_of(leaf))
    (tmp_path / "notes.txt").write_text("no certificate")
    (tmp_path / "garbage.cer").write_bytes(b"\x30\x03abc")
    with canned_server(b"", context) as server, canned_server(b"hello") as plain:
        by_name, by_address = f"localhost:{server.port}", f"127.0.0.1:{server.port}"
        unusable = (f"127.0.0.1:{plain.port}", "127.0.0.1:1", "nonsense", str(tmp_path / "gone"))
        files = (str(both), str(der), str(tmp_path / "notes.txt"), str(tmp_path / "garbage.cer"))
        targets = TargetFilter((by_name, by_address, *files, *unusable))
        found = {one.target: one for one in CHECK.probe(targets)}
    names = {by_name: "right", by_address: "wrong", str(both): None, str(der): None}
    for target, name in names.items():
        one = found.pop(target)
        assert isinstance(one, Measured), one
        assert 9.9 * 86_400 < float(one.values["expires_in"]) <= 10 * 86_400
        assert one.values["validity"] == "valid"
        assert one.values.get("host_name") == name
        assert one.about.startswith("localhost, issued by trustme v")
    reasons = {one.target: one.reason for one in found.values() if isinstance(one, Unreadable)}
    assert reasons == {
        unusable[0]: "the server does not speak TLS there",
        unusable[1]: "the connection was refused",
        unusable[2]: "this is neither HOST:PORT nor a file's whole path",
        unusable[3]: "No such file or directory",
        files[2]: "there is no certificate in this file",
        files[3]: "what is there is no certificate",
    }
