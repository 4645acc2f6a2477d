"""Ask the network for this computer's address again."""

import sys

from agent.action_api import ActionError, Options
from agent.host import program


def plan(_target: str, _options: Options) -> str:
    """Say what would be done."""
    return "would have renewed the lease of this computer's address"


def act(_target: str, _options: Options) -> str:
    """Renew it on every interface that has one; raises ActionError."""
    if sys.platform == "win32":
        from agent.host import network_windows  # noqa: PLC0415 - of one system

        renewed = network_windows.renew_leases()
    else:
        renewed = [name for name in _interfaces() if _renewed(name)]
    if not renewed:
        raise ActionError("no interface of this computer has an address from DHCP")
    return f"renewed the lease of {', '.join(renewed)}"


def _interfaces() -> list[str]:
    from agent.host import network  # noqa: PLC0415 - when something is wrong

    return [one.name for one in network.read() if one.addresses and not one.name.startswith("lo")]


def _renewed(interface: str) -> bool:
    """Tell whether this system's own means renewed an interface."""
    if sys.platform == "darwin":
        told = _said("ipconfig", "getpacket", interface)  # only one with a lease has any
        return bool(told) and _said("ipconfig", "set", interface, "DHCP") is not None
    if _said("networkctl", "renew", interface) is not None:
        return True
    leased = _said("nmcli", "-t", "-f", "DHCP4", "device", "show", interface)
    return bool(leased) and _said("nmcli", "device", "reapply", interface) is not None


def _said(name: str, *arguments: str) -> str | None:
    """Return what a tool prints; None when it is not there or does not end with 0."""
    tool = program.find(name)
    ended = tool and program.run([str(tool), *arguments], 30.0)
    if not ended or ended.code:
        return None
    return ended.out.decode(errors="replace").strip()
