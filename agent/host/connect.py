"""Opening network connections, many at once and in bounded time."""

import errno
import re
import selectors
import socket
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agent.errors import CheckError
from agent.host import abandonable

CONNECT_S = 3.0
RESOLVE_S = 3.0

_TARGET = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.%\w]+)\]|(?P<host>[^\s:\[\]/]+)):(?P<port>\d{1,5})")
_HIGHEST_PORT = 65_535
_KEEP_ADDRESSES_S = 300.0
_KEEP_USELESS_S = 30.0  # a service that does not answer may have moved
_TRIES = 2  # a name's first two addresses: usually its IPv6 and its IPv4 one
_REFUSED = {errno.ECONNREFUSED, errno.ECONNRESET}
_OUR_SHORTAGE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN}

_known_addresses: dict[str, tuple[float, list[str]]] = {}
"""What each name was found to mean, and until when that is believed."""


class Place(NamedTuple):
    """Where a service listens."""

    host: str
    port: int


def place_of(target: str) -> Place | None:
    """Return what ``HOST:PORT`` or ``[IPV6]:PORT`` names; None when it is something else."""
    found = _TARGET.fullmatch(target)
    if not found or not 0 < int(found["port"]) <= _HIGHEST_PORT:
        return None
    return Place(found["six"] or found["host"], int(found["port"]))


class Attempt(NamedTuple):
    """How it went: open, refused, timeout or unreachable, and after how many seconds."""

    state: str
    taken_s: float


Outcome = Attempt | CheckError


def attempt(places: Iterable[Place]) -> Mapping[Place, Outcome]:
    """Connect to all places at once and hang up; a name's first two addresses are tried in turn.

    Takes at most twice ``RESOLVE_S`` and twice ``CONNECT_S``. A name that has no address is
    unreachable.
    """
    addresses = _look_up(set(places))
    outcomes: dict[Place, Outcome] = {
        place: found if isinstance(found, CheckError) else Attempt("unreachable", 0.0)
        for place, found in addresses.items()
    }
    for turn in range(_TRIES):
        outcomes |= _connect(
            {
                place: found[turn]
                for place, found in addresses.items()
                if not isinstance(found, CheckError) and len(found) > turn
                if not _is_open(outcomes[place])
            }
        )
    for place, outcome in outcomes.items():
        if place.host in _known_addresses and not _is_open(outcome):
            until_s, known = _known_addresses[place.host]
            _known_addresses[place.host] = min(until_s, time.monotonic() + _KEEP_USELESS_S), known
    return outcomes


def _is_open(outcome: Outcome) -> bool:
    return isinstance(outcome, Attempt) and outcome.state == "open"


def _look_up(places: Iterable[Place]) -> dict[Place, list[str] | CheckError]:
    """Return each place's addresses, asked for in a child: the resolver knows no deadline."""
    begun_s = time.monotonic()
    found: dict[Place, list[str] | CheckError] = {}
    names = set()
    for place in places:
        until_s, known = _known_addresses.get(place.host, (0.0, []))
        if _is_address(place.host):
            found[place] = [place.host]
        elif begun_s < until_s:
            found[place] = known
        else:
            found[place] = CheckError("its name could not be looked up in time")
            names.add(place.host)
    for name, answer in abandonable.ask("addresses", sorted(names), RESOLVE_S):
        addresses = [] if isinstance(answer, CheckError) else answer.split()
        _known_addresses[name] = begun_s + _KEEP_ADDRESSES_S, addresses
        found |= {place: addresses for place in found if place.host == name}
        if time.monotonic() - begun_s > RESOLVE_S:
            break
    return found


def _is_address(host: str) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host.partition("%")[0])
    except OSError:
        return False
    return True


def _connect(addresses: Mapping[Place, str]) -> dict[Place, Outcome]:
    """Connect to every place by the given address, at once."""
    outcomes: dict[Place, Outcome] = {}
    begun_s = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for place, address in addresses.items():
            try:
                connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            except OSError as error:
                outcomes[place] = _outcome(error.errno or 0, 0.0)
                continue
            connection.settimeout(0)
            code = connection.connect_ex((address, place.port))
            if code in _UNDER_WAY:
                selector.register(connection, selectors.EVENT_WRITE, (place, connection))
            else:
                outcomes[place] = _ended(connection, code, begun_s)
        while selector.get_map():
            ready = selector.select(max(0.0, begun_s + CONNECT_S - time.monotonic()))
            for key in [key for key, _ in ready] or list(selector.get_map().values()):
                place, connection = key.data
                selector.unregister(connection)
                code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                outcomes[place] = _ended(connection, code if ready else errno.ETIMEDOUT, begun_s)
    return outcomes


def _ended(connection: socket.socket, code: int, begun_s: float) -> Outcome:
    with connection:
        if not code and connection.getsockname() == connection.getpeername():
            code = errno.ECONNREFUSED  # a free port of our own range can connect to itself
    return _outcome(code, time.monotonic() - begun_s)


def _outcome(code: int, taken_s: float) -> Outcome:
    if code in _OUR_SHORTAGE:
        return CheckError(f"the agent cannot open a connection: {errno.errorcode[code]}")
    if code in _REFUSED:
        return Attempt("refused", taken_s)
    if code == errno.ETIMEDOUT:
        return Attempt("timeout", taken_s)
    return Attempt("unreachable" if code else "open", taken_s)
