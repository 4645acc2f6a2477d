"""The network as this computer sees it."""

import socket
import struct
import subprocess
import sys

import pytest

from agent.host import netlink, network
from agent.host.netlink import Address

IPV4_ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0
"""
NOWHERE = "0" * 32
ROUTER = "fe80" + "0" * 27 + "1"
REST = "00000100 00000001 00000000 00000001     eth0"
IPV6_ROUTES = f"""fd00{"0" * 28} 40 {NOWHERE} 00 {NOWHERE} {REST}
{NOWHERE} 00 {NOWHERE} 00 {ROUTER} {REST}
{NOWHERE} 00 {NOWHERE} 00 {NOWHERE} {REST}
"""


def test_gateways_are_read_from_the_kernels_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "byteorder", "little")  # as on the computer that was recorded
    assert network.default_routes(IPV4_ROUTES, IPV6_ROUTES) == {"eth0": ["192.168.0.1", "fe80::1"]}
    assert network.default_routes("", "") == {}


def test_name_servers_are_read() -> None:
    text = "# nameserver 9.9.9.9\nsearch x\nnameserver 10.0.0.1\nnameserver  ::2\nnameserver\n"
    assert network.name_servers(text) == ("10.0.0.1", "::2")


def test_the_kernel_tells_the_loopback_address() -> None:
    found = netlink.addresses()
    assert Address("lo", "127.0.0.1", lasting=False) in found


@pytest.mark.needs("ip", "unshare")
@pytest.mark.needs_root
def test_lasting_addresses_are_told_and_others_left_out() -> None:
    """In a network of its own: two lasting addresses, a local one, and a default route."""
    setup = """
mount -t sysfs sysfs /sys
ip link add wd0 type veth peer name wd1
ip link set wd0 address 02:00:00:00:00:01 up
ip link set wd1 up
ip addr add 192.0.2.10/24 dev wd0
ip addr add 192.0.2.11/24 dev wd0
ip addr add fd00::10/64 dev wd0 nodad
ip addr add 169.254.7.7/16 scope link dev wd1
ip route add default via 192.0.2.1
"""
    code = "from agent.host.network import read; print([tuple(one)[:4] for one in read()])"
    script = f'set -e\n{setup}\n"$1" -c "$2"'
    done = subprocess.run(
        ["unshare", "--net", "--mount", "/bin/sh", "-c", script, "sh", sys.executable, code],
        capture_output=True,
        text=True,
        check=False,
    )
    addresses = ("192.0.2.10", "192.0.2.11", "fd00::10")
    expected = [("wd0", "02:00:00:00:00:01", addresses, ("192.0.2.1",))]
    assert done.stdout.strip() == str(expected), done.stderr


def message(flags: int, scope: int, family: int = socket.AF_INET6, index: int = 2) -> bytes:
    size = 16 if family == socket.AF_INET6 else 4
    return struct.pack("=BBBBIHH", family, 64, flags, scope, index, 4 + size, 1) + bytes(size)


@pytest.mark.parametrize(
    ("body", "lasting"),
    [
        (message(0x80, 0), [True]),
        (message(0x01, 0), [False]),  # temporary, for privacy
        (message(0x01, 0, socket.AF_INET), [True]),  # the same bit: a second address
        (message(0x80, 253), [False]),  # of the link only
        (message(0x80, 0, index=9), []),  # its interface has gone
        (message(0x80, 0)[:10], []),
    ],
)
def test_each_kind_of_address_is_judged(body: bytes, lasting: list[bool]) -> None:
    found = list(netlink.address(body, {2: "eth0"}))
    assert [address.lasting for address in found] == lasting


def test_a_message_cut_short_is_no_loop() -> None:
    assert list(netlink.parts(b"")) == []
    assert list(netlink.parts(bytes(16))) == []
    assert list(netlink.parts(struct.pack("=IHHII", 20, 3, 0, 0, 0) + b"abcd")) == [(3, b"abcd")]


def test_the_domains_of_a_resolv_conf_are_told_in_small_letters() -> None:
    text = "# made by hand\nnameserver 192.0.2.1\nsearch Office.example. lan.example\ndomain x\n"

    assert network.search_domains(text) == ("office.example", "lan.example", "x")


def test_only_gateways_that_answer_have_a_hardware_address() -> None:
    arp = (
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "192.0.2.1        0x1         0x2         02:00:00:00:AB:01     *        eth0\n"
        "192.0.2.254      0x1         0x0         00:00:00:00:00:00     *        eth0\n"
        "192.0.2.9        0x1         0x2         02:00:00:00:00:09     *        eth0\n\n"
    )

    found = network.hardware_addresses(arp, {"192.0.2.1", "192.0.2.254"})

    assert found == ("02:00:00:00:ab:01",)


def test_this_computers_own_domains_and_gateways_can_be_read() -> None:
    assert all(isinstance(name, str) for name in network.domains())
    assert all(len(mac) == 17 for mac in network.gateway_macs(network.read()))
