"""Whether a network service takes connections, and how fast."""

from collections.abc import Iterator

from agent.check_api import Check, CheckError, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host.connect import Attempt, attempt, place_of

STATES = ("open", "refused", "timeout", "unreachable")


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
