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
        ways = [("ipconfig", "set", interface, "DHCP")]
    else:
        ways = [("networkctl", "renew", interface), ("nmcli", "device", "reapply", interface)]
    for name, *arguments in ways:
        tool = program.find(name)
        if tool and program.run([str(tool), *arguments], 30.0).code == 0:
            return True
    return False
