"""The network as this computer sees it: interfaces, addresses, gateways, name servers."""

import socket
import sys
from collections.abc import Collection, Iterable
from typing import NamedTuple

TELLS_GATEWAYS = sys.platform == "linux"
"""Whether the gateways are known at all on this system."""


class Interface(NamedTuple):
    """One network interface with lasting addresses.

    ``addresses`` are global ones, ``gateways`` those of its default routes, ``dns`` the name
    servers, told at the interface that leads to the world.
    """

    name: str
    mac: str
    addresses: tuple[str, ...]
    gateways: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()


def name_servers(resolv_conf: str) -> tuple[str, ...]:
    """Return the name servers of a ``resolv.conf``."""
    words = (line.split() for line in resolv_conf.splitlines())
    return tuple(found[1] for found in words if len(found) > 1 and found[0] == "nameserver")


def search_domains(resolv_conf: str) -> tuple[str, ...]:
    """Return the domains in which a ``resolv.conf`` lets names be looked for, in small letters."""
    words = (line.lower().split() for line in resolv_conf.splitlines())
    return tuple(
        name.rstrip(".") for found in words if found[:1] in (["search"], ["domain"])
        for name in found[1:]
    )  # fmt: skip


def hardware_addresses(arp: str, gateways: Collection[str]) -> tuple[str, ...]:
    """Return the hardware addresses of gateways from the text of ``/proc/net/arp``.

    Only of those that answer: an incomplete entry is all zeros.
    """
    entries = (line.split() for line in arp.splitlines()[1:])
    return tuple(
        mac.lower() for address, _, _, mac, *_ in filter(None, entries)
        if address in gateways and mac.strip("0:")
    )  # fmt: skip


if sys.platform == "linux":
    from agent.host import netlink, procfs

    def domains() -> tuple[str, ...]:
        """Return the domains this computer looks for names in."""
        return search_domains(procfs.text("/etc/resolv.conf"))

    def gateway_macs(interfaces: Iterable[Interface]) -> tuple[str, ...]:
        """Return the hardware addresses of the default gateways that answer."""
        gateways = {gateway for one in interfaces for gateway in one.gateways}
        return hardware_addresses(procfs.text("/proc/net/arp"), gateways)

    def read() -> list[Interface]:
        """Return the interfaces; raises OSError."""
        routes = default_routes(procfs.text("/proc/net/route"), procfs.text("/proc/net/ipv6_route"))
        asked = servers()
        if all(server.startswith("127.0.0.5") for server in asked):  # systemd-resolved's own
            asked = name_servers(procfs.text("/run/systemd/resolve/resolv.conf")) or asked
        addresses: dict[str, list[str]] = {}
        for address in netlink.addresses():
            if address.lasting:
                addresses.setdefault(address.interface, []).append(address.text)
        return [
            Interface(
                name,
                procfs.text(f"/sys/class/net/{name}/address"),
                tuple(sorted(found)),
                tuple(routes.get(name, ())),
                asked if name in routes else (),
            )
            for name, found in sorted(addresses.items())
        ]

    def servers() -> tuple[str, ...]:
        """Return the name servers that programs of this computer ask."""
        return name_servers(procfs.text("/etc/resolv.conf"))

    def default_routes(ipv4: str, ipv6: str) -> dict[str, list[str]]:
        """Return the gateways of each interface's default routes, from the kernel's tables."""
        routes: dict[str, list[str]] = {}
        for line in ipv4.splitlines()[1:]:
            interface, destination, gateway = line.split()[:3]
            if int(destination, 16) == 0 and int(gateway, 16):
                number = int(gateway, 16).to_bytes(4, sys.byteorder)
                routes.setdefault(interface, []).append(socket.inet_ntoa(number))
        for line in ipv6.splitlines():
            fields = line.split()
            if fields[1] == "00" and int(fields[4], 16):
                number = bytes.fromhex(fields[4])
                routes.setdefault(fields[-1], []).append(socket.inet_ntop(socket.AF_INET6, number))
        return routes

else:
    import psutil

    def servers() -> tuple[str, ...]:
        """Return the name servers that programs of this computer ask; raises OSError."""
        return _name_servers()

    def read() -> list[Interface]:
        """Return the interfaces; raises OSError."""
        told_servers = _name_servers()
        found = []
        for name, addresses in sorted(psutil.net_if_addrs().items()):
            told: dict[int, list[str]] = {}
            for address in addresses:
                told.setdefault(int(address.family), []).append(address.address)
            ipv4 = [text for text in told.get(socket.AF_INET, []) if not _local(text)]
            ipv6 = [text for text in told.get(socket.AF_INET6, []) if not _local(text)]
            if ipv4 or ipv6:
                mac = next(iter(told.get(int(psutil.AF_LINK), [])), "")
                mac = mac.replace("-", ":").lower()
                found.append(Interface(name, mac, tuple(sorted(ipv4 + ipv6)), (), told_servers))
        return found

    def _local(address: str) -> bool:
        return address.startswith(("127.", "169.254.", "::1", "fe80:"))

    def gateway_macs(interfaces: Iterable[Interface]) -> tuple[str, ...]:
        """Return nothing: the gateways are not known here."""
        del interfaces
        return ()

    if sys.platform == "win32":
        import winreg

        def domains() -> tuple[str, ...]:
            """Return the domains this computer looks for names in."""
            path = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
            found = []
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
                for value in ("Domain", "DhcpDomain", "SearchList"):
                    try:
                        text = str(winreg.QueryValueEx(key, value)[0])
                    except OSError:
                        continue
                    found += text.lower().replace(",", " ").split()
            return tuple(dict.fromkeys(found))

        def _name_servers() -> tuple[str, ...]:
            path = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
                for value in ("NameServer", "DhcpNameServer"):
                    try:
                        servers = str(winreg.QueryValueEx(key, value)[0]).replace(",", " ").split()
                    except OSError:
                        continue
                    if servers:
                        return tuple(servers)
            return ()

    else:
        from pathlib import Path

        def domains() -> tuple[str, ...]:
            """Return the domains this computer looks for names in."""
            return search_domains(Path("/etc/resolv.conf").read_text(errors="replace"))

        def _name_servers() -> tuple[str, ...]:
            return name_servers(Path("/etc/resolv.conf").read_text(errors="replace"))
