"""Uninterruptible power supplies: mains or battery, how full, how long."""

from collections.abc import Iterator

from agent.check_api import Check, CheckError, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host import ups
from agent.host.ups import SOURCES, Supply
from agent.targets import missing

BATTERIES = ("fine", "worn")


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield each supply that a service of this computer talks to."""
    there = set()
    for name, supply in ups.read():
        there.add(name)
        if not targets.wants(name):
            continue
        if isinstance(supply, CheckError):
            yield Unreadable(name, supply.reason)
        else:
            yield Measured(name, values(supply))
    for name in missing(targets, there):
        yield Unreadable(name, "no service of this computer talks to such a supply")


def values(supply: Supply) -> dict[str, float | int | str]:
    """Return what is told of a supply."""
    told = {
        "source": supply.source,
        "charge_percent": supply.charge_percent,
        "runtime_s": supply.runtime_s,
        "load_percent": supply.load_percent,
        "battery": None if supply.worn is None else BATTERIES[supply.worn],
    }
    return {name: value for name, value in told.items() if value is not None}


CHECK = Check(
    name="ups",
    meaning="uninterruptible power supplies",
    metrics=(
        Metric("source", Unit.WORD, "what feeds the computers behind it", words=SOURCES),
        Metric("charge_percent", Unit.SHARE, "how full its battery is"),
        Metric("runtime_s", Unit.SECONDS, "how long its battery would last"),
        Metric("load_percent", Unit.SHARE, "how much of its power is taken"),
        Metric("battery", Unit.WORD, "whether it asks for a new battery", words=BATTERIES),
    ),
    probe=probe,
    aside=True,
    platforms=("linux", "darwin"),
    deadline_s=60.0,
)
