"""Leases are asked for anew where there are any.

What the tools do with these words was seen with systemd-networkd 252 and NetworkManager 1.42, each
with a DHCP server, in the service's own sandbox.
"""

import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.action_api import ActionError
from agent.actions import renew_dhcp_lease
from agent.actions.renew_dhcp_lease import act
from agent.host import program
from agent.host.program import Ended


class Tools:
    """The tools of a computer where one interface of two has a lease."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ("networkctl", "nmcli")
        self.asked: list[Sequence[str]] = []
        self.refuses = ""

    def find(self, name: str) -> Path | None:
        return Path("/usr/bin", name) if name in self.names else None

    def run(self, words: Sequence[str], _deadline_s: float) -> Ended:
        self.asked.append(words[1:])
        leased = b"DHCP4.OPTION[5]:ip_address = 10.77.0.65\n" if words[-1] == "eth0" else b""
        return Ended(int(self.refuses in words and bool(self.refuses)), leased, b"", cut=False)


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tools:
    made = Tools()
    monkeypatch.setattr(program, "find", made.find)
    monkeypatch.setattr(program, "run", made.run)
    monkeypatch.setattr(renew_dhcp_lease, "_interfaces", lambda: ["eth0", "eth1"])
    monkeypatch.setattr(renew_dhcp_lease, "_LEASES", tmp_path)
    monkeypatch.setattr(socket, "if_nametoindex", {"eth0": 2, "eth1": 3}.__getitem__)
    return made


def test_networkd_is_asked_where_it_has_a_lease_alone(tools: Tools, tmp_path: Path) -> None:
    """It says yes for an interface with a fixed address as well, and does nothing."""
    tools.names = ("networkctl",)
    (tmp_path / "3").touch()
    assert act("", {}) == "asked for the address of eth1 anew"
    assert tools.asked == [["renew", "eth1"]]


def test_a_networkd_that_refuses_is_not_told_as_done(tools: Tools, tmp_path: Path) -> None:
    tools.refuses = "renew"
    (tmp_path / "2").touch()
    with pytest.raises(ActionError, match="no interface of this computer has an address from DHCP"):
        act("", {})


def test_networkmanager_asks_anew_when_a_setting_is_another_which_is_put_back(tools: Tools) -> None:
    """To reapply what is as it was leaves the lease alone."""
    assert act("", {}) == "asked for the address of eth0 anew"
    assert [words for words in tools.asked if words[0] == "device"] == [
        ["device", "modify", "eth0", "ipv4.dhcp-timeout", "47"],
        ["device", "reapply", "eth0"],
    ]


@pytest.mark.parametrize("verb", ["modify", "reapply"])
def test_what_networkmanager_refuses_is_not_told_as_done(tools: Tools, verb: str) -> None:
    tools.refuses = verb
    with pytest.raises(ActionError, match="no interface of this computer has an address from DHCP"):
        act("", {})
