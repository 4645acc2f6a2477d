"""Whether a network service takes connections, and how fast."""

import re
from collections.abc import Iterator

from agent.check_api import Check, CheckError, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host.connect import Attempt, Place, attempt

STATES = ("open", "refused", "timeout", "unreachable")

_TARGET = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.%\w]+)\]|(?P<host>[^\s:\[\]/]+)):(?P<port>\d{1,5})")
_HIGHEST_PORT = 65_535


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield, for each ``HOST:PORT`` the rule names, whether a connection could be opened."""
    places = {}
    for target in filter(targets.named, targets.include):
        place = place_of(target)
        if place:
            places[target] = place
        else:
            yield Unreadable(target, "this is not HOST:PORT (an IPv6 address goes in brackets)")
    outcomes = attempt(places.values())
    for target, place in places.items():
        outcome = outcomes[place]
        if isinstance(outcome, CheckError):
            yield Unreadable(target, outcome.reason)
        else:
            yield Measured(target, _values(outcome))


def place_of(target: str) -> Place | None:
    """Return what ``HOST:PORT`` or ``[IPV6]:PORT`` names; None when it is something else."""
    found = _TARGET.fullmatch(target)
    if not found or not 0 < int(found["port"]) <= _HIGHEST_PORT:
        return None
    return Place(found["six"] or found["host"], int(found["port"]))


def _values(outcome: Attempt) -> dict[str, float | int | str]:
    if outcome.state != "open":
        return {"state": outcome.state}
    return {"state": "open", "connect_s": outcome.taken_s}


CHECK = Check(
    name="tcp",
    meaning="network services that must take connections",
    metrics=(
        Metric("state", Unit.WORD, "how an attempt to connect ended", words=STATES),
        Metric("connect_s", Unit.SECONDS, "time until the connection was open"),
    ),
    probe=probe,
    needs_targets=True,
    deadline_s=15.0,
)
