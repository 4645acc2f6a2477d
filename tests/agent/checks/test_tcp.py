"""Network services that must take connections."""

import socket

import pytest

from agent.check_api import CheckError, Measured, TargetFilter, Unreadable
from agent.checks import tcp
from agent.checks.tcp import CHECK
from agent.host.connect import Place, place_of


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("mail.example.com:25", Place("mail.example.com", 25)),
        ("10.0.0.1:443", Place("10.0.0.1", 443)),
        ("localhost:65535", Place("localhost", 65535)),
        ("[::1]:80", Place("::1", 80)),
        ("[fe80::1%eth0]:22", Place("fe80::1%eth0", 22)),
        ("my_host:1", Place("my_host", 1)),
        ("mail.example.com", None),
        (":25", None),
        ("host:", None),
        ("host:0", None),
        ("host:65536", None),
        ("host:-1", None),
        ("host:25x", None),
        ("::1:80", None),
        ("[host:80", None),
        ("https://host:443", None),
        ("two words:80", None),
        ("", None),
    ],
)
def test_a_target_is_host_and_port(target: str, place: Place | None) -> None:
    assert place_of(target) == place


def test_a_service_that_listens_and_one_that_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        [found] = CHECK.probe(TargetFilter((address,)))
        assert isinstance(found, Measured)
        assert found.values["state"] == "open"
        assert float(found.values["connect_s"]) >= 0
    [gone] = CHECK.probe(TargetFilter((address,)))
    assert gone == Measured(address, {"state": "refused"}), "no time is told for no connection"


def test_a_target_that_is_none_is_told_and_hides_no_other() -> None:
    found = list(CHECK.probe(TargetFilter(("127.0.0.1", "[::1]:1", "127.0.0.1:1"))))
    assert [one.target for one in found] == ["127.0.0.1", "[::1]:1", "127.0.0.1:1"]
    assert isinstance(found[0], Unreadable)
    assert found[0].reason.startswith("this is not HOST:PORT")


def test_what_the_agent_lacks_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "attempt", lambda places: dict.fromkeys(places, CheckError("EMFILE")))
    [found] = CHECK.probe(TargetFilter(("h:1",)))
    assert found == Unreadable("h:1", "EMFILE")


def test_two_ways_of_writing_one_place_are_two_targets() -> None:
    found = list(CHECK.probe(TargetFilter(("127.0.0.1:1", "127.0.0.1:01"))))
    assert [one.target for one in found] == ["127.0.0.1:1", "127.0.0.1:01"]
