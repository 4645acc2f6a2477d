"""What an X.509 certificate says of itself (RFC 5280): a small DER reader.

Nothing is verified: neither signatures nor chains. The ``cryptography`` package is no part of the
agent, and ``ssl`` tells nothing of a certificate that it does not trust.
"""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

_COMMON_NAME = bytes.fromhex("550403")
_ORGANISATION = bytes.fromhex("55040a")
_SUBJECT_ALTERNATIVES = bytes.fromhex("551d11")
_SEQUENCE, _EXPLICIT_VERSION, _UTC_TIME = 0x30, 0xA0, 0x17
_EXTENSIONS, _OCTETS, _DNS_NAME, _ADDRESS = 0xA3, 0x04, 0x82, 0x87
_AFFIXED = 6  # serial number, algorithm, issuer, validity, subject, key


class Certificate(NamedTuple):
    """One certificate. ``subject`` and ``issuer`` are common names, or organisations.

    ``hosts`` are the names and addresses it is for, in small letters; without any of them
    browsers take it for no host at all.
    """

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    hosts: tuple[str, ...]

    def is_for(self, host: str) -> bool:
        """Tell whether it is for this name or address; ``*`` stands for one first label."""
        asked = _canonical(host)
        wild = f"*.{asked.partition('.')[2]}"
        return asked in self.hosts or ("." in asked and wild in self.hosts)


def parse(der: bytes) -> Certificate:
    """Read a certificate; raises ValueError or IndexError when it is none."""
    fields = list(_members(_only(_only(der))))
    if fields[0][0] == _EXPLICIT_VERSION:
        del fields[0]
    (_, issuer), (_, validity), (_, subject) = fields[2:5]
    begin, end = (_moment(tag, value) for tag, value in _members(validity))
    return Certificate(_name(subject), _name(issuer), begin, end, tuple(_hosts(fields[_AFFIXED:])))


def _name(content: bytes) -> str:
    names = dict(_attributes(content))
    name = names.get(_COMMON_NAME) or names.get(_ORGANISATION) or b""
    return name.decode(errors="replace")


def _attributes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    for _, relative in _members(content):
        for _, attribute in _members(relative):
            (_, kind), (_, value) = _members(attribute)
            yield kind, value


def _hosts(fields: list[tuple[int, bytes]]) -> Iterator[str]:
    listed = next((content for tag, content in fields if tag == _EXTENSIONS), None)
    for _, extension in _members(_only(listed)) if listed else ():
        (_, kind), *_, (tag, value) = _members(extension)
        if kind == _SUBJECT_ALTERNATIVES and tag == _OCTETS:
            for form, name in _members(_only(value)):
                if form == _DNS_NAME:
                    yield name.decode("ascii", "replace").lower().rstrip(".")
                elif form == _ADDRESS and len(name) in (4, 16):
                    family = socket.AF_INET if len(name) == 4 else socket.AF_INET6  # noqa: PLR2004
                    yield socket.inet_ntop(family, name)


def _canonical(host: str) -> str:
    """Return a name in small letters, as it is on the wire; an address in its one form."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, host.partition("%")[0]))
    except OSError:
        pass
    try:
        return (host if host.isascii() else host.encode("idna").decode()).lower().rstrip(".")
    except UnicodeError:
        return host


def _members(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element in ``content``."""
    at = 0
    while at < len(content):
        tag, length = content[at], content[at + 1]
        at += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(content[at : at + count], "big")
            at += count
        if at + length > len(content):
            raise ValueError("an element goes beyond its container")
        yield tag, content[at : at + length]
        at += length


def _only(content: bytes) -> bytes:
    tag, value = next(_members(content), (0, b""))
    if tag != _SEQUENCE:
        raise ValueError("not a sequence")
    return value


def _moment(tag: int, value: bytes) -> datetime:
    text = value.decode("ascii")
    # Two digits of a year below 50 are of this century (RFC 5280, 4.1.2.5.1).
    century = "" if tag != _UTC_TIME else "20" if text[:2] < "50" else "19"
    digits = (century + text).removesuffix("Z")
    if len(digits) != len("YYYYMMDDhhmmss") or not digits.isascii() or not digits.isdigit():
        raise ValueError("not a moment")
    return datetime(int(digits[:4]), *(int(digits[n : n + 2]) for n in range(4, 14, 2)), tzinfo=UTC)  # type: ignore[arg-type,misc] # five numbers
