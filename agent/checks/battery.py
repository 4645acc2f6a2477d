"""Batteries: how full, how worn, and whether the computer runs on them."""

from collections.abc import Iterator

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host import batteries
from agent.host.batteries import SOURCES, Battery
from agent.targets import missing


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield each battery of the computer."""
    there = set()
    for battery in batteries.read():
        told = values(battery)
        if told:
            there.add(battery.name)
            if targets.wants(battery.name):
                yield Measured(battery.name, told)
    for name in missing(targets, there):
        yield Unreadable(name, "there is no such battery, or it tells nothing that can be true")


def values(battery: Battery) -> dict[str, float | int | str]:
    """Return what is told of a battery."""
    told = {
        "charge_percent": battery.charge_percent,
        "full_of_design_percent": battery.full_of_design_percent,
        "cycles": battery.cycles,
        "source": battery.source,
    }
    return {name: value for name, value in told.items() if value is not None}


CHECK = Check(
    name="battery",
    meaning="the batteries of a laptop",
    metrics=(
        Metric("charge_percent", Unit.SHARE, "how full it is"),
        Metric("full_of_design_percent", Unit.SHARE, "what it holds when full, of its design"),
        Metric("cycles", Unit.COUNT, "how often it was charged in full"),
        Metric("source", Unit.WORD, "what the computer runs on", words=SOURCES),
    ),
    probe=probe,
    platforms=("linux", "darwin", "win32"),
    deadline_s=25.0,
)
