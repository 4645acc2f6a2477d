"""At which of its places this computer is."""

from collections.abc import Iterator

import pytest

from agent.device import Device, Network, Place, settle
from agent.host import network
from agent.host.network import Interface
from agent.whereabouts import KEPT_S, Whereabouts

OFFICE = Place("office", networks=(Network(0x0A010000, 0x0A01FFFF, 32),))
SHOP = Place("shop", domains=("shop.example",))


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The address of this computer, which moves when a test says so."""
    addresses = ["10.1.2.3"]
    monkeypatch.setattr(network, "read", lambda: [Interface("eth0", "", tuple(addresses))])
    monkeypatch.setattr(network, "domains", lambda: ("shop.example",))
    settle(Device(places={place.name: place for place in (OFFICE, SHOP)}))
    yield addresses
    settle(Device())


def test_it_is_at_each_place_that_fits(address: list[str]) -> None:
    assert Whereabouts().at(100.0) == {"office", "shop"}
    address[:] = ["192.168.1.7"]
    assert Whereabouts().at(100.0) == {"shop"}


def test_a_move_is_noticed_soon(address: list[str]) -> None:
    whereabouts = Whereabouts()
    whereabouts.at(100.0)
    address[:] = ["192.168.1.7"]

    assert whereabouts.at(100.0 + KEPT_S - 1) == {"office", "shop"}
    assert whereabouts.at(100.0 + KEPT_S) == {"shop"}


def test_without_places_nothing_is_asked(
    address: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(Device())
    monkeypatch.delattr(network, "read")

    assert Whereabouts().at(100.0) == frozenset()


def test_a_network_that_cannot_be_read_is_no_place(
    address: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> list[Interface]:
        raise OSError("no netlink")

    monkeypatch.setattr(network, "read", fail)

    assert Whereabouts().at(100.0) == frozenset()
