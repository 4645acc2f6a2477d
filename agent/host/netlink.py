"""Linux: the addresses of the network interfaces, asked of the kernel (rtnetlink)."""

import socket
import struct
import sys
from collections.abc import Iterator
from typing import NamedTuple

_ASK = struct.Struct("=IHHIIBBBBI")  # nlmsghdr, ifaddrmsg
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ADDRESS = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, interface index
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_GET_ADDRESSES, _NEW_ADDRESS, _DONE, _ERROR = 22, 20, 3, 2
_REQUEST_ALL = 0x301
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_TEMPORARY = 0x01
_SCOPE_LINK = 253
_TIMEOUT_S = 2.0


class Address(NamedTuple):
    """One address of an interface; ``lasting``: reachable from elsewhere, and not for privacy.

    IPv6 makes temporary addresses, a new one every day: they say nothing about the computer.
    """

    interface: str
    text: str
    lasting: bool


def addresses() -> list[Address]:
    """Return all addresses of this computer; raises OSError."""
    if sys.platform != "linux":
        return []
    ask = _ASK.pack(_ASK.size, _GET_ADDRESSES, _REQUEST_ALL, 1, 0, socket.AF_UNSPEC, 0, 0, 0, 0)
    names = dict(socket.if_nameindex())
    found: list[Address] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(_TIMEOUT_S)
        kernel.send(ask)
        done = False
        while not done:
            for kind, body in parts(kernel.recv(65_536)):
                done = done or kind in {_DONE, _ERROR}
                if kind == _NEW_ADDRESS:
                    found += address(body, names)
    return found


def parts(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and body of each part of a netlink message."""
    at = 0
    while at + _HEADER.size <= len(message):
        length, kind, _, _, _ = _HEADER.unpack_from(message, at)
        if length < _HEADER.size:
            return
        yield kind, message[at + _HEADER.size : at + length]
        at += (length + 3) & ~3


def address(body: bytes, names: dict[int, str]) -> Iterator[Address]:
    """Yield the address that one part tells; nothing when its interface has gone."""
    family, _, flags, scope, index = _ADDRESS.unpack_from(body)
    told = {}
    at = _ADDRESS.size
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            return
        told[kind] = body[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
    number = told.get(_IFA_LOCAL) or told.get(_IFA_ADDRESS)
    if number and index in names:
        temporary = family == socket.AF_INET6 and flags & _TEMPORARY
        lasting = scope < _SCOPE_LINK and not temporary
        yield Address(names[index], socket.inet_ntop(family, number), lasting)
