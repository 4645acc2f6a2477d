"""How fast the fans turn."""

from collections.abc import Iterator

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host import hwmon
from agent.targets import missing

_turned: set[str] = set()


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the speed of each fan that ever turned; a socket without a fan stands still."""
    there = set()
    for sensor in hwmon.sensors():
        if sensor.kind != "fan" or sensor.target in there:
            continue
        there.add(sensor.target)
        if sensor.value:
            _turned.add(sensor.target)
        known = sensor.target in _turned or sensor.target in targets.include
        if known and targets.wants(sensor.target):
            yield Measured(sensor.target, {"turns_per_minute": sensor.value})
    for name in missing(targets, there):
        yield Unreadable(name, "this fan tells nothing that can be true")


CHECK = Check(
    name="fan",
    meaning="how fast the fans turn",
    metrics=(Metric("turns_per_minute", Unit.COUNT, "turns in a minute; 0: it stands still"),),
    probe=probe,
    platforms=("linux",),
)
