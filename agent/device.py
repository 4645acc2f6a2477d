"""What this computer's administrator says of it, in its own file (``device_file`` reads it)."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

LONGEST_NAME = 100


class Command(NamedTuple):
    """A program that rules may run by its name: never more than is written here."""

    name: str
    run: tuple[str, ...]
    timeout_s: float


class Network(NamedTuple):
    """The addresses from ``low`` to ``high`` as numbers of ``bits`` (32 or 128)."""

    low: int
    high: int
    bits: int


class Place(NamedTuple):
    """Where this computer may be: by its gateway's address, its own, or its domain.

    Every list that is given must be met by one of its items.
    """

    name: str
    gateway_macs: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    domains: tuple[str, ...] = ()

    def is_here(
        self, gateway_macs: Collection[str], addresses: Iterable[str], domains: Collection[str]
    ) -> bool:
        """Tell whether a computer with these is at the place; MACs as ``aa:bb:cc:dd:ee:ff``."""
        numbers = [number for number in map(_number, addresses) if number]
        return (
            (not self.gateway_macs or not set(self.gateway_macs).isdisjoint(gateway_macs))
            and (not self.domains or not set(self.domains).isdisjoint(domains))
            and (not self.networks or any(_within(n, self.networks) for n in numbers))
        )


class Backup(NamedTuple):
    """Where a backup leaves its files, how often, and on which days (0 is Monday)."""

    name: str
    folder: str
    pattern: str
    every_s: float
    days: tuple[int, ...]


class Job(NamedTuple):
    """A job that must report: how often, and how long one run may take."""

    name: str
    every_s: float
    within_s: float


class Healing(NamedTuple):
    """What rules may heal here.

    ``mode`` (act, dry-run, never) is for all of them; ``rules`` names those whose offered healing
    is switched on.
    """

    mode: str = "act"
    rules: tuple[str, ...] = ()


class Device(NamedTuple):
    """All that the file says; nothing without a file. ``path`` is where it is, or would be."""

    commands: Mapping[str, Command] = {}
    has: tuple[str, ...] = ()
    places: Mapping[str, Place] = {}
    backups: Mapping[str, Backup] = {}
    jobs: Mapping[str, Job] = {}
    healing: Healing = Healing()
    path: Path | None = None

    @property
    def source(self) -> str:
        """The file's name for messages."""
        return str(self.path) if self.path else "device.yaml"


def is_name(text: str) -> bool:
    """Tell whether a text can name a command, a place, a backup or a job."""
    allowed = text.replace("-", "").replace("_", "").replace(".", "")
    return (
        0 < len(text) <= LONGEST_NAME
        and text[0] not in "-_."
        and allowed.isascii()
        and allowed.isalnum()
    )


class _Here:
    """The process checks one computer, so there is one."""

    device = Device()


def here() -> Device:
    """Return what is known of this computer."""
    return _Here.device


def settle(device: Device) -> None:
    """Take what the file says now."""
    _Here.device = device


def _number(address: str) -> tuple[int, int] | None:
    """Return an address as a number, and its bits; None for what is none."""
    import socket  # noqa: PLC0415 - only devices that know places need it

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        packed = socket.inet_pton(family, address.partition("%")[0])
    except OSError:
        return None
    return int.from_bytes(packed, "big"), len(packed) * 8


def _within(number: tuple[int, int], networks: Iterable[Network]) -> bool:
    value, bits = number
    return any(n.bits == bits and n.low <= value <= n.high for n in networks)
