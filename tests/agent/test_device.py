"""Where this computer is, by what its administrator wrote of places."""

import pytest

from agent.device import Network, Place

OFFICE = Network(int.from_bytes(bytes([10, 1, 0, 0])), int.from_bytes(bytes([10, 1, 255, 255])), 32)
SIX = Network(0xFD00 << 112, (0xFD01 << 112) - 1, 128)
MAC = "02:00:00:00:00:01"


@pytest.mark.parametrize(
    ("place", "is_here"),
    [
        (Place("a", networks=(OFFICE,)), True),
        (Place("a", networks=(SIX,)), True),
        (Place("a", networks=(OFFICE._replace(low=OFFICE.high),)), False),
        (Place("a", networks=(SIX._replace(bits=32),)), False),
        (Place("a", gateway_macs=(MAC,)), True),
        (Place("a", gateway_macs=("02:00:00:00:00:02",)), False),
        (Place("a", domains=("example.com", "example.net")), True),
        (Place("a", domains=("example.org",)), False),
        (Place("a", (MAC,), (OFFICE,), ("example.com",)), True),
        (Place("a", (MAC,), (OFFICE,), ("example.org",)), False),
        (Place("a", (MAC,), (OFFICE._replace(low=OFFICE.high),)), False),
        (Place("a", ("02:00:00:00:00:02",), (OFFICE,)), False),
    ],
)
def test_every_list_that_is_given_must_be_met(place: Place, is_here: bool) -> None:  # noqa: FBT001
    addresses = ["nonsense", "127.0.0.1", "10.1.2.3", "fd00::7%eth0"]
    assert place.is_here({MAC}, addresses, {"example.com"}) is is_here


def test_a_computer_without_a_network_is_at_no_place() -> None:
    assert not Place("a", networks=(OFFICE,)).is_here((), (), ())
    assert not Place("a", gateway_macs=(MAC,)).is_here((), (), ())
