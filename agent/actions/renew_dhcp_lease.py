"""Ask the network for this computer's address again."""

import sys
from pathlib import Path

from agent.action_api import ActionError, Options
from agent.host import program


def plan(_target: str, _options: Options) -> str:
    """Say what would be done."""
    return "would have asked for this computer's address anew"


def act(_target: str, _options: Options) -> str:
    """Ask for it on every interface that has one; raises ActionError."""
    if sys.platform == "win32":
        from agent.host import network_windows  # noqa: PLC0415 - of one system

        renewed = network_windows.renew_leases()
    else:
        renewed = [name for name in _interfaces() if _renewed(name)]
    if not renewed:
        raise ActionError("no interface of this computer has an address from DHCP")
    return f"asked for the address of {', '.join(renewed)} anew"


def _interfaces() -> list[str]:
    from agent.host import network  # noqa: PLC0415 - when something is wrong

    return [one.name for one in network.read() if one.addresses and not one.name.startswith("lo")]


def _renewed(interface: str) -> bool:
    """Tell whether this system's own means asked for an interface's lease anew."""
    if sys.platform == "darwin":
        told = _said("ipconfig", "getpacket", interface)  # only one with a lease has any
        return bool(told) and _said("ipconfig", "set", interface, "DHCP") is not None
    if _leased_by_networkd(interface):  # it "renews" what has none, too
        return _said("networkctl", "renew", interface) is not None
    if not _said("nmcli", "-t", "-f", "DHCP4", "device", "show", interface):
        return False
    # NetworkManager has no word for it, and applies nothing again that is as it was. Another
    # timeout makes it ask anew; then the connection's own settings are put back.
    asked = _said("nmcli", "device", "modify", interface, "ipv4.dhcp-timeout", _OTHER_TIMEOUT_S)
    back = _said("nmcli", "device", "reapply", interface)
    return asked is not None and back is not None


_OTHER_TIMEOUT_S = "47"


def _leased_by_networkd(interface: str) -> bool:
    import socket  # noqa: PLC0415 - when something is wrong

    try:
        return (_LEASES / str(socket.if_nametoindex(interface))).exists()
    except OSError:
        return False


_LEASES = Path("/run/systemd/netif/leases")


def _said(name: str, *arguments: str) -> str | None:
    """Return what a tool prints; None when it is not there or does not end with 0."""
    tool = program.find(name)
    ended = tool and program.run([str(tool), *arguments], 30.0)
    if not ended or ended.code:
        return None
    return ended.out.decode(errors="replace").strip()
