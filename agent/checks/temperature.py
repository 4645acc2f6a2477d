"""How hot the computer's parts are; drives have a check of their own."""

from collections.abc import Iterator

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, Unreadable
from agent.host import hwmon
from agent.targets import missing


def probe(targets: TargetFilter) -> Iterator[Measured | Unreadable]:
    """Yield the temperature of each sensor that tells what can be true."""
    there = set()
    for sensor in hwmon.sensors():
        if sensor.kind != "temp" or sensor.is_drive or sensor.target in there:
            continue
        there.add(sensor.target)
        if targets.wants(sensor.target):
            values: dict[str, float | int | str] = {"temperature": sensor.value}
            if sensor.limit is not None:
                values["headroom"] = max(0.0, sensor.limit - sensor.value)
            yield Measured(sensor.target, values)
    for name in missing(targets, there):
        yield Unreadable(name, "this sensor tells nothing that can be true")


CHECK = Check(
    name="temperature",
    meaning="how hot processors and mainboard are",
    metrics=(
        Metric("temperature", Unit.CELSIUS, "what the sensor tells"),
        Metric("headroom", Unit.CELSIUS, "how much is left until the chip calls it critical"),
    ),
    probe=probe,
    platforms=("linux",),
)
