"""What certificates say of themselves."""

import ssl
from datetime import UTC, datetime

import pytest
import trustme

from agent.host.x509 import Certificate, parse

BEGIN, END = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(2055, 1, 2, 3, 4, 5, tzinfo=UTC)


def made(*hosts: str, common_name: str | None = None) -> Certificate:
    leaf = trustme.CA(organization_name="Example Authority").issue_cert(
        *hosts, common_name=common_name, not_before=BEGIN, not_after=END
    )
    return parse(ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode()))


def test_subject_issuer_dates_and_hosts_are_read() -> None:
    hosts = ("Desk.example.com", "*.example.net", "10.0.0.7", "fd00::7")
    found = made(*hosts, common_name="The desk")
    assert found.subject == "The desk"
    assert found.issuer == "Example Authority"
    assert (found.not_before, found.not_after) == (BEGIN, END)
    assert found.hosts == ("desk.example.com", "*.example.net", "10.0.0.7", "fd00::7")


@pytest.mark.parametrize(
    ("host", "is_for"),
    [
        ("desk.example.com", True),
        ("DESK.example.com.", True),
        ("www.example.net", True),
        ("10.0.0.7", True),
        ("fd00:0::7", True),
        ("bücher.example.com", True),
        ("example.net", False),
        ("a.b.example.net", False),
        ("other.example.com", False),
        ("10.0.0.8", False),
        ("a..b", False),
        ("", False),
    ],
)
def test_a_certificate_is_for_its_hosts(host: str, is_for: bool) -> None:  # noqa: FBT001
    hosts = ("desk.example.com", "*.example.net", "10.0.0.7", "fd00::7", "bücher.example.com")
    assert made(*hosts).is_for(host) is is_for


def test_a_certificate_without_hosts_is_for_none() -> None:
    """Browsers have not looked at the common name for years."""
    found = Certificate("desk.example.com", "", BEGIN, END, ())
    assert not found.is_for("desk.example.com")
